"""Columns that a write computes: defaults, generated columns and identity columns.

The catalog holds their definitions, and both engines get finished values. So the files and the log
need no table feature. Sources: https://docs.databricks.com/delta/generated-columns.html and
https://docs.databricks.com/delta/default-values.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.catalog import Column, Relation
from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.language.dialect import literal, parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported

_DEFAULT = "DEFAULT"
FEATURE = "delta.feature.allowColumnDefaults"
IDENTITY = "_identity_"


class Computed:
    """The computed columns of one table."""

    def __init__(self, relation: Relation) -> None:
        self._relation = relation
        self._columns = {column.name.lower(): column for column in relation.columns}
        self.generated = [column for column in relation.columns if column.generated]
        self.identities = [column for column in relation.columns if column.identity]

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return self._columns.get(name.lower())

    def check_listed(self, names: Iterable[str]) -> None:
        """Raise if a statement gives values for a GENERATED ALWAYS AS IDENTITY column."""
        for name in names:
            column = self.column(name)
            if column is not None and column.identity and column.identity["always"]:
                raise SqlError(
                    "[DELTA_IDENTITY_COLUMNS_EXPLICIT_INSERT_NOT_SUPPORTED] Providing values for "
                    f"GENERATED ALWAYS AS IDENTITY column {column.name} is not supported."
                )

    def missing(self, name: str) -> str:
        """The text of the value of a column that a statement omits. Generated ones come later."""
        column = self.column(name)
        return f"({column.default})" if column is not None and column.default else "NULL"

    def with_defaults(self, query: exp.Expression, targets: list[str]) -> list[str]:
        """Replace DEFAULT in the rows of VALUES. Returns the targets that stay.

        A generated or identity column whose every value is DEFAULT is removed from the rows.
        """
        if not isinstance(query, exp.Values):
            return targets
        rows = [row if isinstance(row, exp.Tuple) else None for row in query.expressions]
        if not any(is_default(value) for row in rows if row for value in row.expressions):
            return targets
        computed = {c.name.lower() for c in self.generated + self.identities}
        kept = []
        for place, name in enumerate(targets):
            values = [
                row.expressions[place] for row in rows if row and place < len(row.expressions)
            ]
            if name.lower() in computed and any(is_default(value) for value in values):
                if not all(is_default(value) for value in values):
                    raise unsupported(f"DEFAULT in only some rows of the computed column {name}")
                continue
            kept.append(place)
            for value in values:
                if is_default(value):
                    value.replace(parse(f"SELECT {self.missing(name)}").expressions[0])
        for row in rows:
            if row:
                row.set("expressions", [row.expressions[place] for place in kept])
        return [targets[place] for place in kept]

    def selected(self, inner: str, names: list[str], given: set[str], types: dict) -> str:
        """`inner` with the generated columns computed from its other columns, in table order."""
        items = []
        for name in names:
            column = self.column(name)
            if column is None or not column.generated:
                items.append(quoted(name))
                continue
            value = f"CAST(({column.generated}) AS {types[name]})"
            if name.lower() in given:
                value = self._matching(quoted(name), value, column)
            items.append(f"{value} AS {quoted(name)}")
        return f"SELECT {', '.join(items)} FROM ({inner}) AS _row"

    def derived(
        self, values: dict[str, exp.Expression], types: dict[str, str], target: str | None
    ) -> dict[str, exp.Expression]:
        """The assignments with those of the generated columns.

        A column without an assignment is read from `target`, or is NULL if that is None.
        """
        found = dict(values)
        for column in self.generated:
            assert column.generated is not None
            tree = parse(f"SELECT CAST(({column.generated}) AS {types[column.name.lower()]})")
            value = tree.expressions[0]
            read = [part.name.lower() for part in value.find_all(exp.Column)]
            key = column.name.lower()
            if target is not None and key not in values and not set(read) & set(values):
                continue

            def substituted(node: exp.Expression) -> exp.Expression:
                if not isinstance(node, exp.Column):
                    return node
                if node.name.lower() in values:
                    return exp.Paren(this=values[node.name.lower()].copy())
                return exp.column(node.this.copy(), target) if target else exp.Null()

            value = value.transform(substituted)
            if key in values:
                text = self._matching(render(values[key]), render(value), column)
                value = parse(f"SELECT {text}").expressions[0]
            found[key] = value
        return found

    def _matching(self, given: str, value: str, column: Column) -> str:
        """The text of the computed value, which raises if the given value differs from it."""
        message = (
            f"[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint Generated Column "
            f"({column.name} <=> {column.generated}) of {self._relation.full_name} is violated."
        )
        return (
            f"CASE WHEN {given} <=> {value} THEN {value} ELSE raise_error({literal(message)}) END"
        )

    def fill(self, place: int, column: Column) -> "Sequence":
        """The values of an identity column, at that place of the schema."""
        identity = column.identity
        assert identity is not None
        return Sequence(place, identity["next"], identity["step"])


class Sequence:
    """The values of one identity column in one statement."""

    def __init__(self, place: int, start: int, step: int) -> None:
        self.place, self.next, self.step = place, start, step

    def take(self, count: int) -> pa.Array:
        """The next values."""
        end = self.next + count * self.step
        values = pa.array(range(self.next, end, self.step), pa.int64())
        self.next = end
        return values

    def into(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches with the column at its place."""
        for batch in batches:
            field = batch.schema.field(self.place)
            values = self.take(batch.num_rows)
            yield batch.set_column(self.place, field, values.cast(field.type))


