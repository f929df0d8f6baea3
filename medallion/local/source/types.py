"""T-SQL's types: their names, the catalogue's facts about them, and DuckDB's types for them.

Facts after https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-types-transact-sql
"""

from dataclasses import dataclass

from sqlglot import exp

from medallion.errors import MedallionError

Kind = exp.DataType.Type
TEXT = {Kind.VARCHAR, Kind.NVARCHAR, Kind.CHAR, Kind.NCHAR, Kind.TEXT}
NATIONAL = {Kind.NVARCHAR, Kind.NCHAR}
BINARY = {Kind.BINARY, Kind.VARBINARY}

# Name: id in sys.types, bytes, precision and scale; 0 bytes where the length is the type's own.
CATALOGUE = {
    "date": (40, 3, 10, 0),
    "time": (41, 5, 16, 7),
    "datetime2": (42, 8, 27, 7),
    "datetimeoffset": (43, 10, 34, 7),
    "tinyint": (48, 1, 3, 0),
    "smallint": (52, 2, 5, 0),
    "int": (56, 4, 10, 0),
    "smalldatetime": (58, 4, 16, 0),
    "real": (59, 4, 24, 0),
    "money": (60, 8, 19, 4),
    "datetime": (61, 8, 23, 3),
    "float": (62, 8, 53, 0),
    "bit": (104, 1, 1, 0),
    "decimal": (106, 17, 38, 0),
    "numeric": (108, 17, 38, 0),
    "smallmoney": (122, 4, 10, 4),
    "bigint": (127, 8, 19, 0),
    "varbinary": (165, 0, 0, 0),
    "varchar": (167, 0, 0, 0),
    "binary": (173, 0, 0, 0),
    "char": (175, 0, 0, 0),
    "nvarchar": (231, 0, 0, 0),
    "nchar": (239, 0, 0, 0),
    "uniqueidentifier": (36, 16, 0, 0),
}
NAMES = {
    Kind.INT: "int",
    Kind.UTINYINT: "tinyint",
    Kind.DECIMAL: "decimal",  # the parser does not tell numeric from decimal
    Kind.DOUBLE: "float",
    Kind.TIMESTAMPTZ: "datetimeoffset",
    Kind.UUID: "uniqueidentifier",
}
# Types of T-SQL whose DuckDB name differs from sqlglot's, or whose parameters DuckDB refuses.
DUCKDB = {
    "bit": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "datetime2": "TIMESTAMP",
    "smalldatetime": "TIMESTAMP",
    "tinyint": "UTINYINT",
    "time": "TIME",
    "datetimeoffset": "TIMESTAMPTZ",
    "float": "DOUBLE",
    "money": "DECIMAL(19,4)",
    "smallmoney": "DECIMAL(10,4)",
    "uniqueidentifier": "UUID",
}
MAX = -1


@dataclass(frozen=True)
class Facts:
    """What sys.columns says of a column's type; `max_length` in bytes, -1 for `max`."""

    name: str
    max_length: int
    precision: int
    scale: int

    @property
    def text(self) -> str:
        """The type as T-SQL writes it: `nvarchar(200)`, `decimal(10,2)`."""
        if self.name in ("decimal", "numeric"):
            return f"{self.name}({self.precision},{self.scale})"
        if self.name in ("time", "datetime2", "datetimeoffset"):
            return f"{self.name}({self.scale})"
        if CATALOGUE[self.name][1]:
            return self.name
        chars = self.max_length // 2 if self.name in ("nchar", "nvarchar") else self.max_length
        return f"{self.name}({'max' if self.max_length == MAX else chars})"

    @property
    def max_chars(self) -> int | None:
        """How many characters a text holds; None for `max` and for other types."""
        if self.max_length == MAX or self.name not in ("char", "varchar", "nchar", "nvarchar"):
            return None
        return self.max_length // 2 if self.name in ("nchar", "nvarchar") else self.max_length


def name(kind: exp.DataType) -> str:
    """The type's bare name in T-SQL, in lower case."""
    return NAMES.get(kind.this) or kind.this.value.lower()


def facts(kind: exp.DataType) -> Facts:
    """The facts of a column's declared type; a sentence for a type that the stand-in lacks."""
    found = name(kind)
    if found not in CATALOGUE:
        raise MedallionError(
            f"the column type {kind.sql(dialect='tsql').lower()!r} is not supported by the "
            f"stand-in: it knows {', '.join(sorted(CATALOGUE))}"
        )
    _, length, precision, scale = CATALOGUE[found]
    numbers = [p.name.lower() for p in kind.expressions]
    if length == 0:
        count = 1 if not numbers else MAX if numbers[0] == "max" else int(numbers[0])
        wide = 2 if kind.this in NATIONAL and count != MAX else 1
        return Facts(found, count * wide, 0, 0)
    if found == "decimal":
        precision = int(numbers[0]) if numbers else 18
        scale = int(numbers[1]) if len(numbers) > 1 else 0
        length = next(b for limit, b in ((9, 5), (19, 9), (28, 13), (38, 17)) if precision <= limit)
    elif numbers and found in ("time", "datetime2", "datetimeoffset"):
        less = 7 - int(numbers[0])
        scale -= less
        precision -= less + (1 if scale == 0 else 0)  # without its decimal point
        length -= 2 if scale <= 2 else 1 if scale <= 4 else 0
    return Facts(found, length, precision, scale)


def duckdb_type(kind: exp.DataType) -> str:
    """The DuckDB type of a T-SQL column or cast."""
    if kind.this in TEXT:
        return "VARCHAR"
    if kind.this in BINARY:
        return "BLOB"
    if kind.this is Kind.DECIMAL:
        found = facts(kind)
        return f"DECIMAL({found.precision},{found.scale})"
    return DUCKDB.get(name(kind)) or kind.sql(dialect="duckdb")
