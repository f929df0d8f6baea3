"""A dbt plugin (dbt imports every module named `dbt_*`): trust the local warehouse's certificate.

dbt-databricks and its SDK check certificates with requests, which reads additional certificate
authorities only from REQUESTS_CA_BUNDLE. The bundle made here also contains the authorities that
were trusted before, so other targets are not affected. A local target needs no other authority.
There the process trusts only the local one: each connection reads all trusted authorities twice,
which took a quarter of dbt's CPU time.
Source: https://github.com/dbt-labs/dbt-core/blob/main/core/dbt/plugins/manager.py
"""

import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from dbt.plugins.manager import dbtPlugin
from dbt_common.events.event_manager_client import get_event_manager

from medallion import clone, disk
from medallion.errors import MedallionError
from medallion.home import STATE, Home, home, is_project
from medallion.profiles import names_local, require_own
from medallion_local.certificates import Certificates, trusting
from medallion_local.databricks_sql.lifecycle import dbt_client
from medallion_local.databricks_sql.lifecycle.certificates import files_of


class MedallionPlugin(dbtPlugin):
    """Adds no nodes; it only prepares the process."""

    def initialize(self) -> None:
        """Set the trusted authorities if there is a local warehouse; silence one warning.

        Raises when the project, or the warehouse of its target, belongs to another clone or home,
        and when that warehouse is down.
        """
        context = click.get_current_context(silent=True)
        invoked = (context.obj or {}) if context is not None else {}
        credentials = getattr(invoked.get("profile"), "credentials", None)
        parameters = getattr(credentials, "connection_parameters", None) or {}
        settings = {"connection_parameters": parameters}
        try:
            here = home()
        except MedallionError:
            if names_local(settings):
                raise
            return  # there is no local warehouse, and other targets need nothing from it
        if authority := names_local(settings):
            project = Path(invoked["project"].project_root)
            if is_project(project) or clone.is_clone(project):
                clone.require_own(project)
                require_own(settings, here)
            else:  # another project's profile names its warehouse
                own = here if os.environ.get("MEDALLION_HOME") else Home(project / STATE)
                if own.warehouse.is_dir():
                    require_own(settings, own)
                here = Home(Path(authority).parents[2])
            dbt_client.require_answer(parameters, context.info_name or "", here.root)
            dbt_client.without_discovery()
            dbt_client.without_python_models()
        _tell_of_the_disk(invoked.get("project"), here)
        _trust(files_of(here), alone=bool(names_local(settings)))
        # dbt-databricks 1.12.7 sets the types of columns that its catalog rows may lack: on any
        # warehouse `dbt docs generate` would print agate's warning for each of them.
        warnings.filterwarnings(
            "ignore", r'".*" does not match the name of any column', RuntimeWarning
        )


def _trust(local: Certificates, alone: bool) -> None:
    """Make requests and ssl trust the local authority; `alone`: no other one."""
    if alone:
        os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = str(local.authority)
        return
    before = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if before == str(local.authority):  # set above, for an earlier command of this process
        before = None
        os.environ.pop("SSL_CERT_FILE", None)
    bundle = trusting(local, before)
    if bundle is not None:
        os.environ["REQUESTS_CA_BUNDLE"] = str(bundle)


def _tell_of_the_disk(project: Any, here: Home) -> None:
    """Print one sentence for a disk error; dbt and logging would print tracebacks.

    `project` is dbt's project, or None. A filter on dbt's own loggers drops the two events that dbt
    sends for an error that ended the command.
    """
    places = [here.root]
    if project is not None:
        root = Path(project.project_root)
        places += [root / project.target_path, root / project.log_path]
    said: set[str] = set()

    def say(about: str, error: BaseException) -> None:
        if about not in said:
            said.add(about)
            print(f"{about}: {disk.sentence(error, places) or error}", file=sys.stderr)

    def lost_line(handler: logging.Handler, record: logging.LogRecord) -> None:
        place = getattr(handler, "baseFilename", "the terminal")
        error = sys.exc_info()[1]
        if error is not None:
            say(f"dbt cannot write its log {place}", error)

    def unless_of_the_disk(wanted: Callable[[Any], bool]) -> Callable[[Any], bool]:
        def wanted_too(event: Any) -> bool:
            if event.info.name in ("MainEncounteredError", "MainStackTrace"):
                error = sys.exc_info()[1]
                if error is not None and disk.sentence(error, places):
                    say("dbt stopped", error)
                    return False
            return wanted(event)

        return wanted_too

    logging.Handler.handleError = lost_line  # type: ignore[method-assign]
    for logger in get_event_manager().loggers:
        logger.filter = unless_of_the_disk(logger.filter)


plugins = [MedallionPlugin]
