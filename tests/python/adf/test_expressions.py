"""The expression language, compared with recorded answers of Microsoft's evaluator and its docs."""

import base64
import json
import random
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medallion.adf.language import cases
from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.expressions import evaluate
from medallion.adf.language.functions import FUNCTIONS
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.values import identical, to_json
from medallion.adf.places import Place
from medallion.cli import app
from medallion.errors import MedallionError
from support.places import SHARED

RECORDED = SHARED / "data" / "adf_expressions.json"

REFERENCE = """
concat endsWith guid indexOf lastIndexOf replace split startsWith substring toLower toUpper trim
contains empty first intersection join last length skip take union equals greater
greaterOrEquals less lessOrEquals not array base64 base64ToBinary base64ToString binary bool
createArray dataUri dataUriToBinary dataUriToString decodeBase64 decodeDataUri
decodeUriComponent encodeUriComponent float int json string uriComponent uriComponentToBinary
uriComponentToString xml xpath add div max min mod mul rand range sub addDays addHours
addMinutes addSeconds addToTime convertFromUtc convertTimeZone convertToUtc dayOfMonth dayOfWeek
dayOfYear formatDateTime getFutureTime getPastTime startOfDay startOfHour startOfMonth
subtractFromTime ticks utcNow
"""
LAZY = ("if", "and", "or", "coalesce")


@pytest.mark.skipif(not RECORDED.is_file(), reason=f"the recorded answers are not at {RECORDED}")
def test_every_recorded_answer_is_given_with_its_type() -> None:
    loaded = cases.load(RECORDED)
    assert len(loaded["cases"]) > 100
    assert cases.disagreements(loaded) == []


