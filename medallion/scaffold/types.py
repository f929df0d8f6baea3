"""SQL Server's types: their text, the lake's type for each, and how the source converts a value.

A value whose type Parquet, Delta or Data Factory cannot carry unchanged leaves the source as text,
so the lake has the same value in Azure and on the laptop.
Source: https://learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql
"""

import re
from dataclasses import dataclass

from medallion.errors import MedallionError

MAX = -1
LONGEST = 4000  # bytes of a served text: nvarchar in the dedicated pool ends there
_WIDE = ("nchar", "nvarchar")
_SIZED = ("char", "varchar", "binary", "varbinary", *_WIDE)
_SCALED = ("time", "datetime2", "datetimeoffset")
_DECIMALS = ("decimal", "numeric")
_SAME = {
    "bit": "boolean",
    "tinyint": "smallint",
    "smallint": "smallint",
    "int": "int",
    "bigint": "bigint",
    "real": "float",
    "float": "double",
    "money": "decimal(19,4)",
    "smallmoney": "decimal(10,4)",
    "date": "date",
    "datetime": "timestamp",
    "smalldatetime": "timestamp",
    "datetime2": "timestamp",
    **dict.fromkeys(("char", "varchar", *_WIDE), "string"),
}
# The T-SQL that writes a value as text. Its result has a fixed form: style 126 is ISO 8601, style 1
# is hexadecimal with 0x.
_TEXTS = {
    "uniqueidentifier": "CONVERT(char(36), {})",
    "time": "CONVERT(varchar(16), {}, 126)",
    "datetimeoffset": "CONVERT(varchar(34), {}, 126)",
    **dict.fromkeys(("binary", "varbinary", "timestamp"), "CONVERT(varchar(max), {}, 1)"),
    "image": "CONVERT(varchar(max), CONVERT(varbinary(max), {}), 1)",
    **dict.fromkeys(("text", "ntext", "xml", "sql_variant"), "CONVERT(nvarchar(max), {})"),
    **dict.fromkeys(("hierarchyid", "geometry", "geography"), "{}.ToString()"),
}
_LENGTHS = {"uniqueidentifier": 36, "time": 16, "datetimeoffset": 34, "timestamp": 18}


@dataclass(frozen=True)
class LakeType:
    """A column in the lake: its type in bronze and in silver, and a text's maximum UTF-8 bytes.

    `conversion` is the T-SQL that the source evaluates, with `{}` for the column; None for the
    value itself.
    """

    landed: str
    published: str
    max_bytes: int | None = None
    conversion: str | None = None


def type_text(name: str | None, max_length: int, precision: int, scale: int) -> str:
    """The type as the pipeline compares it, from a row of sys.columns; `max_length` in bytes."""
    if name in _DECIMALS:
        return f"{name}({precision},{scale})"
    if name in _SCALED:
        return f"{name}({scale})"
    if name in _SIZED:
        length = max_length // 2 if name in _WIDE and max_length != MAX else max_length
        return f"{name}({'max' if length == MAX else length})"
    return name or "a type that sys.types does not list"


def lake_type(text: str, where: str, is_key: bool = False) -> LakeType:
    """The lake's type for a T-SQL type. Raises `MedallionError` that names `where` if none exists.

    A key keeps its landed type, because bronze and silver compare it.
    """
    name, _, rest = text.partition("(")
    if name in _DECIMALS:
        kind = re.sub(r"^\w+", "decimal", text)
        return LakeType(kind, kind)
    if name in _SAME:
        kind = _SAME[name]
        return LakeType(kind, kind, _bytes(name, rest) if kind == "string" else None)
    if name in _TEXTS:
        published = "timestamp" if name == "datetimeoffset" and not is_key else "string"
        return LakeType(
            "string",
            published,
            _bytes(name, rest) if published == "string" else None,
            _TEXTS[name],
        )
    supported = sorted({*_SAME, *_TEXTS, *_DECIMALS})
    raise MedallionError(
        f"{where} has the type {text}, which the lake does not support: drop the column from the "
        f"capture instance, or convert it in the source to one of {', '.join(supported)}."
    )


def _bytes(name: str, rest: str) -> int:
    """The maximum length of a text in bytes of UTF-8; a character has at most three per unit."""
    if name in _LENGTHS:
        return _LENGTHS[name]
    length = rest.rstrip(")")
    if not length.isdigit():
        return LONGEST
    per_unit = 2 if name in ("binary", "varbinary") else 3
    prefix = 2 if name in ("binary", "varbinary") else 0
    return min(LONGEST, int(length) * per_unit + prefix)
