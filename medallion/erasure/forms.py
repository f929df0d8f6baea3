"""The byte forms in which a text value can be in a file, and whether a text contains a value."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 4  # characters; a shorter value is found by chance in any large file
_STATISTICS = 32  # characters of a text that Delta keeps as a file's minimum or maximum


class Values:
    """A person's values, ready to be searched for. The case of letters counts."""

    def __init__(self, values: Iterable[str]) -> None:
        self.all = frozenset(value for value in values if value.strip())
        self.short = frozenset(value for value in self.all if len(value) < SHORTEST)
        self._forms = {form: value for value in self.all for form in _forms(value)}
        words = sorted(self._forms, key=len, reverse=True)
        pattern = "|".join(map(re.escape, words))
        self._in_text = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") if words else None
        self._bytes = {
            form.encode(encoding): value
            for form, value in self._forms.items()
            if value not in self.short
            for encoding in ("utf-8", "utf-16-le")
        }

    def in_cell(self, text: str) -> set[str]:
        """The values that a column's text is or contains; short ones only if they are all of it."""
        if text in self.short:
            return {text}
        return self._found(text)

    def in_bytes(self, content: bytes) -> set[str]:
        """The values in a file's bytes, short ones excepted. In a text they must be whole words."""
        candidates = {value for form, value in self._bytes.items() if form in content}
        if not candidates:
            return set()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return candidates
        return candidates if "\0" in text else candidates & self._found(text)

    def _found(self, text: str) -> set[str]:
        if self._in_text is None:
            return set()
        found = {self._forms[one] for one in self._in_text.findall(text)}
        return found - self.short


ENCODINGS = (
    "cells of Parquet files, decoded; bytes as UTF-8 and UTF-16; escaped as in JSON, HTML and "
    "URLs; gzip, unpacked"
)


def _forms(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield html.escape(value)
    yield quote(value)
    yield quote_plus(value)
    if len(value) > _STATISTICS:
        yield value[:_STATISTICS]
