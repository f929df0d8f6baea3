"""Execution activities: those that move, read or change data."""

from collections.abc import Callable
from typing import Any

from medallion.adf.language.scope import Scope
from medallion_local.data_factory.activities.copy import copy_data
from medallion_local.data_factory.activities.databricks import databricks_job
from medallion_local.data_factory.activities.files import delete, get_metadata
from medallion_local.data_factory.activities.lookup import lookup
from medallion_local.data_factory.activities.statements import script, stored_procedure
from medallion_local.data_factory.activities.web import web_activity
from medallion_local.data_factory.environment import Environment

Executor = Callable[[Environment, dict[str, Any], Scope], dict[str, Any]]

ACTIVITIES: dict[str, Executor] = {
    "Copy": copy_data,
    "DatabricksJob": databricks_job,
    "Delete": delete,
    "GetMetadata": get_metadata,
    "Lookup": lookup,
    "Script": script,
    "SqlServerStoredProcedure": stored_procedure,
    "WebActivity": web_activity,
}
