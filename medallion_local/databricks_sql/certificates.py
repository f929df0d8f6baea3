"""Where the warehouse's certificates are, and why it has some.

dbt-databricks probes `https://HOST/.well-known/databricks-config` with requests, whatever the
scheme of the profile's host; only a host that answers over TLS, with a certificate that requests
trusts, keeps its console free of a warning. `dbt_medallion.py` names the bundle to dbt's process.
"""

from medallion.home import Home

from medallion_local.certificates import Certificates, files_in


def files_of(home: Home) -> Certificates:
    """Where a home's certificates are."""
    return files_in(home.warehouse / "tls")
