"""The types of expressions in a resolved tree, as Spark sees them."""

from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

_T = exp.DataType.Type
_NAMES = {
    _T.BOOLEAN: "boolean",
    _T.TINYINT: "tinyint",
    _T.SMALLINT: "smallint",
    _T.INT: "int",
    _T.BIGINT: "bigint",
    _T.FLOAT: "float",
    _T.DOUBLE: "double",
    _T.TEXT: "string",
    _T.VARCHAR: "string",
    _T.CHAR: "string",
    _T.NCHAR: "string",
    _T.BINARY: "binary",
    _T.VARBINARY: "binary",
    _T.DATE: "date",
    _T.TIMESTAMP: "timestamp",
    _T.TIMESTAMPTZ: "timestamp",
    _T.TIMESTAMPLTZ: "timestamp",
    _T.TIMESTAMPNTZ: "timestamp_ntz",
    _T.NULL: "void",
    _T.INTERVAL: "interval",
}


@dataclass(frozen=True)
class Kind:
    """A type: its Databricks name, a decimal's digits, and the types inside a nested one."""

    name: str
    precision: int = 0
    scale: int = 0
    inner: tuple["Kind", ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The type as SQL writes it."""
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.name in ("array", "map"):
            return f"{self.name}<{', '.join(each.sql for each in self.inner)}>"
        if self.name == "struct":
            pairs = zip(self.fields, self.inner, strict=True)
            return f"struct<{', '.join(f'`{name}`: {kind.sql}' for name, kind in pairs)}>"
        return self.name

    @property
    def is_integral(self) -> bool:
        """Whether it is one of the four integers."""
        return self.name in INTEGERS

    @property
    def is_numeric(self) -> bool:
        """Whether it is a number of any type."""
        return self.name in INTEGERS or self.name in ("decimal", "float", "double")

    @property
    def is_known(self) -> bool:
        """Whether the type could be inferred."""
        return self is not UNKNOWN


UNKNOWN = Kind("unknown")
VOID = Kind("void")
_SIMPLE = {kind: Kind(name) for kind, name in _NAMES.items()}
INTEGERS = {"tinyint": 1, "smallint": 2, "int": 3, "bigint": 4}  # by size


@lru_cache(maxsize=2048)
def kind_of_name(text: str) -> Kind:
    """The type that Databricks prints as `text`, for example `array<int>`."""
    try:
        return kind_of_type(exp.DataType.build(text, dialect="databricks"))
    except Exception:
        return UNKNOWN


def kind_of_type(given: exp.DataType) -> Kind:
    """The type of a cast or a column."""
    inner = given.expressions
    if not inner and given.this in _NAMES:
        return _SIMPLE[given.this]
    if given.this == _T.DECIMAL:
        digits = [int(part.name) for part in inner if part.name.isdigit()]
        return Kind("decimal", *([*digits, 0][:2] if digits else (10, 0)))
    if given.this in (_T.ARRAY, _T.LIST, _T.MAP):
        kinds = tuple(kind_of_type(part) for part in inner if isinstance(part, exp.DataType))
        return Kind("map" if given.this == _T.MAP else "array", inner=kinds)
    if given.this == _T.STRUCT:
        return Kind(
            "struct",
            inner=tuple(kind_of_type(part.args["kind"]) for part in inner),
            fields=tuple(part.name for part in inner),
        )
    if isinstance(given, exp.Interval) or isinstance(given.this, exp.Interval):
        return Kind("interval")
    return _SIMPLE.get(given.this, UNKNOWN)
