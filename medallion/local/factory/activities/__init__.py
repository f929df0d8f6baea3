"""Execution activities: those that move, read or change data."""

from collections.abc import Callable
from typing import Any

from medallion.local.factory.activities.copy import copy_data
from medallion.local.factory.activities.databricks import databricks_job
from medallion.local.factory.activities.files import delete, get_metadata
from medallion.local.factory.activities.lookup import lookup
from medallion.local.factory.activities.statements import script, stored_procedure
from medallion.local.factory.activities.web import web_activity
from medallion.local.factory.environment import Environment
from medallion.local.factory.scope import Scope

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
