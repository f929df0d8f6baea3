"""The differences of Sail 0.7.2 from Spark and Databricks, in one table.

Each row has the statement that shows the difference, what Databricks answers, what Sail answers
when it is asked directly (`raw`), and what the warehouse does: `rewritten` (a rule of `rules`
makes Sail answer as Databricks), or `refused` (with `refusal.refused`). `test_differences.py` runs
each row on both engines. When a new Sail answers a row's statement correctly by itself, the test of
that row fails: remove the row and its rule.

To add a row: `Difference(name, statement, answer, raw)`. `statement` may be several, separated by
`; `; the last one is asked. An answer is a tuple of rows, each a tuple of texts (`None` for NULL),
or an error condition such as `DIVIDE_BY_ZERO`. `raw` is a tuple of rows, or `error` for any error;
leave it out if the rule is not about one answer of the engine.
"""

from dataclasses import dataclass
from typing import Literal

Answer = str | tuple[tuple[str | None, ...], ...]
Action = Literal["rewritten", "refused"]


@dataclass(frozen=True)
class Difference:
    """A statement that Sail itself answers differently."""

    name: str
    statement: str
    answer: Answer
    raw: Answer | None = None
    action: Action = "rewritten"


def _one(name: str, expression: str, value: str | None, raw: str | None) -> Difference:
    """A difference in the value of one expression."""
    return Difference(name, f"SELECT {expression}", ((value,),), ((raw,),))


_ROWS = "VALUES (1,'a'),(2,'b'),(3,CAST(NULL AS STRING)) e(id,k)"
_KEYS = "(SELECT x FROM VALUES ('a'),(CAST(NULL AS STRING)) u(x))"


