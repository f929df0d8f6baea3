"""Runs dbt's target `synapse_dedicated` against the emulated pool, with the sign-in of Azure."""

from collections.abc import Callable
from pathlib import Path

from medallion import dbt
from medallion.home import PROJECT_ROOT, Home
from medallion_local.synapse.database import folder
from medallion_local.synapse.dedicated.pool import Pool, create_pool
from medallion_local.synapse.dedicated.session import PoolSession
from medallion_local.synapse.run import environment
from medallion_local.synapse.session import run_script

POOL = "medallion_pool"
SCRIPTS = PROJECT_ROOT / "sql" / "synapse" / "dedicated"
# The scripts for what the emulator supports; it has no options, users or workload groups.
RUN_HERE = ("02_schemas.sql", "03_roles.sql")
TARGET = ("--target", "synapse_dedicated", "--vars", "{dedicated_pool: true}")


def make_pool(home: Home) -> None:
    """Create a pool and its schemas by the operator's own script; an existing pool is kept."""
    if not (folder(home) / f"{POOL}.duckdb").is_file():
        create_pool(home, POOL)
    pool = Pool(home, POOL)
    try:
        for name in RUN_HERE:
            run_script(PoolSession(pool), (SCRIPTS / name).read_text(), {})
    finally:
        pool.close()


def export(home: Home, on_progress: Callable[[dbt.Progress], None] | None = None) -> None:
    """`dbt run-operation export_gold` on the local warehouse."""
    dbt.run("run-operation", "export_gold", log=_log(home), on_progress=on_progress)


def build(
    home: Home, *arguments: str, on_progress: Callable[[dbt.Progress], None] | None = None
) -> None:
    """Run `dbt build` of the pool's models, with an identity service for its sign-in."""
    from medallion_local.certificates import ensure, files_in, server_context
    from medallion_local.entra_id.directory import Directory
    from medallion_local.entra_id.server import serving

    tls = server_context(ensure(files_in(home.root / "synapse" / "tls")))
    with serving(Directory(), tls) as endpoints:
        dbt.run(
            *("build", *TARGET, *arguments),
            log=_log(home),
            on_progress=on_progress,
            environment=environment(home, endpoints.app_service)
            | {
                "SYNAPSE_DEDICATED_ENDPOINT": "localhost",
                "SYNAPSE_POOL": POOL,
                "DBT_TARGET_PATH": str(folder(home) / "pool_target"),
            },
        )


def _log(home: Home) -> Path:
    return folder(home) / "pool.log"