def test_disagreements_are_found_in_value_in_type_and_in_refusal(tmp_path: Path) -> None:
    wrong = {
        "@add(1, 2)": {"value": 4},
        "@mul(1.5, 2)": {"value": 3},
        "@length('a')": {"error": True},
        "@nope()": {"value": 1},
        "@add(1, 1)": {"value": 2},
        '@json(\'{"a": 1, "b": [true]}\')': {"value": {"b": [True], "a": 1}},
    }
    lines = cases.disagreements({"context": {}, "cases": wrong})
    assert lines[0] == "@add(1, 2): expected 4 (Integer), found 3 (Integer)"
    assert lines[1] == "@mul(1.5, 2): expected 3 (Integer), found 3.0 (Float)"
    assert lines[2] == "@length('a'): expected error, found 1 (Integer)"
    assert len(lines) == 4 and "found error (The template function 'nope'" in lines[3]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"cases": wrong}))
    shown = CliRunner().invoke(app, ["factory", "eval", "--cases", str(file)])
    assert shown.exit_code == 1 and "6 expressions, 4 differences" in shown.output
    assert lines[0] in shown.output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"context": 1, "cases": {}}', "cannot be read"),
        ('{"cases": {"@add(1, 1)": 2}}', "The case '@add(1, 1)'"),
        ('{"cases": {"@add(1, 1)": {}}}', "has no answer"),
    ],
)
def test_malformed_case_file_is_one_sentence(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "cases.json"
    file.write_text(content)
    with pytest.raises(MedallionError, match=re.escape(reason)):
        cases.load(file)


# The examples of https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions.
# Its errors are fixed: missing digits in timestamps, the Thursday 2018-03-15 as day 3, http that
# decodes to https. `equals(true, 1)`, true there, is omitted: the recorded answers are strict.
DOCUMENTED = {
    "parameters[1]": "parameters[1]",
    "@@": "@",
    " @": " @",
    "Answer is: @@{pipeline().parameters.n}": "Answer is: @{pipeline().parameters.n}",
    "@concat('Baba', '''s ', 'book store')": "Baba's book store",
    "@uriComponentToString(replace(uriComponent('a\n-b'), '%0A', ''))": "a-b",
    "@add(1, 1.5)": 2.5,
    "@addDays('2018-03-15T00:00:00Z', 10)": "2018-03-25T00:00:00.0000000Z",
    "@addDays('2018-03-15T00:00:00Z', -5)": "2018-03-10T00:00:00.0000000Z",
    "@addHours('2018-03-15T15:00:00Z', -5)": "2018-03-15T10:00:00.0000000Z",
    "@addMinutes('2018-03-15T00:20:00Z', -5)": "2018-03-15T00:15:00.0000000Z",
    "@addSeconds('2018-03-15T00:00:30Z', -5)": "2018-03-15T00:00:25.0000000Z",
    "@addToTime('2018-01-01T00:00:00Z', 1, 'Day')": "2018-01-02T00:00:00.0000000Z",
    "@addToTime('2018-01-01T00:00:00Z', 1, 'Day', 'D')": "Tuesday, January 2, 2018",
    "@and(equals(1, 1), equals(1, 2))": False,
    "@array('hello')": ["hello"],
    "@base64('hello')": "aGVsbG8=",
    "@base64ToString('aGVsbG8=')": "hello",
    "@bool(1)": True,
    "@bool(0)": False,
    "@coalesce(null, 'hello', 'world')": "hello",
    "@coalesce(null, null, null)": None,
    "@contains('hello world', 'universe')": False,
    "@convertFromUtc('2018-01-01T08:00:00.0000000Z', 'Pacific Standard Time')": (
        "2018-01-01T00:00:00.0000000"
    ),
    "@convertTimeZone('2018-01-01T08:00:00Z', 'UTC', 'Pacific Standard Time')": (
        "2018-01-01T00:00:00.0000000"
    ),
    "@convertTimeZone('2018-01-01T08:00:00Z', 'UTC', 'Pacific Standard Time', 'D')": (
        "Monday, January 1, 2018"
    ),
    "@convertToUtc('01/01/2018 00:00:00', 'Pacific Standard Time')": (
        "2018-01-01T08:00:00.0000000Z"
    ),
    "@createArray('h', 'e', 'l', 'l', 'o')": ["h", "e", "l", "l", "o"],
    "@dataUri('hello')": "data:text/plain;charset=utf-8;base64,aGVsbG8=",
    "@dataUriToString('data:text/plain;charset=utf-8;base64,aGVsbG8=')": "hello",
    "@dayOfMonth('2018-03-15T13:27:36Z')": 15,
    "@dayOfWeek('2018-03-15T13:27:36Z')": 4,
    "@dayOfYear('2018-03-15T13:27:36Z')": 74,
    "@decodeBase64('aGVsbG8=')": "hello",
    "@decodeUriComponent('http%3A%2F%2Fcontoso.com')": "http://contoso.com",
    "@div(11, 5)": 2,
    "@encodeUriComponent('http://contoso.com')": "http%3A%2F%2Fcontoso.com",
    "@empty('abc')": False,
    "@endsWith('hello world', 'world')": True,
    "@equals('abc', 'abcd')": False,
    "@first('hello')": "h",
    "@float('10.333')": 10.333,
    "@formatDateTime('03/15/2018 12:00:00', 'yyyy-MM-ddTHH:mm:ss')": "2018-03-15T12:00:00",
    "@greater('apple', 'banana')": False,
    "@greaterOrEquals(5, 5)": True,
    "@if(equals(1, 1), 'yes', 'no')": "yes",
    "@indexOf('hello world', 'world')": 6,
    "@int('10')": 10,
    "@json('[1, 2, 3]')": [1, 2, 3],
    "@intersection(createArray(1, 2, 3), createArray(101, 2, 1, 10), createArray(6, 8, 1, 2))": [
        1,
        2,
    ],
    "@join(createArray('a', 'b', 'c'), '.')": "a.b.c",
    "@last(createArray(0, 1, 2, 3))": 3,
    "@lastIndexOf('hello world', 'world')": 6,
    "@length('abcd')": 4,
    "@less('banana', 'apple')": False,
    "@lessOrEquals('apply', 'apple')": False,
    "@max(1, 2, 3)": 3,
    "@min(createArray(1, 2, 3))": 1,
    "@mod(3, 2)": 1,
    "@mul(1, 2)": 2,
    "@not(equals(1, 2))": True,
    "@or(equals(1, 2), equals(1, 3))": False,
    "@range(1, 4)": [1, 2, 3, 4],
    "@replace('the old string', 'old', 'new')": "the new string",
    "@skip(createArray(0, 1, 2, 3), 1)": [1, 2, 3],
    "@split('a_b_c', '_')": ["a", "b", "c"],
    "@startOfDay('2018-03-15T13:30:30Z')": "2018-03-15T00:00:00.0000000Z",
    "@startOfHour('2018-03-15T13:30:30Z')": "2018-03-15T13:00:00.0000000Z",
    "@startOfMonth('2018-03-15T13:30:30Z')": "2018-03-01T00:00:00.0000000Z",
    "@startsWith('hello world', 'greetings')": False,
    "@string(10)": "10",
    "@sub(10.3, .3)": 10.0,
    "@substring('hello world', 6, 5)": "world",
    "@subtractFromTime('2018-01-02T00:00:00Z', 1, 'Day', 'D')": "Monday, January 1, 2018",
    "@take('abcde', 3)": "abc",
    "@toLower('Hello World')": "hello world",
    "@toUpper('Hello World')": "HELLO WORLD",
    "@trim(' Hello World  ')": "Hello World",
    "@union(createArray(1, 2, 3), createArray(1, 2, 10, 101))": [1, 2, 3, 10, 101],
    '@xml(json(\'{ "name": "Sophia Owen" }\'))': "<name>Sophia Owen</name>",
}

# The behaviour of .NET where the reference is silent, and observed answers of Power Automate, which
# runs the same language (https://github.com/tomdam/flowforger, packages/engine/src/expr).
EDGES = {
    # literals and access
    "@'x'": "x",
    "@NULL": None,
    "@-1.50": -1.5,
    "@1e3": 1000.0,
    "@json('{\"größe\": 1}').größe": 1,
    '@json(\'{"A": 1, "a": 2}\').a': 2,
    "@json('[1]')?[3]": None,
    "@json('{\"a\": null}').a?.b": None,
    "@concat(\n 'a' ,\t'b' )": "ab",
    "@@literal": "@literal",
    "mail a@b.c": "mail a@b.c",
    "x@@{y}": "x@{y}",
    "@{1}@{'}'}": "1}",
    "@{null}": "",
    "@{true} @{1.0} @{json('[1.0]')}": "True 1 [1.0]",
    # laziness
    "@or(true, activity('Z'))": True,
    "@and(true, true, false)": False,
    "@coalesce(null, 1, activity('Z'))": 1,
    # texts are UTF-16
    "@length('a\U0001f600')": 3,
    "@substring('\U0001f600b', 2)": "b",
    "@take('\U0001f600b', 2)": "\U0001f600",
    "@indexOf('\U0001f600b', 'B')": 2,
    "@toUpper('straße')": "STRAßE",
    "@startsWith('ÄPFEL', 'äpf')": True,
    "@trim('\u00a0\u3000a\u2003')": "a",
    "@split('abc', '')": ["abc"],
    "@indexOf('abc', '')": 0,
    "@less('Z', 'a')": True,
    "@less('\ue000', '\U0001f600')": False,
    # numbers
    "@string(1e15)": "1E+15",
    "@string(0.00001)": "1E-05",
    "@string(123456789012345.0)": "123456789012345",
    "@string(json('[1e20, 1.10, 1e-7]'))": "[1E+20,1.1,1E-07]",
    "@div(-7, 2)": -3,
    "@div(7, 2.0)": 3.5,
    "@mod(-7, 3)": -1,
    "@mod(5.5, 2)": 1.5,
    "@min(1, 0.5)": 0.5,
    "@max(createArray(2, 3.5))": 3.5,
    "@range(5, 0)": [],
    "@rand(5, 6)": 5,
    "@int(' 42 ')": 42,
    "@int(true)": 1,
    "@float('1,500.5')": 1500.5,
    "@float(2)": 2.0,
    "@bool('TRUE')": True,
    # collections
    "@empty(null)": True,
    "@empty(json('{}'))": True,
    "@first(json('[]'))": None,
    "@last('')": "",
    "@take('abc', 5)": "abc",
    "@skip('abc', 1)": "bc",
    "@contains(json('{\"a\": 1}'), 'A')": True,
    "@contains(createArray(1, 2), 1.0)": True,
    "@equals('a', 'A')": False,
    "@equals(json('{\"a\": [1]}'), json('{\"a\": [1.0]}'))": True,
    "@join(createArray('a', null, 1, true), '-')": "a--1-True",
    '@union(json(\'{"a": {"x": 1}}\'), json(\'{"a": {"y": 2}}\'))': {"a": {"y": 2}},
    '@intersection(json(\'{"a": 1, "b": 2}\'), json(\'{"a": 1, "b": 3}\'))': {"a": 1},
    # encodings
    "@base64ToString('aGVs bG8=')": "hello",
    "@string(binary('é'))": "é",
    "@base64ToBinary('aGk=')": {"$content-type": "application/octet-stream", "$content": "aGk="},
    "@dataUriToBinary('data:text/plain;base64,aGk=')": {
        "$content-type": "text/plain",
        "$content": "aGk=",
    },
    "@decodeDataUri('data:text/plain;base64,aGk=')": "hi",
    "@uriComponent('https://a b!')": "https%3A%2F%2Fa%20b%21",
    "@uriComponentToString('a+b%20c')": "a b c",
    "@json(binary('[1]'))": [1],
    '@xml(json(\'{"p": {"@id": 1, "n": "a<b", "ok": true, "no": null, "t": [1, 2]}}\'))': (
        '<p id="1"><n>a&lt;b</n><ok>true</ok><no /><t>1</t><t>2</t></p>'
    ),
    '@json(xml(\'<?xml version="1.0"?><r><p id="1"><n>S</n></p><q>1</q><q/></r>\'))': {
        "?xml": {"@version": "1.0"},
        "r": {"p": {"@id": "1", "n": "S"}, "q": ["1", None]},
    },
    # dates
    "@formatDateTime('2025-01-05T03:04:05')": "2025-01-05T03:04:05.0000000",
    "@formatDateTime('2026-01-15T12:30:00+02:00')": "2026-01-15T10:30:00.0000000+00:00",
    "@formatDateTime('Sun, 05 Jan 2025 03:04:05 GMT', 'r')": "Sun, 05 Jan 2025 03:04:05 GMT",
    "@formatDateTime('January 5, 2025 3:04 PM', 's')": "2025-01-05T15:04:00",
    "@formatDateTime('2025-01', 'd')": "1/1/2025",
    "@formatDateTime('2025-01-05T13:04:05', 'f')": "Sunday, January 5, 2025 1:04 PM",
    "@formatDateTime('2025-01-05T13:04:05', 'g')": "1/5/2025 1:04 PM",
    "@formatDateTime('2025-01-05', 'Y')": "January 2025",
    "@formatDateTime('2025-01-05', 'M')": "January 5",
    "@formatDateTime('2025-01-05T03:04:05.1', 'u')": "2025-01-05 03:04:05Z",
    "@formatDateTime('2025-01-05T03:04:05', 'ss.FFF')": "05",
    "@formatDateTime('2025-01-05T03:04:05.12', 'ss.FFF|%s')": "05.12|5",
    "@formatDateTime('2025-01-05T13:04:05Z', 'h \"o clock\" t zzz K')": "1 o clock P +00:00 Z",
    "@ticks('1970-01-01Z00:00:00')": 621355968000000000,
    "@addToTime('2024-02-29', 1, 'Year', 'yyyy-MM-dd')": "2025-02-28",
    "@addToTime('2024-11-30', 3, 'month', 'yyyy-MM-dd')": "2025-02-28",
    "@addHours('2025-01-31T23:00:00.1234567', 2)": "2025-02-01T01:00:00.1234567",
    "@convertFromUtc('2018-02-02T02:02:02Z', 'Pacific Standard Time', 'HH:mm')": "18:02",
    "@convertToUtc('2025-11-02T01:30:00', 'Pacific Standard Time', 'HH:mm')": "09:30",
    "@convertFromUtc('2025-01-05T10:00:00Z', 'UTC')": "2025-01-05T10:00:00.0000000Z",
    "@length(guid('N'))": 32,
    "@length(guid('X'))": 68,
    "@length(utcNow())": 28,
}


@pytest.mark.parametrize(("expression", "value"), (DOCUMENTED | EDGES).items())
def test_value(expression: str, value: object) -> None:
    found = evaluate(expression, Scope())
    assert identical(found, value), to_json(found)


PRODUCE = """<produce><item id="1"><name>Gala</name><count>20</count></item>
<item id="2"><name>Honey</name><count>10</count></item></produce>"""
FILE = '<?xml version="1.0"?> <file xmlns="http://contoso.com"> <location>Paris</location> </file>'
LOCATION = '<location xmlns="http://contoso.com">Paris</location>'


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("sum(/produce/item/count)", 30.0),
        ("count(//item) * 2 + 1 div 4", 4.25),
        ("/produce/item[2]/name/text()", ["Honey"]),
        ("//item[@id='1' or count < 15]/@id", ["1", "2"]),
        ("/produce/item[last()]/name/text()", ["Honey"]),
        ("(//name)[1]/../count/text()", ["20"]),
        ("//item[not(contains(name, 'on'))]/@id", ["1"]),
        ("//item[following-sibling::item]/@id", ["1"]),
        # a set of nodes comes in the order of the document, as .NET's union gives it
        ("//item/@id | //name/text()", ["1", "Gala", "2", "Honey"]),
        ("string(//item[2]/name)", "Honey"),
        ("name(/*)", "produce"),
        ("substring('hello', 2, 3)", "ell"),
        ("normalize-space('  a  b ')", "a b"),
        ("//nothing", []),
        ("boolean(//nothing)", False),
        ("//item[@id=2]/name/text()", ["Honey"]),
        ("produce/item/@id", ["1", "2"]),
        ("'b' > 'a'", False),
        ("count(/ | /produce)", 2.0),
        ("last()", 1.0),
        ("//item/namespace::*", ["http://www.w3.org/XML/1998/namespace"] * 2),
        ("//item[", "the path '//item[': invalid expression"),
        ("//item) or (//item", "the path '//item) or (//item': invalid expression"),
        ("frob()", "the path 'frob()': unregistered function"),
        ("//item]", "the path '//item]': invalid expression"),
        ("count('a')", "the path 'count('a')': invalid type"),
        ("//p:item", "the path '//p:item': undefined namespace prefix"),
        ("$x", "the path '$x': undefined variable"),
        ("//item\0", "the path '//item\0': all strings must be XML compatible"),
    ],
)
def test_xpath(path: str, found: object) -> None:
    scope = Scope(variables={"xml": PRODUCE})
    expression = f"@xpath(xml(variables('xml')), '{path.replace(chr(39), chr(39) * 2)}')"
    if isinstance(found, str) and " " in found and found != "a b":
        with pytest.raises(ExpressionError, match=re.escape(found)):
            evaluate(expression, scope)
    else:
        assert identical(evaluate(expression, scope), found)


