"""Databricks' names and the Thrift protocol's numbers for Arrow types."""

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes as thrift

from medallion_local.databricks_sql.language.errors import SqlError, unsupported

_NAMES = {
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.string_view(): "string",
    pa.binary(): "binary",
    pa.large_binary(): "binary",
    pa.binary_view(): "binary",
    pa.date32(): "date",
    pa.null(): "void",
}

_THRIFT = {
    "boolean": thrift.TTypeId.BOOLEAN_TYPE,
    "tinyint": thrift.TTypeId.TINYINT_TYPE,
    "smallint": thrift.TTypeId.SMALLINT_TYPE,
    "int": thrift.TTypeId.INT_TYPE,
    "bigint": thrift.TTypeId.BIGINT_TYPE,
    "float": thrift.TTypeId.FLOAT_TYPE,
    "double": thrift.TTypeId.DOUBLE_TYPE,
    "string": thrift.TTypeId.STRING_TYPE,
    "binary": thrift.TTypeId.BINARY_TYPE,
    "date": thrift.TTypeId.DATE_TYPE,
    "timestamp": thrift.TTypeId.TIMESTAMP_TYPE,
    "timestamp_ntz": thrift.TTypeId.TIMESTAMP_TYPE,
    "void": thrift.TTypeId.NULL_TYPE,
    "decimal": thrift.TTypeId.DECIMAL_TYPE,
    "array": thrift.TTypeId.ARRAY_TYPE,
    "map": thrift.TTypeId.MAP_TYPE,
    "struct": thrift.TTypeId.STRUCT_TYPE,
}


def type_name(kind: pa.DataType) -> str:
    """The Databricks name of an Arrow type, as DESCRIBE prints it."""
    if kind in _NAMES:
        return _NAMES[kind]
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"array<{type_name(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{type_name(kind.key_type)},{type_name(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{f.name}:{type_name(f.type)}' for f in kind)}>"
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return "interval"
    raise SqlError(f"[UNSUPPORTED_DATATYPE] The type {kind} has no Databricks name.")


def plain(kind: pa.DataType) -> pa.DataType:
    """The type as clients and Delta writers know it: without views and unsigned integers."""
    if kind in (pa.string_view(), pa.large_string()):
        return pa.string()
    if kind in (pa.binary_view(), pa.large_binary()):
        return pa.binary()
    if pa.types.is_unsigned_integer(kind):
        return pa.int64()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(pa.field("element", plain(kind.value_type), nullable=True))
    if pa.types.is_struct(kind):
        if any((f.metadata or {}).get(b"variant") == b"true" for f in kind):
            raise unsupported(
                "a VARIANT as a result or a column: use to_json, variant_get or a cast"
            )
        return pa.struct([pa.field(f.name, plain(f.type), nullable=True) for f in kind])
    if pa.types.is_map(kind):
        return pa.map_(plain(kind.key_type), plain(kind.item_type))
    return kind


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """`schema` with plain types, every column nullable."""
    return pa.schema([pa.field(f.name, plain(f.type)) for f in schema])


def thrift_type(kind: pa.DataType) -> thrift.TTypeDesc:
    """The protocol's description of a column's type."""
    number = _THRIFT.get(type_name(kind).split("(")[0].split("<")[0], thrift.TTypeId.STRING_TYPE)
    qualifiers = None
    if pa.types.is_decimal(kind):
        qualifiers = thrift.TTypeQualifiers(
            {
                "precision": thrift.TTypeQualifierValue(i32Value=kind.precision),
                "scale": thrift.TTypeQualifierValue(i32Value=kind.scale),
            }
        )
    entry = thrift.TPrimitiveTypeEntry(type=number, typeQualifiers=qualifiers)
    return thrift.TTypeDesc(types=[thrift.TTypeEntry(primitiveEntry=entry)])
