"""Runs dbt's target `synapse` against the emulator, with the sign-in of Azure."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from medallion import dbt
from medallion.home import PROJECT_ROOT, Home
from medallion_local.entra_id.directory import MANAGED
from medallion_local.synapse.database import Database, create
from medallion_local.synapse.session import Session, run_script

DATABASE = "medallion"
ODBC = Path(__file__).parent / "odbc"
SCRIPTS = PROJECT_ROOT / "sql" / "synapse" / "serverless"
# The scripts before and after dbt creates its views. The emulator has no statistics or cost limits,
# and the row filter is an example. A new project has no script for personal data.
BEFORE = ("01_database", "02_credential", "03_data_sources", "04_schema", "05_roles", "06_logins")
AFTER = ("07_personal_data",)
VARIABLES = {
    "Database": DATABASE,
    "StorageAccount": "medallionlocal",
    "ReadersGroup": "report readers",
    "BuilderIdentity": MANAGED,
}


def make_database(home: Home) -> None:
    """Create a database without views by the operator's own scripts."""
    create(home, DATABASE)
    run_scripts(home, BEFORE)


def run_scripts(home: Home, names: Iterable[str]) -> None:
    """Run scripts of sql/synapse/serverless/ in the database."""
    database = Database(home, DATABASE)
    try:
        for name in names:
            run_script(Session(database), (SCRIPTS / f"{name}.sql").read_text(), VARIABLES)
    finally:
        database.close()


def environment(home: Home, identity: dict[str, str]) -> dict[str, str]:
    """The environment of the dbt process: the replaced driver, the address and the sign-in.

    It has a separate target folder: otherwise dbt parses again each time the target changes.
    """
    path = os.pathsep.join(filter(None, (str(ODBC), os.environ.get("PYTHONPATH", ""))))
    return {
        "PYTHONPATH": path,
        "SYNAPSE_SERVERLESS_ENDPOINT": "localhost",
        "SYNAPSE_DATABASE": DATABASE,
        "SYNAPSE_AUTHENTICATION": "auto",
        "DBT_TARGET_PATH": str(home.root / "synapse" / "target"),
        **identity,
    }


def build(home: Home, on_progress: Callable[[dbt.Progress], None] | None = None) -> None:
    """Run `dbt build --target synapse` with the sign-in of Azure, then the scripts after it."""
    from medallion_local.certificates import ensure, files_in, server_context
    from medallion_local.entra_id.directory import Directory
    from medallion_local.entra_id.server import serving

    tls = server_context(ensure(files_in(home.root / "synapse" / "tls")))
    with serving(Directory(), tls) as endpoints:
        dbt.run(
            *("build", "--target", "synapse"),
            log=home.root / "synapse" / "dbt.log",
            on_progress=on_progress,
            environment=environment(home, endpoints.app_service),
        )
    run_scripts(home, (name for name in AFTER if (SCRIPTS / f"{name}.sql").exists()))