def sequences(relation: Relation, names: list[str], given: set[str]) -> dict[str, Sequence]:
    """The sequences of the identity columns that a statement does not give values for."""
    computed = Computed(relation)
    return {
        column.name: computed.fill(names.index(column.name), column)
        for column in computed.identities
        if column.name.lower() not in given
    }


def advance(context: Context, relation: Relation, used: dict[str, Sequence]) -> None:
    """Record the next values of identity columns."""
    if not used:
        return
    columns = [
        replace(column, identity={**column.identity, "next": used[column.name].next})
        if column.identity and column.name in used
        else column
        for column in context.catalog.get(relation.key).columns
    ]
    context.catalog.change(relation.key, columns=columns)


def require_defaults(properties: dict[str, str], columns: list[Column], statement: str) -> None:
    """Raise if columns have defaults and the table lacks the feature for them."""
    enabled = properties.get(FEATURE, "").lower() in ("supported", "enabled")
    if not enabled and any(column.default for column in columns):
        raise SqlError(
            "[WRONG_COLUMN_DEFAULTS_FOR_DELTA_FEATURE_NOT_ENABLED] Failed to execute "
            f"{statement} command because it assigned a column DEFAULT value, but the "
            "corresponding table feature was not enabled. Please retry the command again after "
            f"executing ALTER TABLE tableName SET TBLPROPERTIES('{FEATURE}' = 'supported')."
        )


def check_definitions(context: Context, columns: list[Column]) -> None:
    """Raise for a default or generated column that cannot be planned."""
    for column in columns:
        if column.default:
            tree = parse(f"SELECT CAST(({column.default}) AS {column.type}) AS x")
            if tree.find(exp.Query) is not tree or tree.find(exp.Column):
                raise SqlError(
                    f"[INVALID_DEFAULT_VALUE.NOT_CONSTANT] The DEFAULT of column `{column.name}` "
                    f"is not a constant expression: {column.default}."
                )
            context.columns(tree)
    made = [column for column in columns if column.generated]
    if not made:
        return
    names = {column.name.lower() for column in made}
    for column in made:
        tree = parse(f"SELECT {column.generated}")
        if any(part.name.lower() in names for part in tree.find_all(exp.Column)):
            raise SqlError(
                f"[DELTA_INVALID_GENERATED_COLUMN_REFERENCES] The generated column {column.name} "
                "cannot use another generated column or itself."
            )
    source = ", ".join(
        f"CAST(NULL AS {column.type}) AS {quoted(column.name)}"
        for column in columns
        if not column.generated
    )
    values = ", ".join(f"{column.generated} AS {quoted(column.name)}" for column in made)
    context.columns(parse(f"SELECT {values} FROM (SELECT {source}) AS _row"))


def is_default(value: exp.Expression) -> bool:
    """Whether a value is the keyword DEFAULT."""
    if isinstance(value, exp.Var):
        return value.name.upper() == _DEFAULT
    return (
        isinstance(value, exp.Column)
        and len(value.parts) == 1
        and not value.this.quoted
        and value.name.upper() == _DEFAULT
    )