@pytest.mark.parametrize(
    ("xml", "path", "found"),
    [
        ("<a><b>x</b></a>", "/", "<a><b>x</b></a>"),
        ("<a><b>x</b></a>", "//b/ancestor::node()", "<a><b>x</b></a>"),
        ("<a><!--note--></a>", "//comment()", "note"),
        ("<a><?run now?></a>", "//processing-instruction()", "now"),
        ("<a>x<![CDATA[y]]>z</a>", "//text()", "xyz"),
        ("<a>x<b c='&lt;'/>y</a>", "//b", '<b c="&lt;"/>'),
        (
            "<a xmlns:p='urn:p' xmlns:q='urn:q'><p:b xmlns:r='urn:r'/></a>",
            "/a/*",
            '<p:b xmlns:r="urn:r" xmlns:p="urn:p"/>',
        ),
        ("<?xml version='1.0' encoding='utf-16'?><a>é</a>", "//a/text()", "é"),
    ],
)
def test_a_node_is_shown_by_its_kind(xml: str, path: str, found: str) -> None:
    scope = Scope(variables={"xml": xml})
    assert evaluate(f"@{{xpath(variables('xml'), '{path}')[0]}}", scope) == found


@pytest.mark.parametrize(
    "xml",
    ["<a", "", "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><a>&e;</a>"],
)
def test_xpath_refuses_what_is_no_xml(xml: str) -> None:
    with pytest.raises(ExpressionError, match="'xpath' was given no XML"):
        evaluate("@xpath(variables('xml'), '/a')", Scope(variables={"xml": xml}))


