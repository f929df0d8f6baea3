"""PIVOT as a GROUP BY with conditional aggregates, and UNPIVOT as `stack`.

Sources: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-pivot.html and
https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-unpivot.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.queries.source import Schema, planned


def rewrite_pivots(source: exp.Expression, schema: Schema) -> None:
    """Replace a table, VALUES or subquery that has PIVOT or UNPIVOT clauses in its tree."""
    for pivot in source.args.get("pivots") or []:
        pivot.pop()
        own = pivot.args.get("alias")
        # An alias before PIVOT names the source and its columns; outside, only its name is visible.
        name = (
            own.copy() if own else exp.TableAlias(this=exp.to_identifier(source.alias or "_pivot"))
        )
        replaced = exp.Subquery(alias=name)
        for part in ("joins", "laterals"):
            if source.args.get(part):
                replaced.set(part, source.args[part])
                source.set(part, None)
        source.replace(replaced)
        rewrite = _unpivoted if pivot.args.get("unpivot") else _pivoted
        replaced.set("this", rewrite(source, pivot, replaced, schema))
        source = replaced


def _names_of(source: exp.Expression, place: exp.Expression, schema: Schema) -> list[str]:
    """The columns of a source, planned where `place` is in the tree."""
    probe = exp.Select(from_=exp.From(this=source.copy()))
    probe.parent = place.parent
    return planned(probe, [exp.Star()], schema).names


def _pivoted(
    source: exp.Expression, pivot: exp.Pivot, place: exp.Expression, schema: Schema
) -> exp.Expression:
    (field,) = pivot.args["fields"]
    keys = field.this.expressions if isinstance(field.this, exp.Tuple) else [field.this]
    used = {c.name.lower() for c in keys}
    for aggregate in pivot.expressions:
        used |= {column.name.lower() for column in aggregate.find_all(exp.Column)}
    groups = [quoted(n) for n in _names_of(source, place, schema) if n.lower() not in used]
    items = list(groups)
    for value in field.expressions:
        literal, named = _value(value)
        values = literal.expressions if len(keys) > 1 else [literal]
        if len(values) != len(keys):
            raise SqlError(
                f"[PIVOT_VALUE_DATA_TYPE_MISMATCH] Invalid pivot value {render(literal)}: it needs "
                f"{len(keys)} values."
            )
        pairs = zip(keys, values, strict=True)
        condition = " AND ".join(_equal(key, each) for key, each in pairs)
        for aggregate in pivot.expressions:
            call = aggregate.this if isinstance(aggregate, exp.Alias) else aggregate
            name = named
            if len(pivot.expressions) > 1:
                name += "_" + (aggregate.alias or render(call))
            items.append(
                f"CASE WHEN count_if({condition}) > 0 "
                f"THEN {render(call)} FILTER (WHERE {condition}) END AS {quoted(name)}"
            )
    text = f"SELECT {', '.join(items)} FROM _source"
    if groups:
        text += f" GROUP BY {', '.join(groups)}"
    return _over(text, source)


def _equal(key: exp.Expression, value: exp.Expression) -> str:
    """Sail plans `<=>` in an aggregate's FILTER wrongly."""
    operator = "IS" if isinstance(value, exp.Null) else "="
    return f"{render(key)} {operator} {render(value)}"


def _value(item: exp.Expression) -> tuple[exp.Expression, str]:
    """A value of a PIVOT's IN, and the name that its columns get."""
    if isinstance(item, exp.PivotAlias | exp.Alias):
        return item.this, item.args["alias"].name
    if isinstance(item, exp.Tuple):
        return item, "{" + ", ".join(part.name or render(part) for part in item.expressions) + "}"
    return item, item.name or render(item)


def _unpivoted(
    source: exp.Expression, pivot: exp.Pivot, place: exp.Expression, schema: Schema
) -> exp.Expression:
    (field,) = pivot.args["fields"]
    (values,) = pivot.expressions
    names = [v.name for v in (values.expressions if isinstance(values, exp.Tuple) else [values])]
    rows, taken = [], set()
    for item in field.expressions:
        columns, name = _unpivot_columns(item)
        if len(columns) != len(names):
            raise SqlError(
                "[UNPIVOT_VALUE_SIZE_MISMATCH] All unpivot value columns must have the same size "
                f"as there are value column names ({', '.join(names)})."
            )
        taken |= {column.name.lower() for column in columns}
        rows.append(f"{_text(name)}, " + ", ".join(render(column) for column in columns))
    kept = [quoted(n) for n in _names_of(source, place, schema) if n.lower() not in taken]
    made = [quoted(field.this.name), *(quoted(name) for name in names)]
    stack = f"stack({len(rows)}, {', '.join(rows)}) AS ({', '.join(made)})"
    inner = f"SELECT {', '.join([*kept, stack])} FROM _source"
    if pivot.args.get("include_nulls"):
        return _over(inner, source)
    filled = " OR ".join(f"{name} IS NOT NULL" for name in made[1:])
    return _over(f"SELECT {', '.join(kept + made)} FROM ({inner}) WHERE {filled}", source)


def _unpivot_columns(item: exp.Expression) -> tuple[list[exp.Expression], str]:
    columns = item.this if isinstance(item, exp.PivotAlias | exp.Alias) else item
    listed = columns.expressions if isinstance(columns, exp.Tuple) else [columns]
    if columns is not item:
        return listed, item.args["alias"].name
    return listed, "_".join(column.name for column in listed)


def _text(name: str) -> str:
    return render(exp.Literal.string(name))


def _over(text: str, source: exp.Expression) -> exp.Expression:
    """`text` with the source in place of its table `_source`."""
    query = parse(text)
    for table in query.find_all(exp.Table):
        if table.name == "_source":
            table.replace(source)
    return query
