"""The environment by which programs find the warehouse: `medallion up --env`."""

import shlex

from medallion.home import Home
from medallion_local.certificates import trusting
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from medallion_local.databricks_sql.lifecycle.state import HTTP_PATH, State

# The container of external tables; the account of a local home has any name.
_LOCATION = "abfss://external@account.dfs.core.windows.net/tables"
_HTTPS = 443


def exports(home: Home, state: State) -> str:
    """One `export NAME=value` a line, as shells and .env files read it."""
    named = variables(home, state).items()
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in named)


def variables(home: Home, state: State) -> dict[str, str]:
    """The variables by name.

    The names are those of Databricks' tools, of dbt-databricks' test.env.example, and of the
    libraries that read a bundle of certificate authorities.
    """
    host = "127.0.0.1" if state.port == _HTTPS else state.host
    bundle = str(trusting(files_of(home), None) or files_of(home).bundle)
    return {
        "DATABRICKS_HOST": f"https://{host}",
        "DATABRICKS_SERVER_HOSTNAME": host,
        "DATABRICKS_HTTP_PATH": HTTP_PATH,
        "DATABRICKS_WAREHOUSE_ID": HTTP_PATH.rpartition("/")[2],
        "DATABRICKS_TOKEN": state.token,
        "DATABRICKS_CATALOG": state.catalog,
        "DBT_DATABRICKS_HOST_NAME": host,
        "DBT_DATABRICKS_TOKEN": state.token,
        "DBT_DATABRICKS_HTTP_PATH": HTTP_PATH,
        "DBT_DATABRICKS_UC_CLUSTER_HTTP_PATH": HTTP_PATH,
        "DBT_DATABRICKS_UC_ENDPOINT_HTTP_PATH": HTTP_PATH,
        "DBT_DATABRICKS_UC_INITIAL_CATALOG": state.catalog,
        "DBT_DATABRICKS_LOCATION_ROOT": _LOCATION,
        **{f"DBT_TEST_USER_{n}": f"user{n}@example.com" for n in (1, 2, 3)},
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "NODE_EXTRA_CA_CERTS": str(files_of(home).authority),
    }
