"""INTERSECT ALL, of which Sail keeps too many rows, and WITH that defines a name twice.

`q INTERSECT ALL r` has each row as often as both have it. Sail returns all the rows of `q` that are
in `r`. Numbered rows of equal values differ, so that INTERSECT of them is right.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-setops.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import rewrites


@rewrites(exp.Intersect)
def bridge_intersect(found: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """INTERSECT of numbered rows for INTERSECT ALL."""
    if found.args.get("distinct"):
        return None
    names = [name for name, _ in kinds.outputs(found)]
    if not names:
        raise refused("INTERSECT ALL")
    columns = [exp.to_identifier(f"_c{place}") for place in range(len(names))]
    both = exp.Intersect(
        this=_numbered(found.this, columns),
        expression=_numbered(found.expression, columns),
        distinct=True,
    )
    shown = [
        exp.Alias(this=exp.column(column.copy()), alias=exp.to_identifier(name, quoted=True))
        for column, name in zip(columns, names, strict=True)
    ]
    alias = exp.TableAlias(
        this=exp.to_identifier("_both"),
        columns=[*(column.copy() for column in columns), exp.to_identifier("_n")],
    )
    made = exp.select(*shown).from_(exp.Subquery(this=both, alias=alias))
    for part in ("with_", "order", "limit", "offset"):
        if found.args.get(part) is not None:
            made.set(part, found.args[part].copy())
    return made


def _numbered(query: exp.Expression, columns: list[exp.Identifier]) -> exp.Select:
    """The rows of a query; equal rows are numbered from one."""
    values = [exp.column(column.copy()) for column in columns]
    number = exp.Window(
        this=exp.Anonymous(this="row_number"),
        partition_by=[value.copy() for value in values],
        order=exp.Order(expressions=[exp.Ordered(this=values[0].copy())]),
    )
    alias = exp.TableAlias(
        this=exp.to_identifier("_rows"), columns=[column.copy() for column in columns]
    )
    inner = query.this if isinstance(query, exp.Subquery) and not query.alias else query
    rows = exp.Subquery(this=inner.copy(), alias=alias)
    return exp.select(*values, exp.alias_(number, "_n")).from_(rows)


@rewrites(exp.With)
def refuse_double_names(found: exp.Expression, kinds: Kinds) -> None:
    """Raise for two common table expressions of one name: Sail reads the last one."""
    seen: set[str] = set()
    for cte in found.expressions:
        if cte.alias.lower() in seen:
            raise SqlError(
                f"[DUPLICATED_CTE_NAMES] CTE definition can't have duplicate names: `{cte.alias}`."
            )
        seen.add(cte.alias.lower())
