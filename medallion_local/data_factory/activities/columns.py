"""The column changes of a Copy: `additionalColumns`, and mappings by name.

Source: https://learn.microsoft.com/azure/data-factory/copy-activity-schema-and-type-mapping
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.values import to_text
from medallion_local.data_factory.activities.properties import only

TRANSLATOR = {"type", "mappings", "typeConversion", "typeConversionSettings"}
UNKNOWN_COLUMN = "2200"


def arranged(
    reader: pa.RecordBatchReader, source: dict[str, Any], translator: dict[str, Any], where: str
) -> pa.RecordBatchReader:
    """Add the source's additional columns, then keep only the mapped ones under their new names.

    Types do not change: `typeConversion` has no effect here.
    """
    added, mapped = _added(source, reader.schema, where), _mapped(translator, where)
    if not added and not mapped:
        return reader
    names = [*reader.schema.names, *(name for name, _ in added)]
    chosen = mapped or [(name, name) for name in names]
    for name, _ in chosen:
        if name not in names:
            raise ActivityError(
                f"The mapping in {where} names the column '{name}', "
                f"but the source has {', '.join(names)}.",
                UNKNOWN_COLUMN,
            )

    def change(batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name, value in added:
            columns[name] = (
                columns[value[1]] if isinstance(value, tuple) else _constant(value, batch.num_rows)
            )
        return pa.RecordBatch.from_arrays(
            [columns[name] for name, _ in chosen], [new for _, new in chosen]
        )

    empty = pa.RecordBatch.from_pylist([], schema=reader.schema)
    return pa.RecordBatchReader.from_batches(change(empty).schema, _each(reader, change))


def _each(reader: pa.RecordBatchReader, change: Any) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        yield change(batch)


def _constant(value: str, count: int) -> pa.Array:
    return pa.array([value] * count, pa.string())


def _added(
    source: dict[str, Any], schema: pa.Schema, where: str
) -> list[tuple[str, str | tuple[str, str]]]:
    """Names and values: a text, or `("column", name)` for the copy of a column."""
    found: list[tuple[str, str | tuple[str, str]]] = []
    for one in source.get("additionalColumns") or []:
        value = to_text(one.get("value"))
        if value.startswith("$$COLUMN:"):
            column = value.removeprefix("$$COLUMN:")
            if column not in schema.names:
                raise ActivityError(f"No column '{column}' to copy in {where}.", UNKNOWN_COLUMN)
            found.append((one["name"], ("column", column)))
        elif value.startswith("$$"):
            raise not_supported("Additional column", value, where)
        else:
            found.append((one["name"], value))
    return found


def _mapped(translator: dict[str, Any], where: str) -> list[tuple[str, str]]:
    """The source's and the sink's name of each mapped column; empty without a mapping."""
    if not translator:
        return []
    only(translator, TRANSLATOR, where)
    if translator.get("type") != "TabularTranslator":
        raise not_supported("Translator", str(translator.get("type")), where)
    sides = [(one["source"], one["sink"]) for one in translator.get("mappings") or []]
    for side in (one for pair in sides for one in pair):
        if "name" not in side:
            raise not_supported("Mapping without a column's name", str(side), where)
    return [(source["name"], sink["name"]) for source, sink in sides]
