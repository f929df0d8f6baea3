"""Arrow values as SQL literals."""

import pyarrow as pa

from medallion_local.databricks_sql.language.dialect import literal
from medallion_local.databricks_sql.types import type_name


def sql_literal(value: pa.Scalar) -> str:
    """An expression that has the value and its type."""
    kind = value.type
    if value.is_valid and pa.types.is_list(kind):
        return (
            f"array({', '.join(sql_literal(each) for each in value)})"
            if len(value)
            else _typed("array()", kind)
        )
    if value.is_valid and pa.types.is_struct(kind):
        fields = ", ".join(f"{literal(name)}, {sql_literal(value[name])}" for name in value)
        return f"named_struct({fields})"
    if value.is_valid and pa.types.is_map(kind):
        keys = [sql_literal(value[n]["key"]) for n in range(len(value))]
        values = [sql_literal(value[n]["value"]) for n in range(len(value))]
        pairs = ", ".join(f"{key}, {each}" for key, each in zip(keys, values, strict=True))
        return f"map({pairs})"
    if not value.is_valid:
        return _typed("NULL", kind)
    if pa.types.is_binary(kind):
        return f"X'{value.as_py().hex()}'"
    if pa.types.is_string(kind):
        return literal(value.as_py())
    text = value.as_py()
    if pa.types.is_timestamp(kind):
        text = value.cast(pa.timestamp("us")).as_py()
    return _typed(literal(str(text)), kind)


def _typed(text: str, kind: pa.DataType) -> str:
    return f"CAST({text} AS {type_name(kind)})"
