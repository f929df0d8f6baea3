"""`* EXCEPT (columns)` as the list of the other columns.

Over a join with USING, `t.*` is listed too: Sail leaves the joined columns out.
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.queries.source import Schema, columns_read, sources
from medallion_local.databricks_sql.sail.grammar.using import joined_names

_SPARK = "; `medallion up --engine spark` supports it"


def expand_stars(select: exp.Select, schema: Schema) -> None:
    """Replace each star that has an EXCEPT in the select list."""
    items: list[exp.Expression] = []
    for item in select.expressions:
        star = item.this if isinstance(item, exp.Column) else item
        if not isinstance(star, exp.Star):
            items.append(item)
            continue
        table = item.table if isinstance(item, exp.Column) else ""
        if star.args.get("except_") or (table and joined_names(select)):
            items += _without(_columns(select, table, schema), star)
        else:
            items.append(item)
    select.set("expressions", items)


def _columns(select: exp.Select, table: str, schema: Schema) -> list[exp.Column]:
    if table:
        names = [source.alias_or_name.lower() for source in sources(select)]
        if joined_names(select) and table.lower() in names:
            alone = exp.Select(
                from_=exp.From(this=sources(select)[names.index(table.lower())].copy())
            )
            alone.parent = select.parent
            return [_column(name, table) for name in columns_read(alone, schema).names]
        return [_column(name, table) for name in columns_read(select, schema, table).names]
    names = columns_read(select, schema).names
    if len({name.lower() for name in names}) == len(names):
        return [_column(name) for name in names]
    if joined_names(select):
        raise unsupported(f"{render(select)}: `* EXCEPT` over USING with repeated names{_SPARK}")
    found: list[exp.Column] = []
    for source in sources(select):
        found += _columns(select, source.alias_or_name, schema)
    return found


def _column(name: str, table: str = "") -> exp.Column:
    qualifier = exp.to_identifier(table, True) if table else None
    return exp.column(exp.to_identifier(name, True), qualifier)


def _without(columns: list[exp.Column], star: exp.Star) -> list[exp.Column]:
    gone: set[str] = set()
    for named in star.args.get("except_") or []:
        if isinstance(named, exp.Dot) or (isinstance(named, exp.Column) and named.table):
            raise unsupported(f"{render(star)}: a field of a struct{_SPARK}")
        gone.add(named.name.lower())
    known = {column.name.lower() for column in columns}
    for name in sorted(gone - known):
        raise SqlError(
            f"[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `{name}` cannot be resolved. "
            f"Did you mean one of the following? [{', '.join(sorted(known)[:5])}]"
        )
    return [column for column in columns if column.name.lower() not in gone]
