"""`Script` and `SqlServerStoredProcedure` on the source database."""

from itertools import pairwise
from typing import Any

from sqlglot.dialects import TSQL
from sqlglot.tokens import TokenType

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.values import to_text
from medallion.adf.places import Place
from medallion_local.data_factory.activities.properties import only
from medallion_local.data_factory.connectors import azure_sql
from medallion_local.data_factory.environment import Environment

SCRIPT = {"scripts", "scriptBlockExecutionTimeout", "returnMultistatementResult"}
PROCEDURE = {"storedProcedureName", "storedProcedureParameters"}
NUMBERS = ("int", "int16", "int32", "int64", "decimal", "double", "single")


def _service(environment: Environment, activity: dict[str, Any]) -> str:
    """The name of the activity's linked service, which must be a database."""
    name = activity.get("linkedServiceName", {}).get("referenceName", "")
    kind = environment.files.linked_service(name)["type"]
    if kind != "AzureSqlDatabase":
        raise not_supported("Linked service type", kind, f"activity '{activity['name']}'")
    return str(name)


def script(environment: Environment, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Run scripts in order; each statement of a `Query` returns its rows as a result set.

    Source: https://learn.microsoft.com/azure/data-factory/transform-data-using-script
    """
    service = _service(environment, activity)
    where = f"activity '{activity['name']}'"
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    only(properties, SCRIPT, where)
    sets: list[dict[str, Any]] = []
    affected = 0
    for one in properties["scripts"]:
        text = _with_parameters(one["text"], one.get("parameters", []), where)
        if one.get("type", "Query") == "Query":
            found = azure_sql.result_sets(environment, service, text)
            sets += [{"rowCount": len(rows), "rows": rows} for rows in found]
        else:
            affected += azure_sql.execute(environment, service, text)
    return {
        "resultSetCount": len(sets),
        "resultSets": sets,
        "recordsAffected": affected,
        "outputParameters": {},
        "outputTruncated": False,
    }


def _with_parameters(text: str, parameters: list[dict[str, Any]], where: str) -> str:
    """Replace each `@name` of the script's parameters by the value's literal."""
    literals = {}
    for one in parameters:
        if one.get("direction", "Input") != "Input":
            raise not_supported("Parameter direction", one["direction"], where)
        literals[one["name"].lower()] = _literal(one["name"], one)
    tokens = TSQL().tokenize(text)
    for mark, name in reversed(list(pairwise(tokens))):
        literal = literals.get(name.text.lower())
        if mark.token_type == TokenType.PARAMETER and mark.end + 1 == name.start and literal:
            text = text[: mark.start] + literal + text[name.end + 1 :]
    return text


def stored_procedure(
    environment: Environment, activity: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """Call a procedure by `EXEC name @parameter = value, …`.

    Source: https://learn.microsoft.com/azure/data-factory/transform-data-using-stored-procedure
    """
    service = _service(environment, activity)
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    only(properties, PROCEDURE, f"activity '{activity['name']}'")
    arguments = [
        f"@{name} = {_literal(name, one)}"
        for name, one in properties.get("storedProcedureParameters", {}).items()
    ]
    azure_sql.execute(
        environment,
        service,
        f"EXEC {properties['storedProcedureName']} {', '.join(arguments)}".strip(),
    )
    return {}


def _literal(name: str, given: dict[str, Any]) -> str:
    """A parameter's value as a T-SQL literal of its declared type, if it has one."""
    value, kind = given.get("value"), str(given.get("type", "")).lower()
    if value is None:
        return "NULL"
    if isinstance(value, (dict, list)):
        raise ActivityError(f"The parameter '{name}' must be a text, number or Boolean.")
    if isinstance(value, bool) or kind == "boolean":
        return "1" if to_text(value).lower() in ("true", "1") else "0"
    if kind in NUMBERS or (isinstance(value, (int, float)) and kind != "string"):
        return _number(name, kind, value)
    return "N'" + to_text(value).replace("'", "''") + "'"


def _number(name: str, kind: str, value: Any) -> str:
    try:
        float(value)
    except ValueError:
        raise ActivityError(
            f"The parameter '{name}' is of type {kind}, but its value is '{value}'."
        ) from None
    return to_text(value)
