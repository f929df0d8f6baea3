"""SQL Server's types: precedence, result types, and the DuckDB types that hold the values.

https://learn.microsoft.com/sql/t-sql/data-types/data-type-precedence-transact-sql
https://learn.microsoft.com/sql/t-sql/data-types/precision-scale-and-length-transact-sql
"""

from dataclasses import dataclass, replace

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.tsql.errors import brief, unsupported

MAX = -1
PRECEDENCE = (
    *("datetimeoffset", "datetime2", "datetime", "smalldatetime", "date", "time", "float", "real"),
    *("decimal", "money", "smallmoney", "bigint", "int", "smallint", "tinyint", "bit"),
    *("uniqueidentifier", "nvarchar", "nchar", "varchar", "char", "varbinary", "binary", "null"),
)
INTEGERS = {"bigint": 19, "int": 10, "smallint": 5, "tinyint": 3}  # with their number of digits
MONEY = {"money", "smallmoney"}
FLOATS = {"float", "real"}
NUMBERS = {*INTEGERS, *MONEY, *FLOATS, "decimal", "bit"}
NATIONAL = {"nvarchar", "nchar"}
TEXT = {*NATIONAL, "varchar", "char"}
BINARY = {"binary", "varbinary"}
MOMENTS = {"datetimeoffset", "datetime2", "datetime", "smalldatetime", "date", "time"}
SCALED = {"datetimeoffset", "datetime2", "time"}
# Type name: the DuckDB type of its values.
ENGINE = {
    "bit": "BOOLEAN",
    "tinyint": "UTINYINT",
    "smallint": "SMALLINT",
    "int": "INT",
    "bigint": "BIGINT",
    "float": "DOUBLE",
    "real": "FLOAT",
    "money": "DECIMAL(19,4)",
    "smallmoney": "DECIMAL(10,4)",
    "date": "DATE",
    "time": "TIME",
    "datetime": "TIMESTAMP",
    "smalldatetime": "TIMESTAMP",
    "datetime2": "TIMESTAMP",
    "datetimeoffset": "STRUCT(utc TIMESTAMP, minutes SMALLINT)",
    "uniqueidentifier": "UUID",
    "null": "INTEGER",
    "decimal": "DECIMAL",
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar"), "VARCHAR"),
    **dict.fromkeys(("binary", "varbinary"), "BLOB"),
}
_Kind = exp.DataType.Type
_NAMES = {
    _Kind.UTINYINT: "tinyint",
    _Kind.DOUBLE: "float",
    _Kind.FLOAT: "real",
    _Kind.TIMESTAMPTZ: "datetimeoffset",
    _Kind.UUID: "uniqueidentifier",
}


@dataclass(frozen=True)
class Type:
    """A type; `length` in characters or bytes, MAX for `max`; `scale` for decimals and times."""

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0

    @property
    def engine(self) -> str:
        """The DuckDB type."""
        if self.name == "decimal":
            return f"DECIMAL({self.precision},{self.scale})"
        return ENGINE[self.name]

    @property
    def text(self) -> str:
        """The type as T-SQL writes it."""
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.name in SCALED:
            return f"{self.name}({self.scale})"
        if self.name in TEXT | BINARY:
            return f"{self.name}({'max' if self.length == MAX else self.length})"
        return self.name

    @property
    def rank(self) -> int:
        """The precedence: a lower number has precedence."""
        return PRECEDENCE.index(self.name)

    @property
    def limit(self) -> int:
        """The maximum length other than `max`."""
        return 4000 if self.name in NATIONAL else 8000


INT, BIGINT, BIT, FLOAT = Type("int"), Type("bigint"), Type("bit"), Type("float")
NULL = Type("null")
MONEY_TYPE = Type("money")
DATE, DATETIME = Type("date"), Type("datetime")
DATETIME2, DATETIMEOFFSET = Type("datetime2", scale=7), Type("datetimeoffset", scale=7)


def decimal(precision: int, scale: int) -> Type:
    """`decimal(precision, scale)`."""
    return Type("decimal", precision=precision, scale=scale)


def varchar(length: int) -> Type:
    """`varchar(length)`."""
    return Type("varchar", length)


def nvarchar(length: int) -> Type:
    """`nvarchar(length)`."""
    return Type("nvarchar", length)


def type_of(kind: exp.DataType, in_cast: bool = True) -> Type:
    """The type that a node declares. A text type without a length has 30 in a cast, else 1."""
    name = _NAMES.get(kind.this) or (kind.this.value.lower() if kind.this else "?")
    numbers = [p.name.lower() for p in kind.expressions]
    if name not in ENGINE or name == "null":
        raise unsupported(f"The type {kind.sql(dialect='tsql').lower()!r}")
    if name in TEXT | BINARY:
        if not numbers:
            return Type(name, 30 if in_cast else 1)
        length = MAX if numbers[0] == "max" else int(numbers[0])
        found = Type(name, length)
        if (length != MAX and not 1 <= length <= found.limit) or (
            length == MAX and name in ("char", "nchar", "binary")
        ):
            raise MedallionError(f"Msg 131: The size ({numbers[0]}) of the type '{name}' is wrong.")
        return found
    if name == "decimal":
        precision = int(numbers[0]) if numbers else 18
        scale = int(numbers[1]) if len(numbers) > 1 else 0
        if not 1 <= precision <= 38 or scale > precision:
            raise MedallionError(f"Msg 2750: decimal({precision},{scale}) is not a valid type.")
        return decimal(precision, scale)
    if name in SCALED:
        scale = int(numbers[0]) if numbers else 7
        if scale > 7:
            raise MedallionError(f"Msg 1002: Specified scale {scale} is invalid.")
        return Type(name, scale=scale)
    if name == "float" and numbers and int(numbers[0]) <= 24:
        return Type("real")
    return Type(name)


