"""The protocol's forms of a result: Arrow batches, or columns of values for clients without Arrow.

A client that does not read nested types, decimals or times as Arrow gets them as text. Nested
values are JSON, as Databricks sends them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import lz4.frame
import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes as t

from medallion_local.databricks_sql.types import thrift_type, type_name


@dataclass(frozen=True)
class Form:
    """What a client can read."""

    arrow: bool = True
    nested: bool = True
    decimals: bool = True
    times: bool = True
    compressed: bool = False

    @staticmethod
    def of(request: t.TExecuteStatementReq) -> "Form":
        """The form that an ExecuteStatement asks for."""
        native = request.useArrowNativeTypes or t.TSparkArrowTypes()
        return Form(
            arrow=bool(request.canReadArrowResult),
            nested=native.complexTypesAsArrow is True,
            decimals=native.decimalAsArrow is True,
            times=native.timestampAsArrow is True,
            compressed=request.canDecompressLZ4Result is True,
        )

    def sent(self, kind: pa.DataType) -> pa.DataType:
        """The type in which a column of that type is sent as Arrow."""
        if pa.types.is_nested(kind):
            return kind if self.nested else pa.string()
        if pa.types.is_decimal(kind):
            return kind if self.decimals else pa.string()
        if pa.types.is_timestamp(kind):
            return kind if self.times else pa.string()
        if pa.types.is_duration(kind) or pa.types.is_interval(kind):
            return pa.string()
        return kind


def metadata(schema: pa.Schema, form: Form) -> t.TGetResultSetMetadataResp:
    """The columns of a result."""
    columns = [
        t.TColumnDesc(columnName=f.name, typeDesc=thrift_type(f.type), position=position)
        for position, f in enumerate(schema, start=1)
    ]
    kind = t.TSparkRowSetType
    return t.TGetResultSetMetadataResp(
        status=t.TStatus(statusCode=t.TStatusCode.SUCCESS_STATUS),
        schema=t.TTableSchema(columns=columns),
        resultFormat=kind.ARROW_BASED_SET if form.arrow else kind.COLUMN_BASED_SET,
        lz4Compressed=form.arrow and form.compressed,
        arrowSchema=arrow_schema(schema, form).serialize().to_pybytes() if form.arrow else None,
    )


def arrow_schema(schema: pa.Schema, form: Form) -> pa.Schema:
    """The schema of the Arrow batches. Each field names its Databricks type, as drivers expect."""
    return pa.schema(
        [
            pa.field(f.name, form.sent(f.type), f.nullable, {b"Spark:DataType:SqlName": name})
            for f in schema
            for name in [type_name(f.type).upper().encode()]
        ]
    )


def row_set(start: int, batches: list[pa.RecordBatch], schema: pa.Schema, form: Form) -> t.TRowSet:
    """Some batches of a result."""
    if not form.arrow:
        table = pa.Table.from_batches(batches, schema)
        columns = [_column(array) for array in table.columns]
        return t.TRowSet(startRowOffset=start, rows=[], columns=columns, columnCount=len(columns))
    if any(form.sent(f.type) != f.type for f in schema):
        sent = arrow_schema(schema, form)
        batches = [_as_text(batch, sent) for batch in batches]
    return t.TRowSet(
        startRowOffset=start,
        rows=[],
        arrowBatches=[
            t.TSparkArrowBatch(batch=_message(batch, form), rowCount=batch.num_rows)
            for batch in batches
        ],
    )


def _message(batch: pa.RecordBatch, form: Form) -> bytes:
    message = batch.serialize()
    return lz4.frame.compress(message) if form.compressed else message.to_pybytes()


def _as_text(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        column if column.type == field.type else pa.array(texts(column), pa.string())
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def texts(column: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """The values of a column as text; those of nested types are JSON."""
    show = _shown(column.type)
    return [None if value is None else show(value) for value in column.to_pylist()]


def _shown(kind: pa.DataType) -> Callable:
    if pa.types.is_nested(kind):
        return lambda value: json.dumps(
            _json(value, kind), separators=(",", ":"), ensure_ascii=False
        )
    if pa.types.is_timestamp(kind):
        return _time
    if pa.types.is_boolean(kind):
        return lambda value: "true" if value else "false"
    if pa.types.is_decimal(kind):
        return lambda value: format(value, "f")
    if pa.types.is_binary(kind):
        return lambda value: value.decode("utf-8", "replace")
    return str


def _json(value: object, kind: pa.DataType) -> object:
    """A nested value as JSON has it."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        assert isinstance(value, list)
        key = _shown(kind.key_type)
        return {key(k): _json(v, kind.item_type) for k, v in value}
    if pa.types.is_struct(kind):
        assert isinstance(value, dict)
        return {field.name: _json(value[field.name], field.type) for field in kind}
    if isinstance(value, list):
        return [_json(item, kind.value_type) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | bytes):
        return _shown(kind)(value)
    return value


def _time(value: datetime) -> str:
    """Without a zone, and with only the digits of the fraction that count."""
    text = value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return text.rstrip("0").rstrip(".")


def _column(values: pa.ChunkedArray) -> t.TColumn:
    """A column of values with a bit for each NULL, the first one lowest."""
    kind = values.type
    absent = values.is_null().to_pylist()
    bits = bytearray((len(absent) + 7) // 8)
    for place, null in enumerate(absent):
        bits[place // 8] |= null << place % 8
    nulls = bytes(bits)
    if pa.types.is_boolean(kind):
        return t.TColumn(boolVal=t.TBoolColumn(_filled(values, False), nulls))
    if kind == pa.int8():
        return t.TColumn(byteVal=t.TByteColumn(_filled(values, 0), nulls))
    if kind == pa.int16():
        return t.TColumn(i16Val=t.TI16Column(_filled(values, 0), nulls))
    if kind == pa.int32():
        return t.TColumn(i32Val=t.TI32Column(_filled(values, 0), nulls))
    if kind == pa.int64():
        return t.TColumn(i64Val=t.TI64Column(_filled(values, 0), nulls))
    if pa.types.is_floating(kind):
        return t.TColumn(doubleVal=t.TDoubleColumn(_filled(values, 0.0), nulls))
    if pa.types.is_binary(kind):
        return t.TColumn(binaryVal=t.TBinaryColumn(_filled(values, b""), nulls))
    shown = ["" if text is None else text for text in texts(values)]
    return t.TColumn(stringVal=t.TStringColumn(shown, nulls))


def _filled(values: pa.ChunkedArray, default: object) -> list:
    return [default if value is None else value for value in values.to_pylist()]
