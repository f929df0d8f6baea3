"""The condition of a MERGE, in a form that the engines run faster."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.types import type_name

_PRUNED_PARTITIONS = 1000  # a MERGE into more of them reads the whole table


class MergeCondition:
    """The condition of a MERGE, made cheaper by what the rows of its source show.

    Databricks skips the target's files of other partitions (dynamic file pruning). Sail and Delta
    Lake skip files only by constants, so the source's partition values become constants. Sail
    compares all pairs of rows for `<=>`; without a NULL in the source, `=` means the same.
    """

    def __init__(self, relation: Relation, merge: exp.Merge) -> None:
        self._target = merge.this.alias_or_name
        self._source = merge.args["using"].alias_or_name
        self.shown = render(merge.args["on"])  # as the statement has it
        whole = merge.args["on"].unnest()
        parts = list(whole.flatten()) if isinstance(whole, exp.And) else [whole]
        self._equalities = [
            (part, columns)
            for part in (each.unnest() for each in parts)
            if (columns := self._columns(part)) is not None
        ]
        self._is_of_keys = len(self._equalities) == len(parts)
        types = {field.name: field.type for field in storage.table_schema(relation.location)}
        by_target = {target.lower(): source for _, (target, source) in self._equalities}
        self._partitions = {
            by_target[name.lower()]: (name, types[name])
            for name in relation.partitioned_by
            if name.lower() in by_target and _is_exact(types[name])
        }
        self._values: dict[str, set[object]] = {name: set() for name in self._partitions}
        self._with_null: set[str] = set()

    def see(self, batch: pa.RecordBatch) -> None:
        """Take notice of some of the source's rows."""
        for place, field in enumerate(batch.schema):
            name = field.name.lower()
            if batch.column(place).null_count:
                self._with_null.add(name)
            if name not in self._partitions:
                continue
            if field.type != self._partitions[name][1]:  # its constants may mean something else
                del self._partitions[name]
            else:
                self._values[name] |= set(pc.unique(batch.column(place)).to_pylist())

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The columns that the condition compares, of the target and of the source."""
        return [columns for _, columns in self._equalities]

    @property
    def is_of_equal_keys(self) -> bool:
        """Whether the condition only compares such columns, and no NULL equals another."""
        return self._is_of_keys and not any(
            isinstance(part, exp.NullSafeEQ) and source in self._with_null
            for part, (_, source) in self._equalities
        )

    @property
    def partitions(self) -> dict[str, str]:
        """The target's partition columns by which it reads less, and their columns of the source.

        The source has no NULL in them.
        """
        return {
            name.lower(): source
            for source, (name, _) in self._partitions.items()
            if source not in self._with_null and len(self._values[source]) <= _PRUNED_PARTITIONS
        }

    def improve(self, merge: exp.Merge) -> None:
        """Change the condition. It is true for the same pairs of rows as before."""
        for part, (_, source) in self._equalities:
            if isinstance(part, exp.NullSafeEQ) and source not in self._with_null:
                part.replace(exp.EQ(this=part.left, expression=part.right))
        for source, (name, kind) in self._partitions.items():
            values = self._values[source] - {None}
            null_matches = source in self._with_null and any(
                isinstance(part, exp.NullSafeEQ) and columns[1] == source
                for part, columns in self._equalities
            )
            if null_matches or not 0 < len(values) <= _PRUNED_PARTITIONS:
                continue
            condition = one_of(name, self._target, kind, values)
            merge.set("on", exp.and_(merge.args["on"], condition))

    def _columns(self, part: exp.Expression) -> tuple[str, str] | None:
        """The columns of the target and of the source that the part compares; None otherwise."""
        if not isinstance(part, exp.EQ | exp.NullSafeEQ):
            return None
        sides = {
            side.table: side.name.lower()
            for side in (part.left, part.right)
            if isinstance(side, exp.Column)
        }
        if sides.keys() != {self._target, self._source}:
            return None
        return sides[self._target], sides[self._source]


def one_of(name: str, table: str, kind: pa.DataType, values: Iterable[object]) -> exp.In:
    """The condition that a column has one of these values. Their texts are exact."""
    texts = (
        exp.cast(exp.Literal.string(str(value)), type_name(kind), dialect="databricks")
        for value in sorted(values, key=str)
    )
    column = exp.column(exp.to_identifier(name, True), table)
    return exp.In(this=column, expressions=list(texts))


def _is_exact(kind: pa.DataType) -> bool:
    """Whether the text of a value of the type is always read as the same value."""
    return pa.types.is_integer(kind) or pa.types.is_date(kind)