DIFFERENCES: tuple[Difference, ...] = (
    _one("weekday of a Sunday", "weekday(date'2024-12-29')", "6", "-1"),
    _one(
        "date_trunc of a DATE is a TIMESTAMP",
        "typeof(date_trunc('month', date'2024-12-29'))",
        "timestamp",
        "timestamp_ntz",
    ),
    Difference(
        "date_trunc before 1677",
        "SELECT CAST(date_trunc('week', timestamp'0001-01-03 00:00:00') AS DATE)",
        (("0001-01-01",),),
        "error",
    ),
    # Values and types, in the order of the modules with their rules.
    Difference(
        "int addition overflows",
        "SELECT 2147483647 + 1",
        "ARITHMETIC_OVERFLOW",
        (("-2147483648",),),
    ),
    Difference(
        "int subtraction overflows",
        "SELECT -2147483648 - 1",
        "ARITHMETIC_OVERFLOW",
        (("-2147483649",),),
    ),
    Difference(
        "bigint multiplication overflows",
        "SELECT 3037000500L * 3037000500L",
        "ARITHMETIC_OVERFLOW",
        (("-9223372036709301616",),),
    ),
    Difference(
        "smallint addition overflows",
        "SELECT 32767S + 1S",
        "BINARY_ARITHMETIC_OVERFLOW",
        (("-32768",),),
    ),
    Difference(
        "a sum of BIGINT overflows",
        "select sum(x) from values (9223372036854775807L), (1L) as t (x)",
        "ARITHMETIC_OVERFLOW",
        (("-9223372036854775808",),),
    ),
    Difference(
        "a windowed sum overflows",
        "select sum(x) over () from values (9223372036854775807L), (1L) as t (x)",
        "ARITHMETIC_OVERFLOW",
        (("-9223372036854775808",), ("-9223372036854775808",)),
    ),
    Difference(
        "a division of decimals has Spark's scale",
        "SELECT typeof(CAST(1 AS DECIMAL(10,2)) / CAST(3 AS DECIMAL(10,2)))",
        (("decimal(23,13)",),),
        (("decimal(16,6)",),),
    ),
    Difference(
        "a division of decimals rounds half up",
        "SELECT CAST(2 AS DECIMAL(10,2)) / 3",
        (("0.666667",),),
        (("0.666666",),),
    ),
    Difference(
        "a product of wide decimals has Spark's scale",
        "SELECT CAST(1 AS DECIMAL(38,18)) * CAST(3 AS DECIMAL(38,18))",
        (("3.000000",),),
        (("3.000000000000000000000000000000000000",),),
    ),
    Difference(
        "an integer literal beside a decimal has its own digits",
        "SELECT typeof(1.23 * 2)",
        (("decimal(5,2)",),),
        (("decimal(14,2)",),),
    ),
    Difference("a number with a text", "SELECT typeof(1 + '1')", (("bigint",),), "error"),
    Difference(
        "a FLOAT with an integer is a DOUBLE",
        "SELECT typeof(1L + CAST(1.5 AS FLOAT))",
        (("double",),),
        (("float",),),
    ),
    Difference(
        "a DOUBLE as a decimal", "SELECT CAST(1.005D AS DECIMAL(10,2))", (("1.01",),), (("1.00",),)
    ),
    Difference(
        "a timestamp before 1970 as a number",
        "SELECT CAST(timestamp'1960-01-01 00:00:01.5' AS BIGINT)",
        (("-315619199",),),
        (("-315619198",),),
    ),
    Difference(
        "a number is not a DATE",
        "SELECT CAST(1 AS DATE)",
        "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION",
        (("1970-01-02",),),
    ),
    Difference(
        "'on' is not a BOOLEAN", "SELECT CAST('on' AS BOOLEAN)", "CAST_INVALID_INPUT", (("True",),)
    ),
    Difference(
        "text of a large DOUBLE",
        "SELECT CAST(1e10D AS STRING)",
        (("1.0E10",),),
        (("10000000000.0",),),
    ),
    Difference(
        "text of a small DOUBLE", "SELECT CAST(1e-4D AS STRING)", (("1.0E-4",),), (("0.0001",),)
    ),
    Difference(
        "text of infinity",
        "SELECT CAST(DOUBLE('Infinity') AS STRING)",
        (("Infinity",),),
        (("inf",),),
    ),
    Difference(
        "text of a large FLOAT",
        "SELECT CAST(CAST(1e10 AS FLOAT) AS STRING)",
        (("1.0E10",),),
        (("10000000000.0",),),
    ),
    Difference(
        "string() of a timestamp",
        "SELECT string(timestamp'2020-01-01 00:00:00.1')",
        (("2020-01-01 00:00:00.1",),),
        (("2020-01-01T00:00:00.100Z",),),
    ),
    Difference(
        "concat of a DOUBLE and a timestamp",
        "SELECT concat('a', 1e10D, timestamp'2020-01-01 00:00:00.1')",
        (("a1.0E102020-01-01 00:00:00.1",),),
        (("a10000000000.02020-01-01 00:00:00.100",),),
    ),
    Difference(
        "concat_ws of a DOUBLE",
        "SELECT concat_ws(',', 1e10D, 1)",
        (("1.0E10,1",),),
        (("10000000000.0,1",),),
    ),
    Difference(
        "the operator ",
        "SELECT | of a timestamp|'a' || timestamp'2020-01-01 00:00:00.1'",
        "PARSE_SYNTAX_ERROR",
        "error",
    ),
    Difference(
        "text of an array with NULL",
        "SELECT CAST(array(1, NULL, 3) AS STRING)",
        (("[1, null, 3]",),),
        (("[1, NULL, 3]",),),
    ),
    Difference(
        "text of a map with NULL",
        "SELECT CAST(map('a', 1, 'b', NULL) AS STRING)",
        (("{a -> 1, b -> null}",),),
        (("{a -> 1, b -> NULL}",),),
    ),
    Difference(
        "to_json of a timestamp",
        "SELECT to_json(named_struct('a', timestamp'2020-01-01 00:00:00.1'))",
        (('{"a":"2020-01-01T00:00:00.100Z"}',),),
        (('{"a":"2020-01-01T00:00:00.100000Z"}',),),
    ),
    Difference(
        "to_json of numbers",
        "SELECT to_json(named_struct('a', 1e10D, 'b', 1.50, 'c', CAST(1.1 AS FLOAT)))",
        (('{"a":1.0E10,"b":1.50,"c":1.1}',),),
        (('{"a":10000000000.0,"b":1.5,"c":1.100000023841858}',),),
    ),
    Difference(
        "get_json_object with a wildcard",
        'SELECT get_json_object(\'{"a":[{"b":1},{"b":2}]}\', \'$.a[*].b\')',
        (("[1,2]",),),
        ((None,),),
    ),
    Difference(
        "get_json_object of an object",
        'SELECT get_json_object(\'{"a": {"c": 1,  "d": 1.50}}\', \'$.a\')',
        (('{"c":1,"d":1.5}',),),
        (('{"c": 1,  "d": 1.50}',),),
    ),
    _one(
        "typeof a VARIANT",
        "typeof(parse_json('1'))",
        "variant",
        "struct<value:binary,metadata:binary>",
    ),
    Difference(
        "the text of a VARIANT",
        "SELECT CAST(parse_json('\"x\"') AS STRING)",
        (("x",),),
        (('"x"',),),
        action="refused",
    ),
    Difference(
        "to_json of a VARIANT inside a STRUCT",
        "SELECT to_json(named_struct('a', parse_json('[1]')))",
        (('{"a":[1]}',),),
        (('{"a":{"value":"AwEAAgwB","metadata":"AQAA"}}',),),
        action="refused",
    ),
    Difference(
        "hash of a decimal",
        "SELECT hash(CAST(1.5 AS DECIMAL(10,2)))",
        (("-2056712946",),),
        (("-1527362282",),),
    ),
    Difference(
        "trunc of a number",
        "SELECT trunc(1.559, 2)",
        "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        "error",
    ),
    _one("shiftrightunsigned by more bits", "shiftrightunsigned(-8, 60)", "15", "0"),
    Difference(
        "to_json of a DATE",
        "SELECT to_json(date'2020-01-01')",
        "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
        (('"2020-01-01"',),),
    ),
    Difference(
        "format_string of a DOUBLE",
        "SELECT format_string('%s', 1e10D)",
        (("1.0E10",),),
        (("10000000000",),),
    ),
    Difference(
        "initcap",
        "SELECT initcap('hello-world a_b')",
        (("Hello-world A_b",),),
        (("Hello-World A_B",),),
    ),
    Difference("left with a negative length", "SELECT left('abc', -1)", (("",),), (("ab",),)),
    Difference("right with a negative length", "SELECT right('abc', -1)", (("",),), (("bc",),)),
    Difference(
        "substring from before the text",
        "SELECT substring('abcdef', -10, 6)",
        (("ab",),),
        (("abcdef",),),
    ),
    Difference("char above 255", "SELECT char(321)", (("A",),), (("Ł",),)),
    Difference(
        "elt outside its arguments", "SELECT elt(3, 'a', 'b')", "INVALID_ARRAY_INDEX", ((None,),)
    ),
    Difference(
        "split by an empty text",
        "SELECT CAST(split('abc', '') AS STRING)",
        (("[a, b, c]",),),
        (("[, a, b, c, ]",),),
    ),
    Difference(
        "conv of a negative number",
        "SELECT conv('-1', 10, 16)",
        (("FFFFFFFFFFFFFFFF",),),
        (("-1",),),
    ),
    Difference(
        "regexp_replace with an escape",
        "SELECT regexp_replace('abc', 'b', '\\\\$')",
        (("a$c",),),
        (("a\\$c",),),
        action="refused",
    ),
    Difference(
        "regexp_extract with look-behind",
        "SELECT regexp_extract('foobar', '(?<=foo)bar', 0)",
        (("bar",),),
        "error",
        action="refused",
    ),
    Difference("round of a DOUBLE", "SELECT round(1.005D, 2)", (("1.01",),), (("1.0",),)),
    Difference("bround of a decimal", "SELECT bround(2.5)", (("2",),), (("3.0",),)),
    Difference("rint", "SELECT rint(2.5D)", (("2.0",),), (("3.0",),)),
    Difference(
        "a difference of dates is an interval",
        "SELECT typeof(date'2020-01-02' - date'2020-01-01')",
        (("interval day",),),
        (("bigint",),),
    ),
    Difference(
        "a DATE and hours are a TIMESTAMP",
        "SELECT typeof(date'2020-01-31' + interval 1 hour)",
        (("timestamp",),),
        (("date",),),
    ),
    Difference("extract(dow)", "SELECT extract(dow FROM date'2020-05-03')", (("1",),), (("0",),)),
    Difference(
        "timestampdiff of days counts whole days",
        "SELECT timestampdiff(day, timestamp'2020-01-31 10:00:00', timestamp'2020-02-02 09:00:00')",
        (("1",),),
        (("2",),),
    ),
    Difference(
        "timestamp_seconds of a fraction",
        "SELECT CAST(timestamp_seconds(1.5) AS STRING)",
        (("1970-01-01 00:00:01.5",),),
        (("1970-01-01 00:00:01",),),
    ),
    Difference(
        "datediff is an INT",
        "SELECT typeof(datediff('2020-01-03', '2020-01-01'))",
        (("int",),),
        (("bigint",),),
    ),
    Difference(
        "array_contains in an array with NULL",
        "SELECT array_contains(array(1, NULL), 2)",
        ((None,),),
        (("False",),),
    ),
    Difference(
        "array_contains in a condition",
        "SELECT x FROM VALUES (1),(2) t(x) WHERE NOT array_contains(array(x, 3), 2)",
        (("1",),),
        (("1",),),
    ),
    Difference(
        "percentile_approx returns a value of the column",
        "select percentile_approx(x, 0.5) from values (1), (2), (3), (10) as t (x)",
        (("2",),),
        (("2.0",),),
    ),
    Difference(
        "coalesce of DATE and TIMESTAMP",
        "SELECT typeof(coalesce(date'2020-01-01', timestamp'2020-01-01 00:00:00'))",
        (("timestamp",),),
        (("timestamp_ntz",),),
    ),
    Difference(
        "ifnull of DATE and TIMESTAMP",
        "SELECT typeof(ifnull(date'2020-01-01', timestamp'2020-01-01 00:00:00'))",
        (("timestamp",),),
        (("string",),),
    ),
    Difference(
        "a DATE beside a TIMESTAMP far from now",
        "SELECT date'9999-12-31' > timestamp'2024-01-01 00:00:00'",
        (("True",),),
        "error",
    ),
    Difference(
        "coalesce of a number and a text",
        "SELECT typeof(coalesce(1, '2'))",
        (("bigint",),),
        (("int",),),
    ),
    Difference(
        "CASE of a number and a text",
        "SELECT typeof(CASE WHEN TRUE THEN 1 ELSE '2' END)",
        (("bigint",),),
        (("int",),),
    ),
    Difference(
        "nullif has the type of its first argument",
        "SELECT typeof(nullif(1, 2L))",
        (("int",),),
        (("bigint",),),
    ),
    Difference(
        "UNION of DATE and TIMESTAMP",
        "select typeof(x) from (select date'2020-01-01' as x "
        "union all select timestamp'2020-01-01 00:00:00') as u limit 1",
        (("timestamp",),),
        (("date",),),
    ),
    Difference(
        "a DATE compared with a year", "SELECT date'2020-01-01' > '2019'", (("True",),), "error"
    ),
    Difference(
        "a BOOLEAN compared with a text",
        "SELECT b = t FROM (SELECT TRUE AS b, 'True' AS t)",
        (("True",),),
        "error",
    ),
    Difference(
        "decimal overflow",
        "SELECT CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0)) + 1",
        "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
        (("100000000000000000000000000000000000000",),),
    ),
    Difference(
        "LIKE with a wrong escape",
        "SELECT 'abc' LIKE 'a\\\\bc'",
        "INVALID_FORMAT.ESC_IN_THE_MIDDLE",
        (("True",),),
    ),
    Difference(
        "typeof an interval",
        "SELECT typeof(interval 1 day)",
        (("interval day",),),
        (("interval day to second",),),
    ),
    # Plans: conditions, windows, orders, names.
    Difference(
        "NOT IN with a NULL, inside OR",
        f"SELECT id FROM {_ROWS} WHERE k NOT IN {_KEYS} OR id = 3",
        (("3",),),
        (("2",), ("3",)),
    ),
    Difference(
        "NOT IN with a NULL, for a constant",
        f"SELECT id FROM {_ROWS} WHERE 'x' NOT IN {_KEYS}",
        (),
        (("1",), ("2",), ("3",)),
    ),
    Difference(
        "IN with a subquery is selected",
        f"SELECT id, k IN {_KEYS} AS x FROM {_ROWS} ORDER BY id",
        (("1", "True"), ("2", "False"), ("3", "False")),
        "error",
    ),
    Difference(
        "RANGE over a DATE",
        "SELECT sum(x) OVER (ORDER BY d RANGE BETWEEN INTERVAL 2 DAYS PRECEDING AND CURRENT ROW) "
        "AS s FROM VALUES (date'2024-01-01',1),(date'2024-01-10',4) t(d,x) ORDER BY s",
        (("1",), ("4",)),
        (("1",), ("5",)),
    ),
    Difference(
        "FILTER of a window function",
        "SELECT sum(x) FILTER (WHERE x > 1) OVER (ORDER BY x) AS s FROM VALUES (1),(2) t(x) "
        "ORDER BY x",
        ((None,), ("2",)),
        "error",
    ),
    Difference(
        "DISTINCT in a window function",
        "SELECT count(DISTINCT x) OVER () AS n FROM VALUES (1) t(x)",
        "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED",
        (("1",),),
    ),
    Difference(
        "ORDER BY an aggregate that is not selected",
        "SELECT k FROM VALUES ('a'),('b'),('a') t(k) GROUP BY k ORDER BY count(*) DESC",
        (("a",), ("b",)),
        "error",
    ),
    Difference(
        "GROUP BY ALL",
        "SELECT k, count(*) FROM VALUES ('a'),('a') t(k) GROUP BY ALL",
        (("a", "2"),),
        "error",
    ),
    Difference("explode of a map", "SELECT explode(map('a', 1))", (("a", "1"),), "error"),
    Difference(
        "INTERSECT ALL",
        "SELECT x FROM VALUES (2),(2) t(x) INTERSECT ALL SELECT 2",
        (("2",),),
        (("2",), ("2",)),
    ),
    Difference(
        "a common table expression of the same name",
        "WITH a AS (SELECT 1 AS x), a AS (SELECT 2 AS x) SELECT * FROM a",
        "DUPLICATED_CTE_NAMES",
        (("2",),),
    ),
    Difference(
        "a qualified column of USING",
        "SELECT l.x FROM VALUES (1) l(x) LEFT JOIN VALUES (2) r(x) USING (x) WHERE r.x IS NULL",
        (("1",),),
        "error",
    ),
)