# The nodes are those in tests/functional/xml of microsoft/data-factory-testing-framework.
@pytest.mark.parametrize(
    "path",
    [
        '/*[name()="file"]/*[name()="location"]',
        '/*[local-name()="file" and namespace-uri()="http://contoso.com"]/*[local-name()="location"]',
    ],
)
def test_a_node_keeps_its_namespace(path: str) -> None:
    scope = Scope(variables={"xml": FILE})
    [node] = evaluate(f"@xpath(xml(variables('xml')), '{path}')", scope)
    assert node == {
        "$content-type": "application/xml;charset=utf-8",
        "$content": base64.b64encode(LOCATION.encode()).decode(),
    }
    assert evaluate(f"@{{xpath(xml(variables('xml')), '{path}')[0]}}", scope) == LOCATION
    assert evaluate(f"@xpath(xml(variables('xml')), 'string({path})')", scope) == "Paris"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("@concat('a'", "expected ')'"),
        ("@", "expected an expression"),
        ("@not(@true)", "expected an expression"),
        ('@concat("a")', "expected an expression"),
        ("a@{1", "expected '}'"),
        ("@12345678901234567890", "an integer of 64 bits"),
        ("@frob(1)", "The template function 'frob' is not defined or not valid."),
        ("@add(1)", "expects 2 parameters, but was called with 1"),
        ("@union(createArray(1))", "expects at least 2 parameters"),
        ("@addDays('2025-01-01')", "expects 2 to 3 parameters"),
        ("@div(1, 0)", "divide by zero"),
        ("@mod(1, 0.0)", "divide by zero"),
        ("@add(9223372036854775807, 1)", "overflows"),
        ("@mul(1e308, 10)", "overflows"),
        ("@add('1', 2)", "'Integer or Float'"),
        ("@range(0, 100001)", "a count from 0 to 100000"),
        ("@take(createArray(1), -1)", "a count of zero or more"),
        ("@int(5.7)", "cannot be converted to an integer"),
        ("@int('9223372036854775808')", "cannot be converted to an integer"),
        ("@float('')", "cannot be converted to a float"),
        ("@length(json('{}'))", "'Array or String'"),
        ("@contains(null, 'a')", "'Object, Array or String'"),
        ("@greater(null, 1)", "'Integer, Float or String'"),
        ("@replace('a', '', 'b')", "cannot replace the empty text"),
        ("@base64ToString('a')", "not base64"),
        ("@formatDateTime('yesterday')", "date time string 'yesterday'"),
        ("@formatDateTime('20250105')", "date time string '20250105'"),
        ("@formatDateTime('Mon, 05 Jan 2025')", "was not valid"),
        ("@formatDateTime('2025-01-05', 'q')", "date format 'q'"),
        ("@formatDateTime('2025-01-05', 'ffffffff')", "date format"),
        ("@addDays('2025-01-01', 1.5)", "'Integer'"),
        ("@addDays('9999-12-31', 1)", "outside the years 1 to 9999"),
        ("@addToTime('2025-01-01', 1, 'Fortnight')", "does not support the time unit 'Fortnight'"),
        ("@convertFromUtc('2025-01-01', 'Mars')", "no time zone 'Mars'"),
        ("@convertToUtc('2025-01-01Z', 'Tokyo Standard Time')", "its own time zone"),
        ("@convertToUtc('2025-03-09T02:30:00', 'Pacific Standard Time')", "which does not exist"),
        ("@xml('no')", "got a text that is not XML"),
        ('@xml(json(\'{"a": 1, "b": 2}\'))', "exactly one root property"),
        ("@item()", "no value here"),
        ("@json('{\"a\": 1}').b", "available properties are 'a'"),
        ("@createArray(1)?['a']", "cannot be selected"),
        ("@json('{\"a\": null}').a?.b.c", "of type 'Null'"),
        ("@" + "add(1," * 3000 + "1" + ")" * 3000, "nested too deeply"),
    ],
)
def test_refusal_names_the_cause(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(reason)):
        evaluate(expression, Scope())


