"""The checks that Delta and Databricks make on rows before a commit has them.

These are the lengths of VARCHAR and CHAR, CHECK constraints, and the predicate of REPLACE WHERE. An
INSERT's query computes a column per condition, which is removed while the rows are written. An
UPDATE or MERGE is changed so that a forbidden value raises an error.
Source: https://docs.databricks.com/tables/constraints.html and
https://docs.databricks.com/sql/language-manual/data-types/string-type.html
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.language.dialect import literal, parse, quoted
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.storage import LENGTH

_TYPE = re.compile(r"(varchar|char|character)\((\d+)\)", re.IGNORECASE)
_RAISED = re.compile(r"^\[USER_RAISED_EXCEPTION\] (?=\[)")
_SEVERAL = (
    "[DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE] Cannot perform Merge as multiple "
    "source rows matched and attempted to modify the same target row in the Delta table in "
    "possibly conflicting ways."
)
_PREDICATE = "replaceWhere"


def length_metadata(type_name: str) -> dict[bytes, bytes] | None:
    """The metadata of a column that is declared with a length; None for other types."""
    found = _TYPE.fullmatch(type_name.strip())
    return {LENGTH: type_name.strip().lower().encode()} if found else None


def declared_type(field: pa.Field, otherwise: str) -> str:
    """The type as it was declared, with its length, or `otherwise`."""
    return (field.metadata or {}).get(LENGTH, otherwise.encode()).decode()


def over(query: exp.Expression, relation: Relation, predicate: str = "") -> exp.Expression:
    """The query's columns, followed by a boolean for each condition of the table's rows."""
    conditions = _conditions(relation, predicate)
    if not conditions:
        return query
    flags = ", ".join(
        f"coalesce(CAST(({condition}) AS BOOLEAN), FALSE) AS {quoted(f'_check_{place}')}"
        for place, (_, condition) in enumerate(conditions)
    )
    outer = parse(f"SELECT *, {flags} FROM (SELECT 1) AS {quoted(relation.name)}")
    holder = outer.find(exp.Subquery)
    assert holder is not None
    holder.set("this", query)
    return outer


def flags(relation: Relation, predicate: str = "") -> str:
    """The columns of `over` for rows that were checked before."""
    return "".join(
        f", TRUE AS {quoted(f'_check_{place}')}"
        for place in range(len(_conditions(relation, predicate)))
    )


def rows(
    batch: pa.RecordBatch, schema: pa.Schema, relation: Relation, predicate: str = ""
) -> pa.RecordBatch:
    """The rows of `over` without the booleans. Raises if one is false, or a text is too long."""
    width = len(schema)
    for (name, condition), holds in zip(
        _conditions(relation, predicate), batch.columns[width:], strict=False
    ):
        if holds.false_count:
            broken = batch.filter(pc.invert(holds)).slice(0, 1).to_pylist()[0]
            values = ", ".join(f"{column}={broken[column]!r}" for column in schema.names[:4])
            raise _violation(relation, name, condition, values)
    columns = [_fitted(column, field) for column, field in zip(batch.columns, schema, strict=False)]
    return pa.RecordBatch.from_arrays(columns, names=schema.names)


def guard(tree: exp.Expression, schema: pa.Schema, relation: Relation) -> None:
    """Change the assignments of an UPDATE or MERGE: a forbidden value raises an error."""
    checks = [one for one in relation.constraints if one.kind == "CHECK"]
    lengths = {field.name.lower(): field for field in schema if LENGTH in (field.metadata or {})}
    if not checks and not lengths:
        return
    if isinstance(tree, exp.Update):
        actions: list[exp.Expression] = [tree]
    else:
        actions = [when.args["then"] for when in tree.args["whens"].expressions]
    target = tree.this.alias_or_name
    for action in actions:
        if isinstance(action, exp.Update):
            items = list(action.expressions)
            given = {item.this.name.lower(): item.expression for item in items}
            made = _guarded(given, lengths, checks, relation, target)
            for item in items:
                item.set("expression", made[item.this.name.lower()])
        elif isinstance(action, exp.Insert):
            names = [column.name.lower() for column in action.this.expressions]
            given = dict(zip(names, action.expression.expressions, strict=True))
            made = _guarded(given, lengths, checks, relation, None)
            action.set("expression", exp.Tuple(expressions=[made[name] for name in names]))


@contextmanager
def as_conditions() -> Iterator[None]:
    """Raise the error of a guard, or of a MERGE's matches, under Databricks' condition."""
    try:
        yield
    except SqlError as error:
        text = _RAISED.sub("", str(error))
        if "MERGE_CARDINALITY_VIOLATION" in text:
            text = _SEVERAL
        if text == str(error):
            raise
        raise SqlError(text) from None


def _guarded(
    given: dict[str, exp.Expression],
    lengths: dict[str, pa.Field],
    checks: list,
    relation: Relation,
    target: str | None,
) -> dict[str, exp.Expression]:
    """The assigned values with their checks. `target` is None for an inserted row."""
    made = {
        name: _limited(value, lengths[name]) if name in lengths else value.copy()
        for name, value in given.items()
    }
    first = next(iter(made))
    for check in checks:
        condition = parse(f"SELECT ({check.expression})").expressions[0]
        columns = list(condition.find_all(exp.Column))
        if target is not None and not any(column.name.lower() in given for column in columns):
            continue
        for column in columns:
            value = given.get(column.name.lower())
            if value is not None:
                column.replace(exp.Paren(this=value.copy()))
            elif target is not None:
                column.set("table", exp.to_identifier(target, True))
            else:
                column.replace(exp.null())
        text = str(_violation(relation, check.name, check.expression, ""))
        made[first] = _filled(
            f"CASE WHEN coalesce(_c, FALSE) THEN _v ELSE raise_error({literal(text)}) END",
            _c=condition,
            _v=made[first],
        )
    return made


def _limited(value: exp.Expression, field: pa.Field) -> exp.Expression:
    kind, size = _length(field)
    error = literal(str(_too_long(kind, size)))
    whole = f"rpad(_v, {size}, ' ')" if kind != "varchar" else "_v"
    return _filled(
        f"CASE WHEN _v IS NULL OR char_length(_v) <= {size} THEN {whole} "
        f"WHEN char_length(rtrim(_v)) <= {size} THEN substr(_v, 1, {size}) "
        f"ELSE raise_error({error}) END",
        _v=value,
    )


def _filled(formula: str, **values: exp.Expression) -> exp.Expression:
    tree = exp.Paren(this=parse(f"SELECT {formula}").expressions[0])
    for column in list(tree.find_all(exp.Column)):
        if column.name in values:
            column.replace(exp.Paren(this=values[column.name].copy()))
    return tree.this


def _fitted(column: pa.Array, field: pa.Field) -> pa.Array:
    """A text column that fits its length: trailing blanks are cut, and CHAR is padded."""
    if LENGTH not in (field.metadata or {}):
        return column
    kind, size = _length(field)
    lengths = pc.utf8_length(column)
    longest = pc.max(lengths).as_py() or 0
    if longest > size:
        trimmed = pc.utf8_length(pc.utf8_rtrim(column, " "))
        if (pc.max(trimmed).as_py() or 0) > size:
            raise _too_long(kind, size)
        column = pc.utf8_slice_codeunits(column, 0, size)
    return column if kind == "varchar" else pc.utf8_rpad(column, size)


def _length(field: pa.Field) -> tuple[str, int]:
    found = _TYPE.fullmatch(field.metadata[LENGTH].decode())
    assert found is not None
    return found[1].lower(), int(found[2])


def _too_long(kind: str, size: int) -> SqlError:
    return SqlError(f"[EXCEED_LIMIT_LENGTH] Exceeds {kind} type length limitation: {size}.")


def _conditions(relation: Relation, predicate: str) -> list[tuple[str, str]]:
    found = [(one.name, one.expression) for one in relation.constraints if one.kind == "CHECK"]
    return found + ([(_PREDICATE, predicate)] if predicate else [])


def _violation(relation: Relation, name: str, condition: str, values: str) -> SqlError:
    if name == _PREDICATE:
        return SqlError(
            "[DELTA_REPLACE_WHERE_MISMATCH] Written data does not conform to partial table "
            f"overwrite condition or constraint '{condition.strip()}': {values}."
        )
    return SqlError(
        f"[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint {name} ({condition}) "
        f"violated by row with values: {values or 'see the statement'} ({relation.full_name})."
    )