def named(name: str, max_length: int, precision: int, scale: int) -> Type:
    """The type that a row of sys.columns describes; `max_length` in bytes."""
    if name in TEXT | BINARY:
        half = name in NATIONAL and max_length != MAX
        return Type(name, max_length // 2 if half else max_length)
    if name in ("decimal", "numeric"):
        return decimal(precision, scale)
    return Type(name, scale=scale) if name in SCALED else Type(name)


def as_decimal(kind: Type, digits: int | None = None) -> Type:
    """The decimal type that holds a number. An integer constant has the width of its digits."""
    if kind.name == "decimal":
        return kind
    if kind.name in MONEY:
        return decimal(19 if kind.name == "money" else 10, 4)
    return decimal(digits or INTEGERS.get(kind.name, 1), 0)


def unified(kinds: list[Type], where: exp.Expression | str) -> Type:
    """The common type of values of all these types: for CASE, COALESCE, UNION and VALUES.

    `where` is in the error. A tree becomes text only then, because that takes long.
    """
    found = [k for k in kinds if k != NULL]
    if not found:
        return INT
    best = min(found, key=lambda k: k.rank)
    for kind in found:
        if not converts(kind, best):
            raise MedallionError(
                f"Msg 206: Operand type clash: {kind.name} is incompatible with {best.name} "
                f"in {where if isinstance(where, str) else brief(where)}."
            )
    if best.name in TEXT | BINARY:
        lengths = [k.length if k.name in TEXT | BINARY else 60 for k in found]
        length = MAX if MAX in lengths else max(lengths)
        # A column of char(n) of several lengths is varchar of the greatest length.
        if len({(k.name, k.length) for k in found}) > 1 and best.name in ("char", "nchar"):
            return Type(best.name, length)
        return Type(best.name, length if length == MAX else min(length, best.limit))
    if best.name == "decimal":
        all_of = [as_decimal(k) for k in found if k.name in NUMBERS - FLOATS]
        scale = max(k.scale for k in all_of)
        whole = max(k.precision - k.scale for k in all_of)
        return decimal(min(38, whole + scale), max(0, min(scale, 38 - whole)))
    if best.name in SCALED:
        scales = [k.scale if k.name in SCALED else 3 if k.name == "datetime" else 0 for k in found]
        return replace(best, scale=max(scales))
    return best


def converts(source: Type, to: Type) -> bool:
    """Whether SQL Server converts implicitly."""
    if source == NULL or source.name == to.name:
        return True
    a, b = source.name, to.name
    if a in TEXT:
        return b not in BINARY
    if b in TEXT:
        return a not in BINARY
    if a in NUMBERS and b in NUMBERS:
        return True
    if a in MOMENTS and b in MOMENTS:
        return {a, b} != {"date", "time"}
    if (a in NUMBERS - {"float", "real"} and b in BINARY) or (
        b in NUMBERS - FLOATS and a in BINARY
    ):
        return True
    if a in NUMBERS and b in ("datetime", "smalldatetime"):
        return True
    return a in BINARY and b in BINARY


def arithmetic(operator: str, left: Type, right: Type) -> Type:
    """The decimal type of `+ - * / %` of two decimals."""
    p1, s1, p2, s2 = left.precision, left.scale, right.precision, right.scale
    if operator in "+-":
        whole, scale = max(p1 - s1, p2 - s2), max(s1, s2)
        precision = whole + scale + 1
        if precision > 38:
            return decimal(38, min(scale, 38 - min(whole, 38)))
        return decimal(precision, scale)
    if operator == "%":
        scale = max(s1, s2)
        return decimal(min(38, min(p1 - s1, p2 - s2) + scale), scale)
    if operator == "*":
        precision, scale = p1 + p2 + 1, s1 + s2
    else:
        scale = max(6, s1 + p2 + 1)
        precision = p1 - s1 + s2 + scale
    if precision <= 38:
        return decimal(precision, scale)
    whole = precision - scale
    if whole < 32:
        return decimal(38, min(scale, 38 - whole))
    return decimal(38, min(scale, 6))


def parsed(text: str) -> Type:
    """A type from its text: `nvarchar(200)`, `decimal(10,2)`, `int`."""
    name, _, rest = text.partition("(")
    numbers = [MAX if n.strip() == "max" else int(n) for n in rest.rstrip(")").split(",") if n]
    if name in TEXT | BINARY:
        return Type(name, numbers[0])
    if name == "decimal":
        return decimal(numbers[0], numbers[1])
    return Type(name, scale=numbers[0]) if name in SCALED else Type(name)


def of_engine(engine: str) -> Type:
    """The T-SQL type of a system view's column, from its DuckDB type."""
    known = {
        "BOOLEAN": BIT,
        "UTINYINT": Type("tinyint"),
        "SMALLINT": Type("smallint"),
        "INTEGER": INT,
        "BIGINT": BIGINT,
        "HUGEINT": decimal(38, 0),
        "DOUBLE": FLOAT,
        "FLOAT": Type("real"),
        "DATE": DATE,
        "TIMESTAMP": DATETIME,
        "BLOB": Type("binary", 10),
        "VARCHAR": nvarchar(4000),
    }
    if engine.startswith("DECIMAL("):
        precision, scale = engine.removeprefix("DECIMAL(").rstrip(")").split(",")
        return decimal(int(precision), int(scale))
    if engine not in known:
        raise unsupported(f"A column of type {engine}")
    return known[engine]