def test_every_function_of_the_reference_is_there() -> None:
    reference = set(REFERENCE.lower().split())
    assert reference == set(FUNCTIONS)
    for name in LAZY:
        with pytest.raises(ExpressionError, match=f"'{name}' expects"):
            evaluate(f"@{name}()", Scope())


def test_every_function_returns_or_rejects_any_arguments() -> None:
    values = ["null", "true", "-1", "0", "3", "2.5", "''", "'a'", "'2025-01-05'", "'\U0001f600'"]
    values += ["json('[]')", "createArray(1, 'a', null)", "json('{\"a\": 1}')", "binary('a')"]
    chance = random.Random(1)
    for function in FUNCTIONS.values():
        for _ in range(60):
            most = function.least + 2 if function.most is None else function.most
            count = chance.randint(function.least, most)
            arguments = ", ".join(chance.choice(values) for _ in range(count))
            try:
                to_json(evaluate(f"@{function.name}({arguments})", Scope()))
            except ExpressionError as error:
                assert str(error).endswith("."), error


def test_expressions_inside_json_are_evaluated_and_the_rest_is_kept() -> None:
    given = {"a": {"value": "@add(1, 1)", "type": "Expression"}, "b": ["@{1}x", 2], "c": "@item()"}
    scope = Scope(loop=({"k": 1},))
    assert resolve(given, scope) == {"a": 2, "b": ["1x", 2], "c": {"k": 1}}
    assert resolve(given, scope, Place.LITERAL) == {"a": 2, "b": ["@{1}x", 2], "c": "@item()"}
