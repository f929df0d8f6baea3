"""A MERGE that replaces the partitions of its source's rows.

Sail's own MERGE joins all columns of all rows of the affected files, twice. Here one join finds the
changed rows, and the other rows of their partitions are copied. The table is the same afterwards,
in one Delta commit.
"""

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.delta import partitions
from medallion_local.databricks_sql.delta_log.log import Operation
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.statements.merge_condition import MergeCondition, one_of
from medallion_local.databricks_sql.types import type_name

_ACTION, _CHANGES, _FOUND = "_merge_action", "_merge_changes", "_merge_found"
DELETE, INSERT, UPDATE = "delete", "insert", "update"
# Databricks' metric of the rows of each action.
METRICS = {
    UPDATE: "numTargetRowsUpdated",
    DELETE: "numTargetRowsDeleted",
    INSERT: "numTargetRowsInserted",
}


@dataclass
class _Changes:
    """The changed rows in a file: the source's keys, the action, and the table's columns."""

    file: Path
    counts: Counter[str] = field(default_factory=Counter)
    partitions: dict[str, set[object]] = field(default_factory=lambda: defaultdict(set))


class PartitionMerge:
    """A MERGE after its values are cast, its source is in a file and its condition is improved."""

    def __init__(
        self, relation: Relation, schema: pa.Schema, merge: exp.Merge, condition: MergeCondition
    ) -> None:
        self._relation, self._schema = relation, schema
        self._types = {one.name: type_name(one.type) for one in schema}
        self._target, self._using = merge.this.alias_or_name, merge.args["using"]
        self._source = self._using.alias_or_name
        self._table = f"delta.{quoted(relation.location)}"
        self._on, self._shown = merge.args["on"], condition.shown
        self._whens: list[exp.Expression] = merge.args["whens"].expressions
        self._keys = condition.keys
        self._partitions = condition.partitions
        self._is_possible = (
            condition.is_of_equal_keys
            and bool(relation.partitioned_by)
            and len(self._partitions) == len(relation.partitioned_by)
            and all(self._stays_in_partition(when) for when in self._whens)
        )

    def applies(self, context: Context) -> bool:
        """Whether it has the same result as the engine's MERGE.

        It changes only rows in partitions of source rows, and no two source rows have equal keys:
        the engine's MERGE knows when Delta Lake refuses the second one.
        """
        if not self._is_possible:
            return False
        keys = ", ".join(quoted(source) for _, source in self._keys)
        repeated = f"SELECT 1 AS n FROM {render(self._using)} GROUP BY {keys} HAVING count(*) > 1"
        return not context.query(parse(f"{repeated} LIMIT 1")).rows()

    def run(self, context: Context) -> dict[str, int]:
        """Commit the changes, if there are any. Returns the number of rows of each metric."""
        folder = context.storage.scratch()
        try:
            changes = self._find(context, folder)
            counted = {metric: changes.counts[action] for action, metric in METRICS.items()}
            if changes.counts:
                self._write(context, changes, counted)
            return counted
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _stays_in_partition(self, when: exp.Expression) -> bool:
        """Whether a row gets the partition of its source row, and all columns name their table."""
        if when.args.get("source") or when.find(exp.Query):
            return False
        kind, values = _values(when.args["then"])
        for name, source in self._partitions.items():
            if name in values and not self._is_source(values[name], source):
                return False
            if name not in values and kind == INSERT:
                return False
        read = [each for each in (when.args.get("condition"), *values.values()) if each is not None]
        columns = (column for each in read for column in each.find_all(exp.Column))
        return all(column.table in (self._target, self._source) for column in columns)

    def _is_source(self, value: exp.Expression, name: str) -> bool:
        """Whether a value, cast to the type of its column, is this column of the source."""
        column = value.this.unnest() if isinstance(value, exp.Cast) else value
        is_column = isinstance(column, exp.Column) and column.table == self._source
        return is_column and column.name.lower() == name

    def _find(self, context: Context, folder: Path) -> _Changes:
        """Write the changed rows to a file."""
        result = context.query(self._changes_query())
        changes = _Changes(folder / "changes.parquet")
        places = {
            name: self._place(self._partitions[name.lower()])
            for name in self._relation.partitioned_by
        }
        with pq.ParquetWriter(changes.file, result.schema) as writer:
            for batch in result.batches:
                changed = batch.filter(pc.is_valid(batch.column(_ACTION)))
                writer.write_batch(changed)
                changes.counts.update(changed.column(_ACTION).to_pylist())
                for name, place in places.items():
                    changes.partitions[name] |= set(pc.unique(changed.column(place)).to_pylist())
        return changes

    def _changes_query(self) -> exp.Select:
        """For each source row, and each target row that it matches: keys, action, and new values.

        The action is NULL if no clause applies.
        """
        unmatched = exp.column(_FOUND, self._target).is_(exp.null())
        actions, columns = exp.Case(), {name: exp.Case() for name in self._types}
        for when in self._whens:
            test = exp.not_(unmatched.copy()) if when.args.get("matched") else unmatched.copy()
            if condition := when.args.get("condition"):
                test = exp.and_(test, condition.copy())
            kind, values = _values(when.args["then"])
            actions = actions.when(test.copy(), exp.Literal.string(kind), copy=False)
            for name in columns:
                otherwise = _column(name, self._target) if kind == UPDATE else exp.null()
                value = values.get(name.lower(), otherwise)
                columns[name] = columns[name].when(test.copy(), value.copy(), copy=False)
        keys = [
            exp.alias_(_column(source, self._source), _key(place))
            for place, (_, source) in enumerate(self._keys)
        ]
        row = [
            exp.alias_(exp.cast(case, self._types[name], dialect="databricks"), name, quoted=True)
            for name, case in columns.items()
        ]
        target = parse(f"SELECT *, TRUE AS {_FOUND} FROM {self._table}").subquery(
            exp.TableAlias(this=exp.to_identifier(self._target, True))
        )
        selected = exp.select(*keys, exp.alias_(actions, _ACTION), *row).from_(self._using.copy())
        return selected.join(target, on=self._on.copy(), join_type="left")

    def _place(self, source: str) -> int:
        return next(place for place, (_, name) in enumerate(self._keys) if name == source)

    def _write(self, context: Context, changes: _Changes, counted: dict[str, int]) -> None:
        """Commit the changed rows, and the rows that stay in the partitions that lose a row."""
        replaces = changes.counts.keys() != {INSERT}
        kept = self._kept(context, changes) if replaces else iter(())
        kinds = [(when.args.get("matched"), _values(when.args["then"])[0]) for when in self._whens]
        clauses = {
            "matchedPredicates": [{"actionType": kind} for matched, kind in kinds if matched],
            "notMatchedPredicates": [
                {"actionType": kind} for matched, kind in kinds if not matched
            ],
        }
        parameters = {name: json.dumps(value) for name, value in clauses.items()}
        storage.append(
            self._relation.location,
            self._schema,
            chain(kept, self._changed(changes)),
            overwrite=replaces,
            operation=Operation("MERGE", {"predicate": self._shown, **parameters}, metrics=counted),
            predicate=partitions.each_of(changes.partitions, self._types) if replaces else "",
        )

    def _kept(self, context: Context, changes: _Changes) -> Iterator[pa.RecordBatch]:
        """The rows of the changed partitions that are neither updated nor deleted.

        The changes come first in the join, because Sail builds its hash table from that side.
        """
        query = parse(
            f"SELECT 1 FROM parquet.{quoted(str(changes.file.parent))} AS {_CHANGES} "
            f"RIGHT JOIN {self._table} AS {quoted(self._target)} WHERE {_CHANGES}.{_ACTION} IS NULL"
        )
        same = [
            exp.EQ(this=exp.column(_key(place), _CHANGES), expression=_column(name, self._target))
            for place, (name, _) in enumerate(self._keys)
        ]
        kinds = {one.name: one.type for one in self._schema}
        touched = [
            one_of(name, self._target, kinds[name], values)
            for name, values in changes.partitions.items()
        ]
        query.args["joins"][0].set("on", exp.and_(*same))
        query = query.where(*touched).select(
            *(_column(name, self._target) for name in self._types), append=False
        )
        for batch in context.query(query).batches:
            yield storage.checked(batch, self._schema, self._relation.full_name)

    def _changed(self, changes: _Changes) -> Iterator[pa.RecordBatch]:
        """The updated and the inserted rows."""
        for batch in pq.ParquetFile(changes.file).iter_batches():
            stays = batch.filter(pc.not_equal(batch.column(_ACTION), DELETE))
            rows = stays.select(self._schema.names)
            yield storage.checked(rows, self._schema, self._relation.full_name)


def _values(action: exp.Expression) -> tuple[str, dict[str, exp.Expression]]:
    """The kind of an action, and the values that it assigns, by column name in lower case."""
    if isinstance(action, exp.Update):
        return UPDATE, {item.this.name.lower(): item.expression for item in action.expressions}
    if isinstance(action, exp.Insert):
        names = [column.name.lower() for column in action.this.expressions]
        return INSERT, dict(zip(names, action.expression.expressions, strict=True))
    return DELETE, {}


def _column(name: str, table: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, True), table)


def _key(place: int) -> str:
    return f"_merge_key_{place}"
