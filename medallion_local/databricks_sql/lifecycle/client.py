"""A client of the running warehouse, for the commands of this package."""

from typing import TYPE_CHECKING

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from medallion_local.databricks_sql.lifecycle.state import HTTP_PATH, State

if TYPE_CHECKING:
    from databricks.sql.client import Connection


def connect(
    home: Home, state: State, catalog: str | None = None, **options: object
) -> "Connection":
    """A session in a catalog, by default the home's first.

    `options` are further ones of `databricks.sql.connect`, and replace those that are set here.
    """
    from databricks import sql

    settings: dict = {
        "server_hostname": state.host,
        "http_path": HTTP_PATH,
        "access_token": state.token,
        "catalog": catalog,
        "enable_telemetry": False,
        "_connection_uri": f"https://{state.host}{HTTP_PATH}",
        "_tls_trusted_ca_file": str(files_of(home).authority),
        "_retry_stop_after_attempts_count": 3,
    }
    return sql.connect(**settings | options)


def create_catalogs(home: Home, state: State, names: list[str]) -> None:
    """Create the catalogs that do not exist. Raises `MedallionError` for a name that is refused."""
    from databricks import sql

    from medallion.errors import MedallionError
    from medallion_local.databricks_sql.language.dialect import quoted

    # The first may not exist yet, and `system` always does.
    with connect(home, state, "system") as connection, connection.cursor() as cursor:
        for name in names:
            try:
                cursor.execute(f"CREATE CATALOG IF NOT EXISTS {quoted(name)}")
            except sql.exc.Error as error:
                raise MedallionError(str(error)) from None
