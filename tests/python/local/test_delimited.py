"""Delimited text: a well-formed file is read; a damaged file is an error with its line."""

import csv
import io
import random
from pathlib import Path

import pytest

from medallion_local.delimited import DelimitedTextError, read, records, same_width

DAMAGED = {
    "an unclosed quote before lines without quotes": (
        'a,b\n1,x\n2,"y\n3,z\n',
        "line 3: the quoted field that begins with 'y' is not closed before the end of the file",
    ),
    "the file ends inside a quoted field": ('a,b\n1,"x', "line 2: .* is not closed before the end"),
    "the file ends after an opening quote": ('a,b\n1,"', "line 2: .* is not closed before the end"),
    "an unclosed quote before a quoted field": (
        'a,b\n1,"x\n2,"y"\n',
        "line 2: 'y\"' follows the closing quote of the field that begins with 'x'",
    ),
    "an unclosed quote before a quoted field at the beginning of a line": (
        '"1,x\n"2",y\n',
        "line 1: '2\",y' follows the closing quote",
    ),
    "an unclosed quote before an empty quoted field": (
        'a,b\n1,"x\n2,""\n3,y\n',
        "line 2: .* is not closed",
    ),
    "text after a closing quote": ('a,b\n1,"x"y\n', "line 2: 'y' follows the closing quote"),
    "a blank after a closing quote": ('a,b\n1,"x" \n', "line 2: ' ' follows the closing quote"),
    "a quote inside an unquoted field": ('a,b\n1,5" disk\n', "line 2: there is a quote inside"),
    "an unescaped quote inside a quoted field": ('a,b\n1,"5" disk"\n', "line 2: ' disk\"' follows"),
    "fewer fields": ('a,b\n"1\n1",x\n2\n', "line 4: the record has 1 fields, and 2 are expected"),
    "more fields": ("a,b\n1,x,y\n", "line 2: the record has 3 fields, and 2 are expected"),
    "a last row cut short": ("a,b\n1,x\n2", "line 3: the record has 1 fields"),
    "a line of blanks": ("a,b\n  \n", "line 2: the record has 1 fields"),
    "zeros after the last row": ("a,b\n1,x\n\0\0\0", "line 3: the record has 1 fields"),
    "bytes that are not UTF-8": (b"a,b\n1,x\n2,\xe4\n", "line 3: it is not UTF-8 text"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_an_error_with_its_line(tmp_path: Path, name: str) -> None:
    content, message = DAMAGED[name]
    file = tmp_path / "a.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DelimitedTextError, match=message):
        list(same_width(read(file), 2))


def test_well_formed_text_is_read_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    text = '\ufeffa,b\r\n\r\n"x\r\ny ""z""","1,2"\r\n,""\r\n3, '
    file.write_text(text, encoding="utf-8", newline="")
    assert list(read(file)) == [
        (1, ["a", "b"]),
        (3, ['x\r\ny "z"', "1,2"]),
        (5, [None, ""]),
        (6, ["3", " "]),
    ]
    rng = random.Random(1)
    for _ in range(300):
        rows = [
            ["".join(rng.choices('ab",;\n\r \u00e4', k=rng.randint(0, 6))) for _ in range(3)]
            for _ in range(4)
        ]
        out = io.StringIO(newline="")
        csv.writer(out, quoting=rng.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))).writerows(rows)
        found = records(io.StringIO(out.getvalue(), newline=""))
        assert [[field or "" for field in fields] for _, fields in found] == rows


def test_another_escape_and_no_quote_at_all() -> None:
    def fields(text: str, quote: str = '"') -> list[str | None]:
        return next(records([text], ";", quote, "\\"))[1]

    assert fields('"a\\"b";"c\\n";d\\') == ['a"b', "c\\n", "d\\"]
    assert fields('a"b;"c', quote="") == ['a"b', '"c']
    with pytest.raises(DelimitedTextError, match="not closed"):
        fields('"a\\";b')
    with pytest.raises(DelimitedTextError, match="follows the closing quote"):
        fields('"a""b";c')
    with pytest.raises(DelimitedTextError, match="not defined"):
        fields('"a\\\\";c')
