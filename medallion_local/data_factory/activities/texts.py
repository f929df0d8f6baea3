"""Text files that Data Factory reads as rows: JSON and delimited.

Sources: https://learn.microsoft.com/azure/data-factory/format-json and format-delimited-text
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medallion.adf.language.errors import ActivityError
from medallion_local import delimited

MISSING_FILE = "2011"
UNREADABLE = "2200"


def present(file: Path) -> Path:
    """Return the file, or raise an error when it does not exist."""
    if not file.is_file():
        raise ActivityError(f"The required file is missing: {file}.", MISSING_FILE)
    return file


def documents(file: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON file: one object, one array, or one object per line."""
    text = present(file).read_text(encoding="utf-8-sig").rstrip()
    decoder, position = json.JSONDecoder(), 0
    try:
        while position < len(text):
            skipped = len(text[position:]) - len(text[position:].lstrip())
            document, position = decoder.raw_decode(text, position + skipped)
            yield from document if isinstance(document, list) else [document]
    except ValueError:
        raise ActivityError(f"{file} is not JSON; restore or remove it.", UNREADABLE) from None


def delimited_rows(file: Path, properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a delimited text, as its dataset describes it; every value is a text or null.

    Without `firstRowAsHeader` the columns are `Prop_0`, `Prop_1`, …. Missing values at the end of a
    row are null. A row with more values than columns, or a quote that is not closed, is an error.
    """
    null = properties.get("nullValue")
    records = delimited.read(
        present(file),
        properties.get("columnDelimiter", ","),
        properties.get("quoteChar", '"'),
        properties.get("escapeChar", "\\"),
    )
    names: list[str] = []
    try:
        for number, (line, fields) in enumerate(records):
            values = [field or "" for field in fields]
            if not number and properties.get("firstRowAsHeader"):
                names = values
                continue
            columns = names or [f"Prop_{place}" for place in range(len(values))]
            if len(values) > len(columns):
                raise ActivityError(
                    f"{file} has {len(values)} values in line {line}, but {len(columns)} columns.",
                    UNREADABLE,
                )
            shown = [None if value == null else value for value in values]
            yield dict(zip(columns, [*shown, *[None] * (len(columns) - len(values))], strict=True))
    except delimited.DelimitedTextError as error:
        raise ActivityError(f"{file} is damaged in {error}.", UNREADABLE) from None
