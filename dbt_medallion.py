"""A dbt plugin (dbt imports every module named `dbt_*`): trust the local warehouse's certificate.

dbt-databricks and its SDK check certificates with requests, which takes further authorities from
REQUESTS_CA_BUNDLE alone. The bundle made here holds those that were trusted before as well, so
other targets are not affected.
Source: https://github.com/dbt-labs/dbt-core/blob/main/core/dbt/plugins/manager.py
"""

import logging
import os
import sys
import warnings
from pathlib import Path

import click
from dbt.plugins.manager import dbtPlugin
from medallion import clone, disk
from medallion.errors import MedallionError
from medallion.home import home
from medallion.local.certificates import trusting
from medallion.local.warehouse.certificates import files_of
from medallion.local.warehouse.profiles import names_local, require_own


class MedallionPlugin(dbtPlugin):
    """Adds no nodes; it only prepares the process."""

    def initialize(self) -> None:
        """Name the bundle, if there is a local warehouse; silence one warning.

        Raises when the project, or what its target names, belongs to another clone or home.
        """
        context = click.get_current_context(silent=True)
        invoked = (context.obj or {}) if context is not None else {}
        credentials = getattr(invoked.get("profile"), "credentials", None)
        settings = {"connection_parameters": getattr(credentials, "connection_parameters", None)}
        if names_local(settings):
            clone.require_own(Path(invoked["project"].project_root))
        try:
            here = home()
        except MedallionError:
            if names_local(settings):
                raise
            return  # no local warehouse can be there, and other targets need nothing of it
        require_own(settings, here)
        logging.Handler.handleError = _lost_line  # type: ignore[method-assign]
        before = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        bundle = trusting(files_of(here), before)
        if bundle is not None:
            os.environ["REQUESTS_CA_BUNDLE"] = str(bundle)
        # dbt-databricks 1.12.7 types columns that its catalog rows may lack: on any warehouse,
        # `dbt docs generate` would print agate's warning for each of them.
        warnings.filterwarnings(
            "ignore", r'".*" does not match the name of any column', RuntimeWarning
        )


def _lost_line(handler: logging.Handler, record: logging.LogRecord) -> None:
    """Say once that dbt's log cannot be written; logging would print a traceback per line."""
    error = sys.exc_info()[1]
    told = disk.sentence(error) if error is not None else None
    place = getattr(handler, "baseFilename", "the terminal")
    if place not in _lost:
        _lost.add(place)
        print(f"dbt cannot write its log {place}: {told or error}", file=sys.stderr)


_lost: set[str] = set()
plugins = [MedallionPlugin]
