"""Places where plain text is an expression: the engine and the check agree on all of them."""

from typing import Any

import pytest

from medallion.adf.check.texts import texts
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.places import ROOTS, Place

TEXT = "@concat('a', 'b')"
# The kind of resource, the keys that lead to the text, and whether the text is evaluated.
PLACES: list[tuple[str, tuple[str | int, ...], bool]] = [
    ("dataset", ("typeProperties", "folderPath"), True),
    ("dataset", ("typeProperties", "location", "fileName"), True),
    ("dataset", ("typeProperties", "schema"), True),
    ("dataset", ("linkedServiceName", "parameters", "type"), True),
    ("dataset", ("linkedServiceName", "referenceName"), False),
    ("dataset", ("description",), False),
    ("dataset", ("folder", "name"), False),
    ("dataset", ("schema", 0, "name"), False),
    ("dataset", ("parameters", "path", "defaultValue"), False),
    ("linkedService", ("typeProperties", "url"), True),
    ("linkedService", ("annotations", 0), False),
    ("pipeline", ("activities", 0, "typeProperties", "url"), True),
    ("pipeline", ("activities", 0, "typeProperties", "sink", "sqlWriterTableType"), True),
    ("pipeline", ("activities", 0, "typeProperties", "headers", "name"), True),
    ("pipeline", ("activities", 0, "typeProperties", "body", "translator"), True),
    ("pipeline", ("activities", 0, "typeProperties", "value", "type"), True),
    ("pipeline", ("activities", 0, "typeProperties", "source", "type"), False),
    (
        "pipeline",
        ("activities", 0, "typeProperties", "translator", "mappings", 0, "sink", "name"),
        False,
    ),
    ("pipeline", ("activities", 0, "inputs", 0, "parameters", "folder"), True),
    ("pipeline", ("activities", 0, "userProperties", 0, "value"), True),
    ("pipeline", ("activities", 0, "policy", "timeout"), True),
    ("pipeline", ("activities", 0, "description"), False),
    ("pipeline", ("activities", 0, "dependsOn", 0, "activity"), False),
    (
        "pipeline",
        ("activities", 0, "typeProperties", "activities", 0, "typeProperties", "url"),
        True,
    ),
    ("pipeline", ("activities", 0, "typeProperties", "activities", 0, "description"), False),
    ("pipeline", ("variables", "a", "defaultValue"), False),
    ("trigger", ("pipelines", 0, "parameters", "day"), True),
    ("trigger", ("pipeline", "parameters", "day"), True),
    ("trigger", ("typeProperties", "blobPathBeginsWith"), False),
]


def holding(keys: tuple[str | int, ...], value: Any) -> Any:
    """A document with the value at the place to which the keys lead."""
    if not keys:
        return value
    inner = holding(keys[1:], value)
    return [inner] if isinstance(keys[0], int) else {keys[0]: inner}


@pytest.mark.parametrize(("kind", "keys", "evaluated"), PLACES)
def test_engine_and_check_agree(kind: str, keys: tuple[str | int, ...], evaluated: bool) -> None:
    document = holding(keys, TEXT)
    expected = "ab" if evaluated else TEXT
    assert resolve(document, Scope(), ROOTS[kind]) == holding(keys, expected)
    assert bool(list(texts(document, "$", ROOTS[kind]))) is evaluated


@pytest.mark.parametrize("place", Place)
def test_expression_object_is_evaluated_in_every_place(place: Place) -> None:
    wrapped = {"value": TEXT, "type": "Expression"}
    assert resolve({"a": wrapped}, Scope(), place) == {"a": "ab"}
    assert [one.value for one in texts({"a": wrapped}, "$", place)] == [TEXT]
