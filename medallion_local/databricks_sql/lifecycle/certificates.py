"""The location of the warehouse's certificates, and the reason for having them.

dbt-databricks probes `https://HOST/.well-known/databricks-config` with requests, whatever the
scheme of the profile's host. Its console shows a warning unless the host answers over TLS with a
certificate that requests trusts. `dbt_medallion.py` passes the CA bundle to dbt's process.
"""

from medallion.home import Home
from medallion_local.certificates import Certificates, files_in


def files_of(home: Home) -> Certificates:
    """The location of a home's certificates."""
    return files_in(home.warehouse / "tls")
