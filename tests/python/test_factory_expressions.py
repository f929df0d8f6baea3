"""The expression language, against recorded answers of Microsoft's evaluator and its reference."""

import json
import re
from pathlib import Path

import pytest
from medallion.local.factory import cases
from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.expressions import evaluate
from medallion.local.factory.functions import FUNCTIONS
from medallion.local.factory.scope import Scope, resolve

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "adf_expressions.json"

REFERENCE = """
concat endsWith guid indexOf lastIndexOf replace split startsWith substring toLower toUpper trim
contains empty first intersection join last length skip take union equals greater
greaterOrEquals less lessOrEquals not array base64 base64ToBinary base64ToString binary bool
coalesce createArray dataUri dataUriToBinary dataUriToString decodeBase64 decodeDataUri
decodeUriComponent encodeUriComponent float int json string uriComponent uriComponentToBinary
uriComponentToString xml xpath add div max min mod mul rand range sub addDays addHours
addMinutes addSeconds addToTime convertFromUtc convertTimeZone convertToUtc dayOfMonth dayOfWeek
dayOfYear formatDateTime getFutureTime getPastTime startOfDay startOfHour startOfMonth
subtractFromTime ticks utcNow
"""


@pytest.mark.skipif(not RECORDED.is_file(), reason=f"the recorded answers are not at {RECORDED}")
def test_every_recorded_answer_is_given_with_its_type() -> None:
    loaded = cases.load(RECORDED)
    assert len(loaded["cases"]) > 100
    assert cases.disagreements(loaded) == []


def test_disagreements_are_found_in_value_in_type_and_in_refusal() -> None:
    wrong = {
        "@add(1, 2)": {"value": 4},
        "@mul(1.5, 2)": {"value": 3},
        "@length('a')": {"error": True},
        "@nope()": {"value": 1},
        "@add(1, 1)": {"value": 2},
    }
    assert len(cases.disagreements({"context": {}, "cases": wrong})) == 4


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("@or(true, activity('Z'))", True),
        ("@div(-7, 2)", -3),
        ("@mod(-7, 3)", -1),
        ("@range(3, 4)", [3, 4, 5, 6]),
        ("@join(createArray('a', 1), '-')", "a-1"),
        ("@intersection(createArray(1, 2, 3), createArray(3, 1))", [1, 3]),
        ("@uriComponent('https://a b')", "https%3A%2F%2Fa%20b"),
        ("@uriComponentToString('a%20b')", "a b"),
        ("@base64('hello')", "aGVsbG8="),
        ("@base64ToString('aGVsbG8=')", "hello"),
        ("@dataUriToString(dataUri('hello'))", "hello"),
        ("@dayOfWeek('2025-01-05')", 0),
        ("@startOfHour('2025-01-05T03:04:05Z')", "2025-01-05T03:00:00.0000000Z"),
        ("@startOfMonth('2025-01-15', 'yyyy-MM-dd')", "2025-01-01"),
        ("@addToTime('2024-02-29', 1, 'Year', 'yyyy-MM-dd')", "2025-02-28"),
        ("@addToTime('2024-11-30', 3, 'Month', 'yyyy-MM-dd')", "2025-02-28"),
        (
            "@convertFromUtc('2018-02-02T02:02:02Z', 'Pacific Standard Time', 'HH:mm')",
            "18:02",
        ),
        ("@convertToUtc('2025-07-01T12:00:00', 'Romance Standard Time', 'HH:mm')", "10:00"),
        ("@xpath(xml('<a><b>1</b><b>2</b></a>'), '/a/b/text()')", ["1", "2"]),
        ('@xml(json(\'{"a": {"b": "1"}}\'))', "<a><b>1</b></a>"),
        ("@@literal", "@literal"),
        ("mail a@b.c", "mail a@b.c"),
        ("x@@{y}", "x@{y}"),
        ("@json('[1]')?[3]", None),
    ],
)
def test_function(expression: str, value: object) -> None:
    assert evaluate(expression, Scope()) == value


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("@concat('a'", "expected ')'"),
        ("@frob(1)", "'frob' is not defined"),
        ("@add(1)", "expects 2 parameters"),
        ("@div(1, 0)", "divide by zero"),
        ("@add(9223372036854775807, 1)", "overflows"),
        ("@formatDateTime('yesterday')", "date time string 'yesterday'"),
        ("@convertFromUtc('2025-01-01', 'Mars')", "no time zone 'Mars'"),
        ("@item()", "no value here"),
        ("@json('{\"a\": 1}').b", "available properties are 'a'"),
    ],
)
def test_refusal_names_the_cause(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(reason)):
        evaluate(expression, Scope())


def test_every_function_of_the_reference_is_there() -> None:
    reference = set(REFERENCE.lower().split())
    assert reference == set(FUNCTIONS)


def test_expressions_inside_json_are_evaluated_and_the_rest_is_kept() -> None:
    given = {"a": {"value": "@add(1, 1)", "type": "Expression"}, "b": ["@{1}x", 2], "c": "@item()"}
    scope = Scope(loop=({"k": 1},))
    assert resolve(given, scope, later={"c"}) == {"a": 2, "b": ["1x", 2], "c": "@item()"}
    assert json.dumps(resolve(given, scope)["c"]) == '{"k": 1}'
