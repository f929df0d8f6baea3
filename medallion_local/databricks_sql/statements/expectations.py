"""Expectations: the rules of a streaming table's rows, evaluated while the rows are written.

Source: https://docs.databricks.com/ldp/expectations.html. A row satisfies a rule if its condition
is true; NULL violates it. Each rule counts all rows of the batch, also those that other rules drop.
"""

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from medallion_local.databricks_sql.catalog import Expectation, Relation
from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError

_LONGEST_VALUE = 60


class Checks:
    """The counts of one batch, and the effect of the rules on its rows."""

    def __init__(self, relation: Relation) -> None:
        self._relation = relation
        self._rules = relation.expectations
        self._passed = dict.fromkeys((rule.name for rule in self._rules), 0)
        self._failed = dict(self._passed)
        self.dropped = 0
        self.written = 0

    def over(self, query: exp.Expression) -> exp.Expression:
        """The query's columns, followed by one boolean per rule."""
        if not self._rules:
            return query
        flags = ", ".join(
            f"coalesce(CAST(({condition(rule)}) AS BOOLEAN), FALSE) AS {quoted(f'_expects_{n}')}"
            for n, rule in enumerate(self._rules)
        )
        outer = parse(f"SELECT *, {flags} FROM (SELECT 1) AS {quoted(self._relation.name)}")
        holder = outer.find(exp.Subquery)
        assert holder is not None
        holder.set("this", query)
        return outer

    def apply(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        """Count the rows and drop those that rules drop. Raises if a row violates FAIL UPDATE."""
        width = len(schema)
        rows = pa.RecordBatch.from_arrays(batch.columns[:width], schema=schema)
        kept = None
        for rule, holds in zip(self._rules, batch.columns[width:], strict=True):
            passed = pc.sum(holds).as_py() or 0
            self._passed[rule.name] += passed
            self._failed[rule.name] += batch.num_rows - passed
            if passed == batch.num_rows:
                continue
            if rule.violation == "FAIL UPDATE":
                raise self._violation(rule, rows.filter(pc.invert(holds)))
            if rule.violation == "DROP ROW":
                kept = holds if kept is None else pc.and_(kept, holds)
        rows = rows if kept is None else rows.filter(kept)
        self.dropped += batch.num_rows - rows.num_rows
        self.written += rows.num_rows
        return rows

    def _violation(self, rule: Expectation, broken: pa.RecordBatch) -> SqlError:
        values = broken.slice(0, 1).to_pylist()[0]
        row = ", ".join(f"{name}={_shortened(value)}" for name, value in values.items())
        return SqlError(
            f"[EXPECTATION_VIOLATION] {self._relation.full_name} is unchanged: this row violates "
            f"its expectation {rule.name} ({rule.expression}): {row}."
        )

    def counts(self) -> dict:
        """The counts under the event log's names."""
        return {
            "metrics": {"num_output_rows": self.written},
            "data_quality": {
                "dropped_records": self.dropped,
                "expectations": [
                    {
                        "name": rule.name,
                        "dataset": self._relation.full_name,
                        "passed_records": self._passed[rule.name],
                        "failed_records": self._failed[rule.name],
                    }
                    for rule in self._rules
                ],
            },
        }


def condition(rule: Expectation) -> str:
    """The rule's condition as text. Raises unless it is one condition on the row's columns."""
    tree = parse(f"SELECT {rule.expression}")
    if len(tree.expressions) != 1 or tree.find(exp.From) or tree.expressions[0].find(exp.Query):
        raise SqlError(
            f"[EXPECTATION_UNSUPPORTED] The expectation {rule.name} must be one condition on the "
            f"row's own columns: {rule.expression}"
        )
    return render(tree.expressions[0])


def check_rules(context: Context, relation: Relation) -> None:
    """Plan every rule over the table's columns. Raises for a rule that cannot be evaluated."""
    columns = ", ".join(
        f"CAST(NULL AS {column.type}) AS {quoted(column.name)}" for column in relation.columns
    )
    alias = quoted(relation.name)
    for rule in relation.expectations:
        query = parse(f"SELECT ({condition(rule)}) AS holds FROM (SELECT {columns}) AS {alias}")
        try:
            kind = context.engine.schema(render(query)).field(0).type
        except SqlError as error:
            raise SqlError(
                f"[EXPECTATION_UNSUPPORTED] The expectation {rule.name} of {relation.full_name} "
                f"cannot be evaluated: {error}"
            ) from None
        if not pa.types.is_boolean(kind):
            raise SqlError(
                f"[EXPECTATION_UNSUPPORTED] The expectation {rule.name} of {relation.full_name} "
                f"is not a condition: {rule.expression}"
            )


def _shortened(value: object) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
