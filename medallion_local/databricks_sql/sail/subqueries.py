"""IN with a subquery where Sail loses a NULL, or cannot plan it: it becomes EXISTS.

As in Spark, `x NOT IN q` is false if `q` holds a NULL or `x` is NULL, unless `q` is empty. Sail
answers so only for one value that reads a column, in a condition of WHERE that stands alone, and
for a subquery that does not read the outer query. It has no IN at all in a list of selected
expressions.
Source: https://docs.databricks.com/sql/language-manual/functions/in.html and Spark's
RewritePredicateSubquery.
"""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from medallion_local.databricks_sql.language.aggregates import has_aggregate
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.rules import rewrites

Tables = Mapping[str, Sequence[tuple[str, object]]]
_ROWS, _COLUMN = "_in", "_c"
_QUERIES = (exp.Query, exp.Update, exp.Delete, exp.Merge)
_SHAPES = ("group", "having", "distinct", "limit", "offset", "qualify", "with_", "laterals")
# In these clauses, Sail can plan neither IN nor EXISTS, except as Spark does.
_AS_WRITTEN = (exp.Join, exp.Having, exp.Ordered, exp.Merge)


@rewrites(exp.In)
def bridge_in(found: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The replacement of an IN with a subquery; None if Sail answers it correctly."""
    holder = found.args.get("query")
    if holder is None:
        return None
    clause, alone, negative = _place(found)
    row = found.this.expressions if isinstance(found.this, exp.Tuple) else [found.this]
    if isinstance(clause, _AS_WRITTEN) and len(row) == 1:
        return None
    query = holder.this if isinstance(holder, exp.Subquery) and not holder.alias else holder
    correlated = _is_correlated(query, kinds.tables)
    if isinstance(clause, exp.Where) and len(row) == 1:
        if not negative and not correlated:
            return None
        if negative and alone and not correlated and row[0].find(exp.Column) is not None:
            return None
    names = [f"{_COLUMN}{place}" for place in range(len(row))]
    equal = exp.and_(
        *(
            exp.EQ(this=exp.column(name, _ROWS), expression=_operand(value))
            for name, value in zip(names, row, strict=True)
        )
    )
    if correlated and (joined := _joined(found, query, row, negative)):
        return joined
    if not negative:
        return _exists(query, names, equal)
    if correlated or len(row) > 1:
        unknown = exp.Coalesce(this=equal, expressions=[exp.true()])
        return _exists(query, names, unknown)
    # Three conditions that the engine can join by hash, instead of one that compares all rows.
    missing = exp.Is(this=exp.column(names[0], _ROWS), expression=exp.null())
    empty = exp.Is(this=_operand(row[0]), expression=exp.null())
    return exp.Paren(
        this=exp.or_(
            _exists(query, names, equal),
            _exists(query, names, missing),
            exp.and_(empty, _exists(query, names, None)),
        )
    )


def _joined(
    found: exp.Expression, query: exp.Expression, row: list[exp.Expression], negative: bool
) -> exp.Exists | None:
    """EXISTS with the comparison in the subquery's own WHERE: Sail reads one level out only.

    None if the subquery is not a plain SELECT, or a name of the outer query could change meaning.
    """
    if not isinstance(query, exp.Select) or any(query.args.get(name) for name in _SHAPES):
        return None
    if len(query.expressions) != len(row) or any(map(has_aggregate, query.expressions)):
        return None
    outer = found.find_ancestor(exp.Select)
    source = outer.args.get("from_") if outer is not None and not outer.args.get("joins") else None
    compared = []
    for value, selected in zip(row, query.expressions, strict=True):
        operand = value.copy()
        if isinstance(value, exp.Column) and not value.table and source is not None:
            operand = exp.column(value.this.copy(), exp.to_identifier(source.this.alias, True))
        if any(not one.table for one in operand.find_all(exp.Column)):
            return None
        this = selected.this if isinstance(selected, exp.Alias) else selected
        compared.append(exp.EQ(this=exp.Paren(this=this.copy()), expression=operand))
    condition: exp.Expression = exp.and_(*compared)
    if negative:
        condition = exp.Coalesce(this=condition, expressions=[exp.true()])
    made = query.copy().where(condition)
    made.set("expressions", [exp.Literal.number(1)])
    return exp.Exists(this=made)


def _operand(value: exp.Expression) -> exp.Expression:
    return value.copy() if isinstance(value, exp.Column) else exp.Paren(this=value.copy())


def _exists(
    query: exp.Expression, names: list[str], condition: exp.Expression | None
) -> exp.Exists:
    alias = exp.TableAlias(
        this=exp.to_identifier(_ROWS), columns=[exp.to_identifier(name) for name in names]
    )
    rows = exp.select("1").from_(exp.Subquery(this=query.copy(), alias=alias))
    return exp.Exists(this=rows.where(condition) if condition is not None else rows)


def _place(found: exp.Expression) -> tuple[exp.Expression | None, bool, bool]:
    """The clause around an IN, whether it is one of the clause's conditions, and if it is negated.

    A negated one is under an odd number of NOT. A function, a CASE or a comparison around it ends
    the count: they see NULL as false, or as itself.
    """
    alone, negative, plain, node = True, False, True, found.parent
    while node is not None:
        if isinstance(node, exp.Not):
            alone = alone and node is found.parent
            negative = negative != plain
        elif isinstance(node, exp.Where | exp.Join | exp.Having | exp.Ordered | exp.Merge):
            return node, alone, negative
        elif isinstance(node, _QUERIES):
            return None, False, negative
        elif not isinstance(node, exp.And | exp.Paren):
            alone = False
            plain = plain and isinstance(node, exp.Or)
        node = node.parent
    return None, False, negative


def _is_correlated(query: exp.Expression, columns: Tables) -> bool:
    """Whether a subquery reads a column of the outer query, as far as its text shows."""
    sources: set[str] = set()
    known: set[str] | None = set()
    for source in query.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Lateral):
        sources.add(source.alias_or_name.lower())
        if known is None:
            continue
        listed = columns.get(source.name) if isinstance(source, exp.Table) else None
        if listed is not None:
            known.update(name for name, _ in listed)
        elif isinstance(source, exp.Table) or source.alias:
            known = None
    for column in query.find_all(exp.Column):
        table = column.parts[0].name.lower() if column.table else ""
        if table and table not in sources and not (known is not None and table in known):
            return True
        aliases = {one.alias.lower() for one in query.find_all(exp.Alias)} if known else set()
        if (
            not table
            and known
            and not isinstance(column.this, exp.Star)
            and column.name.lower() not in known | aliases
        ):
            return True
    return False
