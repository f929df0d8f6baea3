"""The name that Spark gives to a selected expression without an alias.

Source: https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/catalyst/util/package.scala
(`toPrettySQL`)
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render

_LITERALS = {"DATE", "TIMESTAMP", "TIMESTAMP_NTZ"}


def column_name(node: exp.Expression) -> str:
    """The column's name. Qualifiers and quotes of texts are left out, as in Spark."""
    if isinstance(node, exp.Column):
        return node.name
    if isinstance(node, exp.Literal):
        return node.name
    if isinstance(node, exp.Paren | exp.Alias):
        return column_name(node.this)
    if isinstance(node, exp.Cast):
        kind = render(node.to)
        literal = node.this.is_string and kind in _LITERALS and "::" not in node.meta
        if literal:
            return f"{kind} '{node.this.name}'"
        return f"{_cast(node)}({column_name(node.this)} AS {kind})"
    if isinstance(node, exp.Neg):
        return f"(- {column_name(node.this)})"
    if isinstance(node, exp.Not):
        return f"(NOT {column_name(node.this)})"
    if isinstance(node, exp.Anonymous):
        return f"{node.name}({', '.join(column_name(each) for each in node.expressions)})"
    if isinstance(node, exp.Binary) and type(node) in _SIGNS:
        return f"({column_name(node.left)} {_SIGNS[type(node)]} {column_name(node.right)})"
    return render(node)


def _cast(node: exp.Cast) -> str:
    return "TRY_CAST" if isinstance(node, exp.TryCast) else "CAST"


_SIGNS: dict[type[exp.Expression], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.IntDiv: "div",
    exp.Mod: "%",
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.And: "AND",
    exp.Or: "OR",
    exp.BitwiseAnd: "&",
    exp.BitwiseOr: "|",
    exp.BitwiseXor: "^",
    exp.JSONExtract: ":",
}
