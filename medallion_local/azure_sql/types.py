"""T-SQL's types: their names, their catalogue properties, and the DuckDB types that store them.

Facts after https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-types-transact-sql
"""

from dataclasses import dataclass

from sqlglot import exp

from medallion_local.tsql.types import MAX, NATIONAL, SCALED, type_of

# Name: id in sys.types, bytes, precision and scale; 0 bytes if the type's length is declared.
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


@dataclass(frozen=True)
class Facts:
    """A column type's properties in sys.columns; `max_length` in bytes, -1 for `max`."""

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
        """The maximum number of characters of a text; None for `max` and for other types."""
        if self.max_length == MAX or self.name not in ("char", "varchar", "nchar", "nvarchar"):
            return None
        return self.max_length // 2 if self.name in ("nchar", "nvarchar") else self.max_length


def facts(kind: exp.DataType) -> Facts:
    """The properties of a column's declared type. Raises if the type is not supported."""
    found = type_of(kind, in_cast=False)
    _, length, precision, scale = CATALOGUE[found.name]
    if length == 0:
        wide = 2 if found.name in NATIONAL and found.length != MAX else 1
        return Facts(found.name, found.length * wide, 0, 0)
    if found.name == "decimal":
        precision, scale = found.precision, found.scale
        length = next(b for limit, b in ((9, 5), (19, 9), (28, 13), (38, 17)) if precision <= limit)
    elif found.name in SCALED:
        less = 7 - found.scale
        scale -= less
        precision -= less + (1 if scale == 0 else 0)  # without its decimal point
        length -= 2 if scale <= 2 else 1 if scale <= 4 else 0
    return Facts(found.name, length, precision, scale)


def duckdb_type(kind: exp.DataType) -> str:
    """The DuckDB type of a T-SQL column."""
    return type_of(kind, in_cast=False).engine
