"""Results whose timestamps carry the session's time zone, as a SQL warehouse sends them."""

import re
from collections.abc import Iterator

import pyarrow as pa

from medallion_local.databricks_sql.engine import Result

_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::(\d{2}))?(?::\d{2})?")


def shown_in(zone: str, result: Result) -> Result:
    """`result` with its timestamps in `zone`. The moments stay the same."""
    if zone == "UTC":
        return result
    if offset := _OFFSET.fullmatch(zone):
        sign, hours, minutes = offset.groups()
        zone = f"{sign}{int(hours):02d}:{minutes or '00'}"
    schema = pa.schema([pa.field(f.name, _zoned(f.type, zone)) for f in result.schema])
    if schema.equals(result.schema):
        return result

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for batch in result.batches:
                arrays = [c.cast(f.type) for c, f in zip(batch.columns, schema, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        finally:
            close = getattr(result.batches, "close", None)
            if close is not None:
                close()

    return Result(schema, batches())


def _zoned(kind: pa.DataType, zone: str) -> pa.DataType:
    if pa.types.is_timestamp(kind) and kind.tz:
        return pa.timestamp("us", zone)
    if pa.types.is_list(kind):
        return pa.list_(pa.field(kind.value_field.name, _zoned(kind.value_type, zone)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, _zoned(f.type, zone)) for f in kind])
    if pa.types.is_map(kind):
        return pa.map_(_zoned(kind.key_type, zone), _zoned(kind.item_type, zone))
    return kind
