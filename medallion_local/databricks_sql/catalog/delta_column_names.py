"""The characters that Delta and this warehouse refuse in the names of columns.

Source: https://docs.databricks.com/delta/column-mapping.html
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from medallion_local.databricks_sql.language.errors import SqlError, unsupported

_INVALID = frozenset(" ,;{}()\n\t=")


def check_column_names(fields: Iterable[pa.Field], properties: Mapping[str, str]) -> None:
    """Raise for names that a Delta table without column mapping cannot have."""
    if properties.get("delta.columnMapping.mode", "none").lower() != "none":
        return
    invalid = [name for field in fields for name in _names(field) if _INVALID & set(name)]
    if invalid:
        raise SqlError(
            "[DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES] Found invalid character(s) among "
            r"' ,;{}()\n\t=' in the column names of your schema. Invalid column names: "
            f"{', '.join(invalid)}. Please use other characters and try again. Alternatively, "
            "enable Column Mapping to keep using these characters."
        )


def check_partition_columns(names: Iterable[str]) -> None:
    """Raise for names that would be several folders. Databricks encodes them."""
    for name in names:
        if "/" in name:
            raise unsupported(f"a partition column with a slash in its name: `{name}`")


def _names(field: pa.Field) -> Iterable[str]:
    """The name of a column, and of the fields in its structs."""
    yield field.name
    yield from _inner(field.type)


def _inner(kind: pa.DataType) -> Iterable[str]:
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _names(field)
    elif pa.types.is_map(kind):
        yield from _inner(kind.key_type)
        yield from _inner(kind.item_type)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _inner(kind.value_type)
