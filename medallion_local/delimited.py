"""Strict reading of delimited text (CSV): a damaged file is an error with its line, never a row.

An unclosed quote puts the following text into one field, up to the next quote or the end of the
file. It shows in one of four ways, and each is an error here: the file ends inside the field, text
follows the closing quote, a quote occurs inside an unquoted field, or a record does not have as
many fields as the first one. Source of the rules: https://www.rfc-editor.org/rfc/rfc4180
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

Record = tuple[int, list[str | None]]  # its first line's number, from 1, and its fields


class DelimitedTextError(ValueError):
    """A fault in a file, and its line."""

    def __init__(self, line: int, fault: str) -> None:
        super().__init__(f"line {line}: {fault}")


def read(file: Path, delimiter: str = ",", quote: str = '"', escape: str = '"') -> Iterator[Record]:
    """The records of a UTF-8 file, as `records` returns them. Raises `DelimitedTextError`."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        try:
            yield from records(opened, delimiter, quote, escape)
        except UnicodeDecodeError:
            raise DelimitedTextError(
                _first_line_that_is_not_utf8(file), "it is not UTF-8 text"
            ) from None


def records(
    lines: Iterable[str], delimiter: str = ",", quote: str = '"', escape: str = '"'
) -> Iterator[Record]:
    """The records of a text's lines. A field is None if it is empty and not quoted.

    Empty lines are skipped. `escape` precedes a quote inside a quoted field. An empty `quote` means
    that no field is quoted. Raises `DelimitedTextError`.
    """
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        if quote and quote in line:
            yield number, _with_quotes(number, line, numbered, delimiter, quote, escape)
        elif text := line.rstrip("\r\n"):
            yield number, [field or None for field in text.split(delimiter)]


def same_width(found: Iterable[Record], width: int) -> Iterator[Record]:
    """The same records. Raises `DelimitedTextError` for a record without `width` fields."""
    for number, fields in found:
        if len(fields) != width:
            raise DelimitedTextError(
                number, f"the record has {len(fields)} fields, and {width} are expected"
            )
        yield number, fields


def _with_quotes(
    number: int,
    text: str,
    following: Iterator[tuple[int, str]],
    delimiter: str,
    quote: str,
    escape: str,
) -> list[str | None]:
    """The fields of the record that begins with the line `text`. Reads further lines as needed."""
    fields: list[str | None] = []
    position, line = 0, number
    while True:
        if text.startswith(quote, position):
            begun, parts = line, []
            position += 1
            while True:
                inside = _inside(quote, escape).match(text, position)
                assert inside is not None  # it matches the empty text too
                parts.append(inside[0])
                position = inside.end()
                if position < len(text):
                    break
                line, text = next(following, (line, ""))
                position = 0
                if not text:
                    raise DelimitedTextError(
                        begun,
                        f"the quoted field that begins with {_shown(parts[0])} is not closed "
                        "before the end of the file",
                    )
            if not text.startswith(quote, position):
                raise DelimitedTextError(
                    line, f"the meaning of {escape * 2} inside a quoted field is not defined"
                )
            position += len(quote)
            if text[position : position + 1] not in (delimiter, "\r", "\n", ""):
                raise DelimitedTextError(
                    begun,
                    f"{_shown(text[position:])} follows the closing quote of the field that begins "
                    f"with {_shown(parts[0])}: a quote is missing, or one inside the field is "
                    "not escaped",
                )
            fields.append("".join(parts).replace(escape + quote, quote))
        else:
            end = text.find(delimiter, position)
            field = text[position:].rstrip("\r\n") if end < 0 else text[position:end]
            if quote in field:
                raise DelimitedTextError(
                    line, f"there is a quote inside the unquoted field {_shown(field)}"
                )
            fields.append(field or None)
            position += len(field)
        if not text.startswith(delimiter, position):
            return fields
        position += len(delimiter)


@cache
def _inside(quote: str, escape: str) -> re.Pattern[str]:
    """A pattern for a quoted field's text up to its closing quote, or up to a doubled escape."""
    q, e = re.escape(quote), re.escape(escape)
    if escape in ("", quote):
        return re.compile(f"(?:[^{q}]|{e}{q})*+" if escape else f"[^{q}]*+")
    return re.compile(f"(?:[^{q}{e}]|{e}{q}|{e}(?![{q}{e}]))*+")


def _shown(text: str) -> str:
    """The beginning of a text, for a message."""
    text = text.rstrip("\r\n").splitlines()[0] if text.strip("\r\n") else ""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _first_line_that_is_not_utf8(file: Path) -> int:
    with file.open("rb") as opened:
        for number, line in enumerate(opened, start=1):
            try:
                line.decode("utf-8-sig")
            except UnicodeDecodeError:
                return number
    return 1
