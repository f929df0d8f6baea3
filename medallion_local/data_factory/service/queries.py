"""Queries over runs: the time of the last change, filters, pages.

Source: https://learn.microsoft.com/rest/api/datafactory/pipeline-runs/query-by-factory
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

RUNS = {"PipelineName": "pipelineName", "Status": "status", "RunGroupId": "runGroupId"}
ACTIVITIES = {
    "ActivityName": "activityName",
    "ActivityType": "activityType",
    "Status": "status",
}
OPERATORS = ("Equals", "NotEquals", "In", "NotIn")
KNOWN = {"lastUpdatedAfter", "lastUpdatedBefore", "filters", "continuationToken"}


class QueryError(Exception):
    """A query that the service rejects, or that the emulator does not support, with the reason."""


def page(
    items: list[dict[str, Any]], query: dict[str, Any], fields: Mapping[str, str], size: int
) -> dict[str, Any]:
    """One page of a query's items, with the token of the next page if there is one.

    `fields` are the properties that filters may name, by their operands. Raises `QueryError`.
    """
    if unknown := sorted(set(query) - KNOWN):
        raise QueryError(f"'{unknown[0]}' is not supported by the emulator")
    after, before = _moment(query, "lastUpdatedAfter"), _moment(query, "lastUpdatedBefore")
    holds = [_condition(one, fields) for one in query.get("filters") or []]
    found = [
        one
        for one in items
        if after <= _changed(one) <= before and all(condition(one) for condition in holds)
    ]
    first = _first(query.get("continuationToken"))
    answer: dict[str, Any] = {"value": found[first : first + size]}
    if first + size < len(found):
        answer["continuationToken"] = f"from:{first + size}"
    return answer


def _condition(
    described: dict[str, Any], fields: Mapping[str, str]
) -> Callable[[dict[str, Any]], bool]:
    operand, operator = str(described.get("operand")), described.get("operator")
    if operand not in fields:
        raise QueryError(f"a filter by '{operand}' is not supported by the emulator")
    if operator not in OPERATORS:
        raise QueryError(f"the filter operator '{operator}' is unknown")
    name, values = fields[operand], described.get("values", [])
    return lambda one: (one[name] in values) == (operator in ("Equals", "In"))


def _moment(query: dict[str, Any], name: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(query[name])
    except (KeyError, TypeError, ValueError):
        raise QueryError(f"{name} is missing, or is not a valid time") from None


def _changed(one: dict[str, Any]) -> dt.datetime:
    changed = one.get("lastUpdated") or one.get("activityRunEnd") or one["activityRunStart"]
    return dt.datetime.fromisoformat(changed)


def _first(token: str | None) -> int:
    if token is None:
        return 0
    marker, _, first = token.partition(":")
    if marker != "from" or not first.isdigit():
        raise QueryError(f"the continuation token '{token}' is unknown")
    return int(first)
