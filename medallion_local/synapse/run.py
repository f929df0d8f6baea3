"""Runs dbt's target `synapse` against the stand-in, signed in as in Azure."""

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
# Before dbt makes its views, and after. Of the rest, statistics and limits of cost there are none
# here, and the row filter is an example.
BEFORE = ("01_database", "02_credential", "03_data_sources", "04_schema", "05_roles", "06_logins")
AFTER = ("07_personal_data",)
VARIABLES = {
    "Database": DATABASE,
    "StorageAccount": "medallionlocal",
    "ReadersGroup": "report readers",
    "BuilderIdentity": MANAGED,
}


def make_database(home: Home) -> None:
    """A database without views, made by the operator's own scripts."""
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
    """What dbt's process needs beside ours: the driver's stand-in, the address, the sign-in.

    Its target folder is its own: dbt would else parse anew whenever the target changes.
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
    """`dbt build --target synapse`, signed in as in Azure; then the scripts that follow it."""
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
    run_scripts(home, AFTER)
