"""Small trees that rules build."""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.sail.kinds import Kind

_TYPES: dict[str, exp.DataType] = {}


def cast(node: exp.Expression, kind: Kind | str, tolerant: bool = False) -> exp.Expression:
    """CAST of a node to a type."""
    name = kind if isinstance(kind, str) else kind.sql
    made = _TYPES.get(name)
    if made is None:
        made = _TYPES[name] = exp.DataType.build(name, dialect="databricks")
    return (exp.TryCast if tolerant else exp.Cast)(this=node, to=made.copy())


def call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    """A call of a function."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def number(value: int) -> exp.Expression:
    """An integer literal."""
    literal = exp.Literal.number(abs(value))
    return exp.Neg(this=literal) if value < 0 else literal


def filled(formula: str, **values: exp.Expression) -> exp.Expression:
    """The formula's tree, in which a value replaces each name."""
    holder = exp.Paren(this=parse(f"SELECT {formula}").expressions[0])
    for column in list(holder.find_all(exp.Column)):
        if column.name in values:
            value = values[column.name]
            column.replace(value.copy() if value.parent is not None else value)
    return holder
