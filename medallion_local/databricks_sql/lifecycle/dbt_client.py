"""Prepare dbt's process for a target that is a local warehouse.

dbt-databricks asks its host for `/.well-known/databricks-config`, by the SDK and by a probe of its
own. The SDK repeats that for five minutes if the host does not answer or its certificate is not
trusted. So the profile's host has the scheme `local://`, with which neither of them connects;
statements go to `_connection_uri`, whose certificate authority is in the profile.
"""

import logging
import socket
from collections.abc import Mapping
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from medallion.errors import MedallionError
from medallion.home import STATE

SCHEME = "local://"
# The commands that need no connection, or that report its failure themselves.
_OFFLINE = {"parse", "list", "ls", "deps", "clean", "init", "serve", "debug"}
_SECONDS = 5


def require_answer(parameters: Mapping[str, Any], command: str, home: Path) -> None:
    """Raise `MedallionError` if the command needs the warehouse and nothing listens on its port."""
    place = urlsplit(parameters.get("_connection_uri") or "")
    if command in _OFFLINE or not place.port:
        return
    try:
        socket.create_connection((place.hostname, place.port), timeout=_SECONDS).close()
    except OSError:
        place_of_home = f"in {home.parent}" if home.name == STATE else f"with MEDALLION_HOME={home}"
        raise MedallionError(
            f"The local warehouse on {place.netloc} is down: run `medallion up` {place_of_home}."
        ) from None


def without_discovery() -> None:
    """Answer the probe of a local host, and drop the SDK's warning about it."""
    from dbt.adapters.databricks.spog import probe

    class Quiet(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            return SCHEME not in record.getMessage()

    known = probe.probe_host

    def probed(host: str) -> probe.HostMetadata:
        return probe.HostMetadata("workspace") if host.startswith(SCHEME) else known(host)

    probe.probe_host = probed  # type: ignore[assignment]
    logging.getLogger("databricks.sdk").addFilter(Quiet())


def without_python_models() -> None:
    """Refuse a Python model of a local host before dbt-databricks looks for a workspace there."""
    from dbt.adapters.databricks.impl import DatabricksAdapter
    from dbt_common.exceptions import DbtRuntimeError

    submit = DatabricksAdapter.submit_python_job

    @wraps(submit)
    def submitted(adapter: DatabricksAdapter, model: dict, code: str) -> Any:
        if str(adapter.config.credentials.host).startswith(SCHEME):
            raise DbtRuntimeError(
                "Python models do not run on the local warehouse: it has no clusters and no jobs."
            )
        return submit(adapter, model, code)

    DatabricksAdapter.submit_python_job = submitted  # type: ignore[method-assign]
