"""The rows that violate the rules now, read from the lakehouse's tables."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medallion.entities import MEMBERS, read_entities
from medallion.expectations import Rule
from medallion.lakehouse import rows

if TYPE_CHECKING:
    from databricks.sql.client import Connection

Row = dict[str, Any]
Counts = Mapping[tuple[str, str], int]


def kept_out() -> str:
    """A query for the rows of every quarantine."""
    tables = dict.fromkeys([MEMBERS, *(one.quarantine for one in read_entities())])
    return " union all ".join(
        "select bronze_model, landed_row, _run_id, _file, _first_seen_at, _quarantine_reasons"
        f" from quarantine.{table}"
        for table in tables
    )


def counts_of(connection: "Connection", rules: Sequence[Rule]) -> Counts:
    """Number of rows that violate each rule now, either in quarantine or kept."""
    counts = {(one.model, one.name): 0 for one in rules}
    counted_rows = rows(
        connection,
        "select bronze_model, reason, count(*) as n from (select bronze_model,"
        f" explode(split(_quarantine_reasons, ', ')) as reason from ({kept_out()}) as kept_out)"
        " as reasons group by bronze_model, reason",
    )
    for row in counted_rows:
        if (row["bronze_model"], row["reason"]) in counts:
            counts[row["bronze_model"], row["reason"]] = row["n"]
    kept = [one for one in rules if one.action != "quarantine"]
    for relation in {one.relation for one in kept}:
        own = [one for one in kept if one.relation == relation]
        counted = ", ".join(f"count_if(not {one.condition}) as {one.name}" for one in own)
        (counted_row,) = rows(connection, f"select {counted} from {relation}")
        counts |= {(one.model, one.name): counted_row[one.name] for one in own}
    return counts


def broken_rows(connection: "Connection", rule: Rule, limit: int) -> list[Row]:
    """Rows that violate a rule now, with their source."""
    if rule.action != "quarantine":
        query = f"select * from {rule.relation} where not {rule.condition} limit {limit}"
        return rows(connection, query)
    found = rows(
        connection,
        f"select * from ({kept_out()}) as kept_out where bronze_model = '{rule.model}' and"
        f" array_contains(split(_quarantine_reasons, ', '), '{rule.name}')"
        f" order by _first_seen_at, _file, landed_row limit {limit}",
    )
    return [
        json.loads(row["landed_row"])
        | {
            "broken rules": row["_quarantine_reasons"],
            "run": row["_run_id"],
            "file": row["_file"],
            "first seen": row["_first_seen_at"],
        }
        for row in found
    ]
