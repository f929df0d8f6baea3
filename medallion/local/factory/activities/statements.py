"""`Script` and `SqlServerStoredProcedure` on the source database."""

from typing import Any

from medallion.local.factory.connectors import azure_sql
from medallion.local.factory.environment import Environment
from medallion.local.factory.errors import ActivityError, not_supported
from medallion.local.factory.scope import Scope, resolve


def _check_service(environment: Environment, activity: dict[str, Any]) -> None:
    name = activity.get("linkedServiceName", {}).get("referenceName", "")
    kind = environment.files.linked_service(name)["type"]
    if kind != "AzureSqlDatabase":
        raise not_supported("Linked service type", kind, f"activity '{activity['name']}'")


def script(environment: Environment, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Run scripts in order; queries give result sets.

    Source: https://learn.microsoft.com/azure/data-factory/transform-data-using-script
    """
    _check_service(environment, activity)
    properties = resolve(activity["typeProperties"], scope)
    sets = []
    for one in properties["scripts"]:
        if one.get("parameters"):
            raise not_supported("Property", "parameters", f"activity '{activity['name']}'")
        if one["type"] == "Query":
            with azure_sql.query(environment, one["text"]) as reader:
                rows = [row for batch in reader for row in azure_sql.json_rows(batch)]
            sets.append({"rowCount": len(rows), "rows": rows})
        else:
            azure_sql.execute(environment, one["text"])
    return {"resultSetCount": len(sets), "resultSets": sets, "recordsAffected": 0}


def stored_procedure(
    environment: Environment, activity: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """Call a procedure by `EXEC name @parameter = value, …`."""
    _check_service(environment, activity)
    properties = resolve(activity["typeProperties"], scope)
    arguments = [
        f"@{name} = {_literal(name, one.get('value'))}"
        for name, one in properties.get("storedProcedureParameters", {}).items()
    ]
    azure_sql.execute(
        environment, f"EXEC {properties['storedProcedureName']} {', '.join(arguments)}".strip()
    )
    return {}


def _literal(name: str, value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return "N'" + value.replace("'", "''") + "'"
    raise ActivityError(f"The procedure's parameter '{name}' must be a text, number or Boolean.")
