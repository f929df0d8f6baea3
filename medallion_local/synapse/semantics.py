"""What means something else in T-SQL than to the engine, or was not looked at: refused, by name."""

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL

from medallion_local.synapse.dialect import brief
from medallion_local.synapse.errors import TSqlError, unsupported

FLOATS = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}
# What a cast makes alike. T-SQL cuts a text to its type's length and a number to a whole one.
CASTS = {*FLOATS, exp.DataType.Type.DECIMAL, exp.DataType.Type.DATE}
# Functions that mean the same on both. sqlglot counts AND, OR, CASE and EXISTS among functions.
FUNCTIONS = (
    *(exp.And, exp.Or, exp.Case, exp.If, exp.Exists, exp.Coalesce, exp.Nullif),
    *(exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg, exp.RowNumber, exp.Rank, exp.DenseRank),
    *(exp.Cast, exp.TryCast, exp.Upper, exp.Lower, exp.Year, exp.Month, exp.Day),
    *(exp.ObjectId, exp.CurrentUser),
)
NAMED_FUNCTIONS = {"IS_ROLEMEMBER"}


def refuse(node: exp.Expression) -> None:
    """Raise a `TSqlError` that names what `node` is, unless both mean the same by it."""
    if isinstance(node, exp.Command):
        raise unsupported(f"The statement {brief(node)}")
    if isinstance(node, exp.Query) and (node.args.get("options") or node.args.get("into")):
        raise unsupported("A query with OPTION or INTO")  # serverless has no hints and labels
    if isinstance(node, exp.Limit | exp.Fetch) and node.args.get("limit_options"):
        raise unsupported("PERCENT or WITH TIES")
    if isinstance(node, exp.Parameter):
        raise unsupported(f"The variable @{node.name}")
    if isinstance(node, exp.WithTableHint):
        raise unsupported(f"The hint {brief(node)}")
    _refuse_function(node)
    _refuse_value(node)


def _refuse_function(node: exp.Expression) -> None:
    if isinstance(node, exp.Anonymous):
        if node.name.upper() not in NAMED_FUNCTIONS:
            raise unsupported(f"The function {node.name}")
    elif isinstance(node, exp.Func) and not isinstance(node, FUNCTIONS):
        raise unsupported(f"The function {node.sql_name()}")
    if isinstance(node, exp.Cast | exp.TryCast) and node.to.this not in CASTS:
        raise unsupported(f"A cast to {node.to.sql(dialect=TSQL)}")


def _refuse_value(node: exp.Expression) -> None:
    """What both can compute, to other values."""
    if isinstance(node, exp.Div) and not (_is_float(node.left) or _is_float(node.right)):
        raise TSqlError(
            f"T-SQL cuts {brief(node)} to its type's digits, the stand-in does not: CAST one side "
            "to float."
        )
    if isinstance(node, exp.Avg) and not _is_float(node.this):
        raise TSqlError(
            f"T-SQL cuts {brief(node)} to its type's digits, the stand-in does not: CAST what is "
            "averaged to float."
        )
    if isinstance(node, exp.Like) and "[" in node.expression.name:
        raise unsupported(f"The set of characters in {brief(node)}")
    compared = isinstance(node.parent, exp.Predicate)
    if compared and isinstance(node, exp.Literal | exp.National) and node.name.endswith(" "):
        raise TSqlError(
            f"T-SQL compares {brief(node)} without its trailing blanks, the stand-in with them: "
            "leave them out."
        )


def _is_float(node: exp.Expression) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Literal):
        return not node.is_string and "e" in node.name.lower()
    if isinstance(node, exp.Cast | exp.TryCast):
        return node.to.this in FLOATS
    if isinstance(node, exp.Sum | exp.Min | exp.Max | exp.Neg | exp.Avg):
        return _is_float(node.this)
    if isinstance(node, exp.Mul | exp.Add | exp.Sub | exp.Div):
        return _is_float(node.left) or _is_float(node.right)
    return False
