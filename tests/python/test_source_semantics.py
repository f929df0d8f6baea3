"""The meaning of T-SQL in the Azure SQL emulator: SQL Server's answers, or errors by name."""

import json
from datetime import date, datetime, time
from decimal import Decimal

import duckdb
import pytest
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.local.source.database import SourceDatabase

from source_users import five_users

CASES = PROJECT_ROOT.parent / "shared" / "cases" / "source.json"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceDatabase:
    return five_users(tmp_path_factory.mktemp("semantics"))


def said(value: object) -> str | None:
    """A value as the table below writes it: ISO forms, and unchanged texts."""
    if value is None:
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return "0x" + value.hex().upper()
    if isinstance(value, bool):
        return str(int(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def answers(source: SourceDatabase, ask: str) -> list[list[str | None]]:
    return [[said(v) for v in row.values()] for row in source.query(ask).read_all().to_pylist()]


# Expression: its value, as text. Grouped by subject.
VALUES = {
    "integers": {
        "7/2": "3",
        "-7/2": "-3",
        "7/-2": "-3",
        "7%3": "1",
        "-7%3": "-1",
        "7%-3": "1",
        "CAST(200 AS tinyint)/7": "28",
        "CAST(7 AS bigint)/2": "3",
        "2147483647+0": "2147483647",
        "CAST(2147483647 AS bigint)+1": "2147483648",
        "2147483648+1": "2147483649",
        "5 & 3": "1",
        "5 | 3": "7",
        "5 ^ 3": "6",
        "~5": "-6",
        "~CAST(5 AS tinyint)": "250",
        "-CAST(5 AS tinyint)": "-5",
        "10/4*2": "4",
        "10*2/4": "5",
    },
    "decimals": {
        "1.0/3": "0.333333",
        "2.0/3": "0.666666",
        "-2.0/3": "-0.666666",
        "1/3.0": "0.333333",
        "10/4.0": "2.500000",
        "1.5*2": "3.0",
        "1.25+1": "2.25",
        "0.1+0.2": "0.3",
        "CAST(1 AS decimal(10,2))/CAST(3 AS decimal(10,2))": "0.3333333333333",
        "CAST(10 AS decimal(38,10))/3": "3.3333333333",
        "5.5%2": "1.5",
        "-5.5%2": "-1.5",
        "CAST(5 AS decimal(10,2))*CAST(2 AS decimal(10,2))": "10.0000",
        "CAST(1 AS decimal(18,2))*CAST(3 AS decimal(20,2))": "3.0000",
        "7/2e0": "3.5",
        "CAST(1 AS float)/3": str(1 / 3),
    },
    "money": {
        "CAST(2 AS money)/CAST(3 AS money)": "0.6666",
        "CAST(1.5 AS money)*CAST(2.5 AS money)": "3.7500",
        "CAST(10 AS money)/3": "3.3333",
        "CAST(1 AS money)+1": "2.0000",
        "CAST(2.00005 AS money)": "2.0001",
        "CAST('$1,234.50' AS money)": "1234.5000",
        "CAST(2.5 AS smallmoney)*2": "5.0000",
        "CAST(CAST(2.5 AS money) AS int)": "3",
        "CAST(CAST(-2.5 AS money) AS int)": "-3",
        "CAST(CAST(1234.567 AS money) AS varchar(20))": "1234.57",
        "CONVERT(varchar(20), CAST(1234.567 AS money), 1)": "1,234.57",
        "CONVERT(varchar(20), CAST(1234.567 AS money), 2)": "1234.5670",
    },
    "casts of numbers": {
        "CAST(2.7 AS int)": "2",
        "CAST(-2.7 AS int)": "-2",
        "CAST(2.7e0 AS int)": "2",
        "CAST(-2.7e0 AS bigint)": "-2",
        "CAST(2.5 AS decimal(10,0))": "3",
        "CAST(-2.5 AS decimal(10,0))": "-3",
        "CAST(2.345 AS decimal(10,2))": "2.35",
        "CAST('2.345' AS decimal(10,2))": "2.35",
        "CAST(' 42 ' AS int)": "42",
        "CAST('' AS int)": "0",
        "CAST('-' AS int)": "0",
        "CAST('1e3' AS float)": "1000.0",
        "TRY_CAST('2.7' AS int)": None,
        "TRY_CAST('x' AS float)": None,
        "TRY_CAST('300' AS tinyint)": None,
        "TRY_CAST(300 AS tinyint)": None,
        "TRY_CONVERT(decimal(3,1), 1000)": None,
        "TRY_CAST('1e3' AS decimal(10,2))": None,
        "CAST(5 AS bit)": "1",
        "CAST(0.2 AS bit)": "1",
        "CAST('true' AS bit)": "1",
        "CAST('False' AS bit)": "0",
        "CAST(1234567 AS varchar(3))": "*",
        "CAST(12 AS char(4)) + '|'": "12  |",
        "CAST(1e0/3 AS varchar(20))": "0.333333",
        "CAST(1234567e0 AS varchar(20))": "1.23457e+006",
        "CAST(0.00001e0 AS varchar(20))": "1e-005",
        "CAST(123456e0 AS varchar(20))": "123456",
        "CONVERT(varchar(30), 1e0/3, 2)": "3.333333333333333e-001",
        "CAST(1.50 AS varchar(10))": "1.50",
        "CAST(CAST(1 AS bit) AS varchar(1))": "1",
        "'1' + 1": "2",
        "1 + '1'": "2",
        "'1' + '1'": "11",
        "'1.5' + 1.5": "3.0",
        "CAST(0x0000000A AS int)": "10",
        "CAST(256 AS binary(2))": "0x0100",
        "CAST(1 AS binary(4))": "0x00000001",
        "CAST(-1 AS varbinary(4))": "0xFFFFFFFF",
        "CAST('ab' AS binary(4))": "0x61620000",
        "CAST(N'ab' AS varbinary(10))": "0x61006200",
        "CAST(0x010203 AS binary(2))": "0x0102",
        "CAST('3F2504E0-4F89-11D3-9A0C-0305E82C3301' AS uniqueidentifier)": (
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
        ),
        "CAST(CAST('3f2504e0-4f89-11d3-9a0c-0305e82c3301' AS uniqueidentifier) AS char(36))": (
            "3F2504E0-4F89-11D3-9A0C-0305E82C3301"
        ),
    },
    "functions of numbers": {
        "ROUND(2.5, 0)": "3.0",
        "ROUND(-2.5, 0)": "-3.0",
        "ROUND(2.567, 2)": "2.570",
        "ROUND(2.567, 2, 1)": "2.560",
        "ROUND(1234, -2)": "1200",
        "ROUND(1250, -2)": "1300",
        "FLOOR(-2.5)": "-3",
        "CEILING(2.1)": "3",
        "FLOOR(7)": "7",
        "POWER(2, 3)": "8",
        "POWER(2, 0.5)": "1",
        "POWER(2e0, 0.5e0)": str(2**0.5),
        "SQRT(16)": "4.0",
        "SQUARE(3)": "9.0",
        "ABS(-3)": "3",
        "SIGN(-3.5)": "-1.0",
        "ISNUMERIC('1.5')": "1",
        "ISNUMERIC('abc')": "0",
        "ISNUMERIC(5)": "1",
    },
    "text": {
        "LEN('ab  ')": "2",
        "LEN('  ab')": "4",
        "LEN(N'a😀')": "3",
        "DATALENGTH(N'ab')": "4",
        "DATALENGTH('ab ')": "3",
        "DATALENGTH(CAST('ab' AS char(5)))": "5",
        "DATALENGTH(CAST('ab' AS nchar(5)))": "10",
        "DATALENGTH(CAST(1 AS bigint))": "8",
        "DATALENGTH(0x0102)": "2",
        "CAST('ab' AS char(4)) + 'x'": "ab  x",
        "CAST('abcdef' AS varchar(3))": "abc",
        "CAST('abcdef' AS nchar(3))": "abc",
        "'a' + NULL": None,
        "CONCAT('a', NULL, 1)": "a1",
        "CONCAT('a', CAST('2024-01-02' AS date))": "a2024-01-02",
        "CONCAT_WS('-', 'a', NULL, 'b')": "a-b",
        "ISNULL(CAST(NULL AS varchar(2)), 'abcdef')": "ab",
        "ISNULL(NULL, 5)": "5",
        "ISNULL(CAST(NULL AS int), 2.7)": "2",
        "COALESCE(NULL, 1, 2.5)": "1.0",
        "NULLIF(1, 1)": None,
        "NULLIF('a', 'A ')": None,
        "LEFT('abc', 2)": "ab",
        "RIGHT('abc', 2)": "bc",
        "SUBSTRING('abcdef', 2, 3)": "bcd",
        "SUBSTRING('abcdef', 0, 3)": "ab",
        "SUBSTRING('abcdef', -1, 3)": "a",
        "SUBSTRING('abcdef', 5, 10)": "ef",
        "SUBSTRING('abcdef', 9, 1)": "",
        "CHARINDEX('B', 'abcb')": "2",
        "CHARINDEX('b', 'abcb', 3)": "4",
        "CHARINDEX('z', 'abc')": "0",
        "PATINDEX('%[0-9]%', 'ab3c')": "3",
        "PATINDEX('%x%', 'abc')": "0",
        "REPLACE('aAbB', 'a', 'x')": "xxbB",
        "REPLACE('a.b', '.', '')": "ab",
        "REPLACE('abc', '', 'x')": "abc",
        "STUFF('abcdef', 2, 3, 'X')": "aXef",
        "STUFF('abc', 0, 1, 'X')": None,
        "REPLICATE('ab', 3)": "ababab",
        "REPLICATE('ab', -1)": None,
        "'[' + SPACE(2) + ']'": "[  ]",
        "REVERSE('abc')": "cba",
        "LTRIM('  a ') + '|'": "a |",
        "RTRIM(' a  ') + '|'": " a|",
        "TRIM('  a  ')": "a",
        "UPPER('aé')": "AÉ",
        "QUOTENAME('a]b')": "[a]]b]",
        "STR(123.6)": "       124",
        "ASCII('A')": "65",
        "CHAR(65)": "A",
        "UNICODE(N'é')": "233",
        "CHOOSE(2, 'a', 'b')": "b",
        "CHOOSE(3, 'a', 'b')": None,
        "IIF(1 = 1, 1, 2.5)": "1.0",
        "CASE WHEN 1 = 0 THEN 1 ELSE 2.5 END": "2.5",
        "CASE 'A' WHEN 'a ' THEN 1 ELSE 0 END": "1",
    },
    "conditions": {
        f"CASE WHEN {condition} THEN 1 ELSE 0 END": str(int(holds))
        for condition, holds in {
            "'a' = 'A'": True,
            "'a' = 'a  '": True,
            "'a' <> 'A '": False,
            "'é' = 'É'": True,
            "'e' = 'é'": False,
            "'a ' LIKE 'a'": True,
            "N'a ' LIKE N'a'": False,
            "N'a' LIKE N'a '": False,
            "'ABC' LIKE 'a%'": True,
            "'abc' LIKE 'a_c'": True,
            "'abc' LIKE '[a-c]bc'": True,
            "'dbc' LIKE '[^a-c]bc'": True,
            "'10%' LIKE '10!%' ESCAPE '!'": True,
            "'a' IN ('b', 'A')": True,
            "'a' NOT IN ('b', NULL)": False,
            "NULL = NULL": False,
            "NULL IS NULL": True,
            "1 = '1'": True,
            "1.0 = 1": True,
            "'2024-01-01' = CAST('2024-01-01' AS date)": True,
            "0x01 = 0x0100": True,
            "'b' > 'A'": True,
            "'B' > 'a'": True,
            "'a' > 'B'": False,
            "'a1' < 'ab'": True,
            "'2' BETWEEN 1 AND 3": True,
            "CAST(1 AS bit) = 'true'": True,
            "CAST('2025-01-01T10:00:00+02:00' AS datetimeoffset) = "
            "CAST('2025-01-01T08:00:00+00:00' AS datetimeoffset)": True,
            "CAST('3f2504e0-4f89-11d3-9a0c-0305e82c3301' AS uniqueidentifier) = "
            "'3F2504E0-4F89-11D3-9A0C-0305E82C3301'": True,
        }.items()
    },
    "times": {
        "CAST('2024-01-01T23:59:59.999' AS datetime)": "2024-01-02T00:00:00",
        "CAST('2024-01-01T23:59:59.998' AS datetime)": "2024-01-01T23:59:59.997000",
        "CAST('2024-01-01T23:59:59.994' AS datetime)": "2024-01-01T23:59:59.993000",
        "CAST('2024-01-01T00:00:00.001' AS datetime)": "2024-01-01T00:00:00",
        "CAST('2024-01-01T00:00:00.002' AS datetime)": "2024-01-01T00:00:00.003000",
        "CAST('2024-01-01T00:00:00.005' AS datetime)": "2024-01-01T00:00:00.007000",
        "CAST('2024-01-01T00:00:29.998' AS smalldatetime)": "2024-01-01T00:00:00",
        "CAST('2024-01-01T00:00:29.999' AS smalldatetime)": "2024-01-01T00:01:00",
        "CAST('20240102' AS date)": "2024-01-02",
        "CAST('' AS date)": "1900-01-01",
        "CAST('2024-01-02 10:20' AS datetime2(0))": "2024-01-02T10:20:00",
        "CAST('2024-01-01T00:00:00.5' AS datetime2(0))": "2024-01-01T00:00:01",
        "CAST('2024-01-01T00:00:00.4999999' AS datetime2(0))": "2024-01-01T00:00:00",
        "CAST('2024-12-31T23:59:59.9999995' AS datetime2(6))": "2025-01-01T00:00:00",
        "CAST('2024-01-01T00:00:00.1234565' AS datetime2(6))": "2024-01-01T00:00:00.123457",
        "CAST('2024-01-01T00:00:00.12345' AS datetime2(3))": "2024-01-01T00:00:00.123000",
        "CAST('0001-01-01' AS datetime2)": "0001-01-01T00:00:00",
        "CAST('9999-12-31T23:59:59.999999' AS datetime2)": "9999-12-31T23:59:59.999999",
        "CAST('10:20:30.55' AS time(1))": "10:20:30.600000",
        "CAST('23:59:59.99' AS time(0))": "00:00:00",
        "CONVERT(varchar(20), CAST('10:20:30.5' AS time(1)), 108)": "10:20:30",
        "CAST(CAST('10:20:30.5' AS time(1)) AS varchar(20))": "10:20:30.5",
        "CAST(CAST('10:20:30.5' AS time(1)) AS time(0))": "10:20:31",
        "DATEADD(minute, 50, CAST('23:20:30' AS time(0)))": "00:10:30",
        "DATEPART(minute, CAST('10:20:30' AS time))": "20",
        "DATEDIFF(minute, CAST('10:20:30' AS time), CAST('11:00:00' AS time))": "40",
        "CAST(CAST('10:20:30' AS time(0)) AS datetime)": "1900-01-01T10:20:30",
        "CAST(CAST('2024-01-02T10:00:00' AS datetime) AS date)": "2024-01-02",
        "CAST(CAST('2024-01-02' AS date) AS datetime)": "2024-01-02T00:00:00",
        "CAST(CAST('2024-01-02T10:20:30.007' AS datetime) AS datetime2(3))": (
            "2024-01-02T10:20:30.007000"
        ),
        "CAST('2025-10-06T10:00:00+02:00' AS datetimeoffset(0))": "2025-10-06T10:00:00+02:00",
        "CAST('2025-10-06T10:00:00.5-14:00' AS datetimeoffset(1))": "2025-10-06T10:00:00.5-14:00",
        "CAST(CAST('2025-10-06T10:00:00+02:00' AS datetimeoffset) AS datetime2(0))": (
            "2025-10-06T10:00:00"
        ),
        "CAST(CAST('2025-10-06T10:00:00' AS datetime2(0)) AS datetimeoffset(0))": (
            "2025-10-06T10:00:00+00:00"
        ),
        "CONVERT(varchar(40), CAST('2025-10-06T10:00:00+02:00' AS datetimeoffset(3)), 127)": (
            "2025-10-06T08:00:00Z"
        ),
        "CONVERT(varchar(40), CAST('2025-10-06T10:00:00+02:00' AS datetimeoffset(3)), 126)": (
            "2025-10-06T10:00:00+02:00"
        ),
        "CAST(CAST('2025-10-06T10:00:00+02:00' AS datetimeoffset(0)) AS varchar(40))": (
            "2025-10-06 10:00:00 +02:00"
        ),
        "SWITCHOFFSET(CAST('2025-10-06T10:00:00+02:00' AS datetimeoffset(0)), '-05:00')": (
            "2025-10-06T03:00:00-05:00"
        ),
        "TODATETIMEOFFSET(CAST('2025-10-06T10:00:00' AS datetime2(0)), '+02:00')": (
            "2025-10-06T10:00:00+02:00"
        ),
        "CAST('2025-10-06T10:00:00' AS datetime2(0)) AT TIME ZONE 'UTC'": (
            "2025-10-06T10:00:00+00:00"
        ),
        "CAST('2025-10-06T10:00:00+02:00' AS datetimeoffset(0)) AT TIME ZONE 'UTC'": (
            "2025-10-06T08:00:00+00:00"
        ),
        "CAST(CAST('2024-01-02T15:04:05' AS datetime) AS varchar(30))": "Jan  2 2024  3:04PM",
        "CAST(CAST('2024-01-02' AS date) AS varchar(30))": "2024-01-02",
        "CAST(CAST('2024-01-02T15:04:05.5' AS datetime2(3)) AS varchar(30))": (
            "2024-01-02 15:04:05.500"
        ),
        "CONVERT(varchar(30), CAST('2024-01-02T15:04:05.123' AS datetime), 121)": (
            "2024-01-02 15:04:05.123"
        ),
        "CONVERT(varchar(30), CAST('2024-01-02T15:04:05' AS datetime), 126)": "2024-01-02T15:04:05",
        "CONVERT(varchar(30), CAST('2024-01-02T15:04:05.1' AS datetime2), 126)": (
            "2024-01-02T15:04:05.1000000"
        ),
        "CONVERT(varchar(10), CAST('2024-01-02T15:04:05' AS datetime), 112)": "20240102",
        "CONVERT(varchar(10), CAST('2024-01-02' AS date), 101)": "01/02/2024",
        "CONVERT(varchar(10), CAST('2024-01-02' AS date), 104)": "02.01.2024",
        "CONVERT(varchar(8), CAST('2024-01-02T15:04:05' AS datetime), 108)": "15:04:05",
        "DATEADD(month, 1, CAST('2024-01-31' AS date))": "2024-02-29",
        "DATEADD(day, 1.9, CAST('2024-01-31' AS date))": "2024-02-01",
        "DATEADD(ms, 1, CAST('2024-01-01' AS datetime))": "2024-01-01T00:00:00",
        "DATEADD(ms, 2, CAST('2024-01-01' AS datetime))": "2024-01-01T00:00:00.003000",
        "DATEADD(year, -1, CAST('2024-02-29' AS datetime2(0)))": "2023-02-28T00:00:00",
        "CAST('2024-01-01' AS datetime) + 1": "2024-01-02T00:00:00",
        "CAST('2024-01-01' AS datetime) - 1": "2023-12-31T00:00:00",
        "DATEDIFF(day, '2024-01-01T23:59:59', '2024-01-02')": "1",
        "DATEDIFF(year, '2024-12-31', '2025-01-01')": "1",
        "DATEDIFF(month, '2024-01-31', '2024-02-01')": "1",
        "DATEDIFF(week, '2024-01-06', '2024-01-07')": "1",  # Saturday, Sunday
        "DATEDIFF(week, '2024-01-07', '2024-01-08')": "0",
        "DATEDIFF(hour, '2024-01-01T00:59:59', '2024-01-01T01:00:00')": "1",
        "DATEDIFF(second, '2024-01-02', '2024-01-01')": "-86400",
        "DATEDIFF_BIG(ms, '0001-01-01', '2024-01-01')": "63839664000000",
        "DATEPART(weekday, CAST('2024-01-07' AS date))": "1",
        "DATEPART(week, CAST('2024-01-07' AS date))": "2",
        "DATEPART(iso_week, CAST('2024-01-07' AS date))": "1",
        "DATEPART(iso_week, CAST('2021-01-03' AS date))": "53",
        "DATEPART(quarter, CAST('2024-05-07' AS date))": "2",
        "DATEPART(dayofyear, CAST('2024-03-01' AS date))": "61",
        "DATEPART(ms, CAST('2024-01-01T00:00:00.123' AS datetime))": "123",
        "DATEPART(tz, CAST('2024-01-01T00:00:00+02:00' AS datetimeoffset))": "120",
        "DATENAME(month, CAST('2024-01-07' AS date))": "January",
        "DATENAME(weekday, CAST('2024-01-07' AS date))": "Sunday",
        "DATENAME(year, CAST('2024-01-07' AS date))": "2024",
        "YEAR('2024-05-06') + MONTH('2024-05-06') + DAY('2024-05-06')": "2035",
        "EOMONTH('2024-02-05')": "2024-02-29",
        "EOMONTH('2024-01-31', 1)": "2024-02-29",
        "DATEFROMPARTS(2024, 2, 29)": "2024-02-29",
        "DATETIME2FROMPARTS(2024, 2, 29, 1, 2, 3, 45, 2)": "2024-02-29T01:02:03.450000",
        "DATETRUNC(month, CAST('2024-02-15T10:00:00' AS datetime2(0)))": "2024-02-01T00:00:00",
        "TRY_CAST('2024-02-30' AS date)": None,
        "TRY_CAST('abc' AS datetime)": None,
        "TRY_CAST('1752-12-31' AS datetime)": None,
        "TRY_CAST('24:00:00' AS time)": None,
    },
}


@pytest.mark.parametrize("area", VALUES)
def test_expressions_have_the_values_of_sql_server(source: SourceDatabase, area: str) -> None:
    wrong = {}
    for expression, expected in VALUES[area].items():
        try:
            found = answers(source, f"SELECT {expression} AS a")[0][0]
        except MedallionError as error:
            found = str(error)
        if found != expected:
            wrong[expression] = (found, expected)
    assert wrong == {}


# Expression: a part of the error message.
ERRORS = {
    "1/0": "8134",
    "1%0": "8134",
    "1.5/0": "8134",
    "1e0/0": "8134",
    "2147483647 + 1": "overflow.*int",
    "2147483647 * 2": "overflow.*int",
    "CAST(9223372036854775807 AS bigint) + 1": "overflow.*bigint",
    "CAST(200 AS tinyint) + CAST(100 AS tinyint)": "overflow.*tinyint",
    "CAST(5 AS tinyint) - CAST(6 AS tinyint)": "overflow.*tinyint",
    "CAST(30000 AS smallint) * CAST(2 AS smallint)": "overflow.*smallint",
    "CAST(300 AS tinyint)": "overflow.*tinyint",
    "CAST(-1 AS tinyint)": "overflow.*tinyint",
    "CAST(3e9 AS int)": "overflow.*int",
    "CAST(3000000000 AS int)": "overflow.*int",
    "CAST('3000000000' AS int)": "overflow.*int",
    "CAST('2.7' AS int)": "245",
    "CAST('x' AS decimal(5,2))": "8114",
    "CAST('1e3' AS decimal(5,2))": "8114",
    "CAST(1000 AS decimal(3,0))": "overflow.*numeric",
    "CAST(99.95 AS decimal(3,1))": "overflow.*numeric",
    "CAST('1000' AS decimal(3,0))": "overflow.*numeric",
    "ROUND(0.5, 0)": "overflow.*numeric",
    "0x0A + 1": "binary",
    "CAST(1e300 AS real)": "overflow",
    "1e308 * 10": "overflow.*float",
    "CAST(300000 AS smallmoney)": "overflow.*smallmoney",
    "CAST(922337203685477.5808 AS money)": "overflow.*money",
    "CAST(1234.5 AS varchar(3))": "overflow.*varchar",
    "CAST(1234 AS nvarchar(3))": "overflow.*nvarchar",
    "POWER(2, 31)": "overflow.*int",
    "ABS(CAST(-2147483648 AS int))": "overflow.*int",
    "SQRT(-1)": "3623",
    "LOG(0)": "3623",
    "'a' - 'b'": "402",
    "CAST('2024-01-01' AS date) + 1": "206",
    "CAST(1 AS date)": "529",
    "CAST('0000-01-01' AS datetime2)": "241",
    "CAST('2024-02-30' AS date)": "241",
    "CAST('2024-01-01T24:00:00' AS datetime2)": "241",
    "CAST('2024-01-01T23:59:60' AS datetime2)": "241",
    "CAST('2024-01-01T23:60:00' AS datetime2)": "241",
    "CAST('2024-13-01' AS date)": "241",
    "CAST('24:00:00' AS time)": "241",
    "CAST('2024-01-01T00:00:00.1234' AS datetime)": "241",
    "CAST('2024-01-01T00:00:00.12345678' AS datetime2)": "not as",
    "CAST('2024-01-01T00:00:00+14:01' AS datetimeoffset)": "241",
    "CAST('1752-12-31' AS datetime)": "242",
    "CAST('1899-12-31' AS smalldatetime)": "242",
    "CAST('2079-06-07' AS smalldatetime)": "242",
    "CAST('9999-12-31T23:59:59.9999999' AS datetime2(0))": "overflow",
    "CAST('2024-01-01T00:00:00.1234567' AS datetime2)": "seventh",
    "CAST('Jan 2 2024' AS date)": "Jan 2 2024",
    "CAST('1/2/2024' AS date)": "1/2/2024",
    "DATEADD(day, 1, CAST('9999-12-31' AS date))": "overflow",
    "DATEADD(hour, 1, CAST('2024-01-01' AS date))": "9810",
    "DATEDIFF(ms, '2000-01-01', '2024-01-01')": "overflow",
    "DATEDIFF(fortnight, '2000-01-01', '2024-01-01')": "155",
    "DATEFROMPARTS(2024, 2, 30)": "289",
    "CAST('x' AS uniqueidentifier)": "8169",
    "LEFT('abc', -1)": "537",
    "1 = 1": "condition",
    "NULLIF(NULL, 1)": "4151",
    "COALESCE(NULL, NULL)": "4127",
    # Unknown, and therefore rejected by name.
    "FORMAT(1, 'N')": "FORMAT",
    "list_sum([1])": "",
    "md5('x')": "MD5",
    "date_trunc('day', '2024-01-01')": "DATE_TRUNC",
    "strftime('2024-01-01', '%Y')": "STRFTIME",
    "ATN2(1, 2)": "ATN2",
    "SOUNDEX('a')": "SOUNDEX",
    "RAND()": "RAND",
    "NEWID()": "NEWID",
    "JSON_VALUE('{}', '$.a')": "JSON_VALUE",
    "CAST('<a/>' AS xml)": "xml",
    "CAST(1 AS sql_variant)": "type",
    "'a' COLLATE Latin1_General_BIN": "COLLATE",
    "CAST('2024-01-01' AS datetime2) AT TIME ZONE 'Pacific Standard Time'": "Pacific",
    "SUBSTRING(N'a😀b', 2, 1)": "UTF-16",
    "CONVERT(varchar(30), GETDATE(), 130)": "style 130",
    "'日本'": "1252",
    "CASE WHEN N'a😀' = N'a' THEN 1 END": "equal",
    "CASE WHEN N'straße' = N'strasse' THEN 1 END": "equal",
    "CASE WHEN N'日' > N'a' THEN 1 END": "order",
    "@x": "@x",
}


@pytest.mark.parametrize("expression", ERRORS)
def test_errors_are_those_of_sql_server_or_name_the_unknown_construct(
    source: SourceDatabase, expression: str
) -> None:
    with pytest.raises(MedallionError, match=f"(?is).*{ERRORS[expression]}"):
        answers(source, f"SELECT {expression} AS a")


ROWS = "(VALUES (1, 'a', 2.50), (2, 'B', NULL), (3, 'A ', 1.25), (4, NULL, 3.00)) AS t (i, s, d)"
DATES = "(VALUES (CAST('2024-01-01' AS date)), (NULL)) AS t (d)"
# Query: its rows.
QUERIES: dict[str, list[list[str | None]]] = {
    f"SELECT AVG(i), SUM(i), COUNT(*), COUNT(d), MAX(i) FROM {ROWS}": [["2", "10", "4", "3", "4"]],
    f"SELECT AVG(d), SUM(d) FROM {ROWS}": [["2.250000", "6.75"]],
    f"SELECT AVG(CAST(i AS tinyint)) FROM {ROWS}": [["2"]],
    f"SELECT AVG(CAST(d AS money)), AVG(CAST(d AS float)) FROM {ROWS}": [["2.2500", "2.25"]],
    f"SELECT AVG(i) OVER (ORDER BY i) FROM {ROWS}": [["1"], ["1"], ["2"], ["2"]],
    "SELECT AVG(x), SUM(x) FROM (SELECT 1 AS x WHERE 1 = 0) AS t": [[None, None]],
    f"SELECT COUNT(DISTINCT s), MIN(s), MAX(s) FROM {ROWS}": [["2", "a", "B"]],
    f"SELECT COUNT(*) FROM {ROWS} WHERE s = 'a'": [["2"]],
    f"SELECT COUNT(*) FROM {ROWS} WHERE s LIKE 'a'": [["2"]],
    f"SELECT COUNT(*) AS n FROM {ROWS} GROUP BY s ORDER BY n": [["1"], ["1"], ["2"]],
    f"SELECT COUNT(*) FROM (SELECT DISTINCT s FROM {ROWS}) AS q": [["3"]],
    f"SELECT i FROM {ROWS} ORDER BY s, i": [["4"], ["1"], ["3"], ["2"]],
    f"SELECT i FROM {ROWS} ORDER BY d DESC, i": [["4"], ["1"], ["3"], ["2"]],
    f"SELECT TOP 1 i FROM {ROWS} ORDER BY d": [["2"]],
    f"SELECT TOP (1) WITH TIES i FROM {ROWS} WHERE s IS NOT NULL ORDER BY s": [["1"], ["3"]],
    f"SELECT TOP 50 PERCENT i FROM {ROWS} ORDER BY i": [["1"], ["2"]],
    f"SELECT i FROM {ROWS} ORDER BY i OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY": [["2"], ["3"]],
    f"SELECT i FROM {ROWS} WHERE s NOT IN ('b', NULL)": [],
    f"SELECT i FROM {ROWS} WHERE s NOT IN (SELECT s FROM {ROWS})": [],
    f"SELECT i FROM {ROWS} WHERE s IN (SELECT 'b ' FROM {DATES}) ORDER BY i": [["2"]],
    f"SELECT t.i, u.i AS j FROM {ROWS} INNER JOIN (VALUES (9, 'b ')) AS u (i, s) ON t.s = u.s": [
        ["2", "9"]
    ],
    f"SELECT s + '!' FROM {ROWS} WHERE i = 3": [["A !"]],
    f"SELECT STRING_AGG(s, '/') WITHIN GROUP (ORDER BY i DESC) FROM {ROWS}": [["A /B/a"]],
    f"SELECT SUM(i) FROM {ROWS} GROUP BY ROLLUP (i % 2) ORDER BY 1": [["4"], ["6"], ["10"]],
    f"SELECT i % 2, COUNT(*) FROM {ROWS} GROUP BY i % 2 HAVING COUNT(*) > 1 ORDER BY 1": [
        ["0", "2"],
        ["1", "2"],
    ],
    f"SELECT SUM(i) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {ROWS}": [
        ["1"], ["3"], ["5"], ["7"],
    ],
    f"SELECT RANK() OVER (ORDER BY s), i FROM {ROWS} ORDER BY i": [
        ["2", "1"], ["4", "2"], ["2", "3"], ["1", "4"],
    ],
    f"SELECT LAG(i, 1, 0) OVER (ORDER BY i) FROM {ROWS}": [["0"], ["1"], ["2"], ["3"]],
    "SELECT COUNT(*) FROM (SELECT 'a' AS x UNION SELECT 'A ') AS q": [["1"]],
    "SELECT 1 AS x UNION ALL SELECT 2.5 ORDER BY x": [["1.0"], ["2.5"]],
    "SELECT 'a' AS x EXCEPT SELECT 'A'": [],
    "SELECT 'a' AS x INTERSECT SELECT 'A '": [["a"]],
    "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT SUM(i) FROM n": [
        ["10"]
    ],
    f"SELECT t.i, x.y FROM {ROWS} CROSS APPLY (SELECT t.i * 2 AS y) AS x WHERE t.i < 3": [
        ["1", "2"],
        ["2", "4"],
    ],
    f"SELECT t.i FROM {ROWS} OUTER APPLY (SELECT 1 AS y WHERE t.i > 9) AS x WHERE x.y IS NULL "
    "AND t.i = 1": [["1"]],
    f"SELECT (SELECT MAX(u.i) FROM (VALUES (5)) AS u (i) WHERE u.i > t.i) FROM {ROWS} "
    "WHERE t.i = 1": [["5"]],
    "SELECT VAR(x), STDEV(x) FROM (VALUES (1), (3)) AS t (x)": [["2.0", str(2**0.5)]],
}  # fmt: skip


def test_queries_have_the_rows_of_sql_server(source: SourceDatabase) -> None:
    wrong = {}
    for query, expected in QUERIES.items():
        try:
            found: object = answers(source, query)
        except MedallionError as error:
            found = str(error)
        if found != expected:
            wrong[query] = (found, expected)
    assert wrong == {}


REFUSED = {
    "SELECT SUM(x) FROM (VALUES (2147483647), (1)) AS t (x)": "overflow.*int",
    "SELECT SUM(CAST(x AS smallmoney)) FROM (VALUES ('a')) AS t (x)": "smallmoney",
    f"SELECT s, COUNT(*) FROM {ROWS}": "8120",
    f"SELECT i FROM {ROWS} WHERE COUNT(*) > 1": "147",
    f"SELECT x FROM (SELECT i AS x FROM {ROWS} ORDER BY i) AS q": "1033",
    f"SELECT i FROM {ROWS} WHERE i": "4145",
    f"SELECT j FROM {ROWS}": "207",
    f"SELECT z.i FROM {ROWS}": "4104",
    "SELECT * FROM dbo.DimUser WITH (NOLOCK)": "NOLOCK",
    "SELECT * FROM dbo.Nowhere": "208",
    "SELECT * FROM dbo.DimUser FOR JSON PATH": "FOR",
    "SELECT * FROM dbo.DimUser OPTION (RECOMPILE)": "OPTION|RECOMPILE",
    "SELECT * FROM dbo.DimUser TABLESAMPLE (10 PERCENT)": "sample|cannot be read",
    "SELECT user_id FROM dbo.DimUser PIVOT (MAX(country) FOR user_id IN ([1])) AS p": "PIVOT",
    "SELECT * FROM read_csv('x')": "208",
    "SELECT * FROM range(3) AS r": "208",
    "SELECT SUM(1) OVER (ORDER BY 1)": "5308",
    "SELECT user_id FROM dbo.DimUser WHERE user_id > ALL (SELECT 1)": "comparison",
    "SELECT ROW_NUMBER() OVER (PARTITION BY country) FROM dbo.DimUser": "4112",
    "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 400) SELECT MAX(i) FROM n": (
        "530"
    ),
    "SELECT (SELECT user_id FROM dbo.DimUser)": "512",
    "SELECT user_name FROM dbo.DimUser WHERE user_name LIKE country": "pattern",
}


@pytest.mark.parametrize("query", REFUSED)
def test_queries_are_refused_by_name(source: SourceDatabase, query: str) -> None:
    with pytest.raises(MedallionError, match=f"(?is).*({REFUSED[query]})"):
        answers(source, query)


# Column type: the stored form of each value, or a part of the error message.
STORED: dict[str, dict[str, str]] = {
    "datetime": {
        "'2024-01-01T23:59:59.999'": "2024-01-02T00:00:00",
        "'0001-01-01'": "!242",
        "'2024-01-01T24:00:00'": "!241",
    },
    "smalldatetime": {"'2024-01-01T00:00:30'": "2024-01-01T00:01:00", "'2080-01-01'": "!242"},
    "datetime2(0)": {"'2024-01-01T00:00:00.5'": "2024-01-01T00:00:01"},
    "datetime2(3)": {
        "'2024-01-01T00:00:00.0005'": "2024-01-01T00:00:00.001000",
        "'0000-01-01'": "!241",
    },
    "datetime2": {"'2024-01-01T00:00:00.1234567'": "!seventh"},
    "datetimeoffset(3)": {
        "'2024-01-01T10:00:00.1239+02:00'": "2024-01-01T10:00:00.124+02:00",
        "'2024-01-01T10:00:00'": "2024-01-01T10:00:00+00:00",
    },
    "time(0)": {"'10:00:00.5'": "10:00:01", "'24:00:00'": "!241"},
    "date": {"'2024-01-01T10:00:00'": "2024-01-01", "'2023-02-29'": "!241"},
    "tinyint": {"255": "255", "256": "!overflow", "-1": "!overflow", "2.7": "2"},
    "int": {"2.7": "2", "'5'": "5", "'2.7'": "!245", "2147483648": "!overflow"},
    "bigint": {"9223372036854775807": "9223372036854775807", "9223372036854775808": "!overflow"},
    "decimal(5,2)": {"1.005": "1.01", "999.995": "!overflow", "'1.239'": "1.24"},
    "money": {"1.00005": "1.0001", "'$1,000'": "1000.0000"},
    "smallmoney": {
        "300000": "!overflow", "214748.3647": "214748.3647", "-214748.3648": "-214748.3648",
    },
    "real": {"1e39": "!overflow", "0.5": "0.5"},
    "float": {"'1e3'": "1000.0"},
    "bit": {"5": "1", "0": "0", "'true'": "1", "'x'": "!245"},
    "char(5)": {"'ab'": "ab   ", "'abcdef'": "!2628", "'abcde  '": "abcde"},
    "nchar(3)": {"N'é'": "é  ", "N'a😀'": "a😀"},
    "varchar(3)": {"'abcd'": "!2628", "'abc '": "abc", "1234": "!overflow", "N'日'": "!1252"},
    "nvarchar(3)": {"N'a😀'": "a😀", "N'ab😀'": "!2628", "12": "12"},
    "binary(4)": {"0x0102": "0x01020000", "0x0102030405": "!2628", "258": "0x00000102"},
    "varbinary(2)": {"0x0102": "0x0102", "0x010203": "!2628"},
    "uniqueidentifier": {
        "'3F2504E0-4F89-11D3-9A0C-0305E82C3301'": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "'x'": "!8169",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", STORED)
def test_a_column_stores_what_sql_server_stores(source: SourceDatabase, kind: str) -> None:
    table = "dbo.S_" + "".join(c for c in kind if c.isalnum())
    source.execute(f"CREATE TABLE {table} (id int NOT NULL PRIMARY KEY, a {kind} NULL)")
    source.execute(f"INSERT INTO {table} VALUES (0, NULL)")
    for number, (value, expected) in enumerate(STORED[kind].items(), 1):
        insert = f"INSERT INTO {table} VALUES ({number}, {value})"
        update = f"UPDATE {table} SET a = {value} WHERE id = 0"
        merge = (
            f"MERGE {table} AS t USING (VALUES (0)) AS s (id) ON t.id = s.id "
            f"WHEN MATCHED THEN UPDATE SET a = {value};"
        )
        for statement, key in ((insert, number), (update, 0), (merge, 0)):
            if expected.startswith("!"):
                with pytest.raises(MedallionError, match=f"(?is).*{expected[1:]}"):
                    source.execute(statement)
            else:
                source.execute(statement)
                stored = answers(source, f"SELECT a FROM {table} WHERE id = {key}")
                assert stored == [[expected]], statement


# Set-up, query and its rows, or the error of the last statement.
STORIES: list[tuple[list[str], str, list[list[str | None]] | str]] = [
    (
        [
            "CREATE TABLE dbo.T1 (id int NOT NULL PRIMARY KEY, a datetimeoffset(3))",
            "INSERT INTO dbo.T1 VALUES (1, SYSDATETIMEOFFSET()), "
            "(2, '2025-10-06T10:00:00+02:00'), (3, '2025-10-06T10:00:00-05:00')",
        ],
        "SELECT a FROM dbo.T1 WHERE id > 1 ORDER BY a",
        [["2025-10-06T10:00:00+02:00"], ["2025-10-06T10:00:00-05:00"]],
    ),
    (
        [
            "CREATE TABLE dbo.T2 (k varchar(5) NOT NULL PRIMARY KEY)",
            "INSERT INTO dbo.T2 VALUES ('a')",
        ],
        "INSERT INTO dbo.T2 VALUES ('A ')",
        "2627",
    ),
    (
        ["CREATE TABLE dbo.T3 (k char(3) NOT NULL PRIMARY KEY, n int DEFAULT 7)"],
        "INSERT INTO dbo.T3 (k) VALUES ('x'), ('X  ')",
        "2627",
    ),
    (
        [
            "CREATE TABLE dbo.T9 (id int NOT NULL PRIMARY KEY, a datetime2(3), b varbinary(4), "
            "c uniqueidentifier, d datetimeoffset(3), e date)",
            "INSERT INTO dbo.T9 VALUES (1, NULL, NULL, NULL, NULL, NULL), "
            "(2, NULL, NULL, NULL, NULL, '2024-01-01')",
            "INSERT INTO dbo.T9 SELECT 3, NULL, NULL, NULL, NULL, NULL",
            "UPDATE dbo.T9 SET e = NULL WHERE id = 2",
        ],
        "SELECT id, a, b, c, d, e FROM dbo.T9 ORDER BY id",
        [[number, *[None] * 5] for number in ("1", "2", "3")],
    ),
    (
        [
            "CREATE TABLE dbo.T4 (id int NOT NULL PRIMARY KEY, a char(4), "
            "d datetime DEFAULT GETDATE(), n decimal(5,1) DEFAULT 2.25)",
            "INSERT INTO dbo.T4 (id, a) VALUES (1, 'ab')",
            "INSERT INTO dbo.T4 VALUES (2, 'cd', DEFAULT, DEFAULT)",
            "UPDATE dbo.T4 SET n = DEFAULT, a = 'x' WHERE a = 'CD'",
        ],
        "SELECT a + '|', n, DATALENGTH(a) FROM dbo.T4 ORDER BY id",
        [["ab  |", "2.3", "4"], ["x   |", "2.3", "4"]],
    ),
    (
        [
            "CREATE TABLE dbo.T5 (id int NOT NULL PRIMARY KEY, v int)",
            "INSERT INTO dbo.T5 SELECT i, i * 10 FROM (VALUES (1), (2), (3)) AS s (i)",
            "UPDATE t SET v = t.v / 3 FROM dbo.T5 AS t INNER JOIN (VALUES (1), (2)) AS s (i) "
            "ON t.id = s.i",
            "DELETE t FROM dbo.T5 AS t INNER JOIN (VALUES (3)) AS s (i) ON t.id = s.i",
        ],
        "SELECT id, v FROM dbo.T5 ORDER BY id",
        [["1", "3"], ["2", "6"]],
    ),
    ([], "CREATE TABLE dbo.T6 (id int IDENTITY(1,1) PRIMARY KEY)", "IDENTITY"),
    ([], "CREATE TABLE dbo.T6 (id int, b AS id + 1)", "AS id"),
    ([], "CREATE TABLE dbo.T6 (id int CHECK (id > 0))", "CHECK"),
    ([], "CREATE TABLE dbo.T6 (id int UNIQUE)", "UNIQUE"),
    ([], "CREATE TABLE dbo.T6 (id int, a xml)", "xml"),
    ([], "CREATE TABLE dbo.T6 (id int, a varchar(3) COLLATE Latin1_General_BIN)", "COLLATE"),
    ([], "UPDATE dbo.DimUser SET user_id = 'x' WHERE 1 = 0", ""),
    ([], "INSERT INTO dbo.DimUser (user_id) OUTPUT inserted.user_id VALUES (99)", "OUTPUT"),
    ([], "INSERT INTO dbo.DimUser (user_id, updated_at) VALUES (99, 1.5)", "257|cast"),
    ([], "DELETE TOP (1) FROM dbo.DimUser", "TOP"),
    ([], "INSERT INTO dbo.DimUser VALUES (1)", "213"),
    ([], "DROP TABLE dbo.DimUser", "DROP TABLE"),
    ([], "SELECT * INTO dbo.T7 FROM dbo.DimUser", "INTO"),
    ([], "DECLARE @x int = 1", "DECLARE"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(STORIES)))
def test_statements_behave_as_in_sql_server(source: SourceDatabase, number: int) -> None:
    setup, ask, expected = STORIES[number]
    for statement in setup:
        source.execute(statement)
    if isinstance(expected, list):
        assert answers(source, ask) == expected
    elif expected:
        with pytest.raises(MedallionError, match=f"(?is).*({expected})"):
            source.execute(ask)
    else:
        source.execute(ask)


def test_the_shared_cases(source: SourceDatabase) -> None:
    if not CASES.is_file():
        pytest.skip(f"there is no {CASES}, which an examiner lays beside the project")
    for case in json.loads(CASES.read_text("utf-8")):
        for statement in case["setup"]:
            source.execute(statement)
        if "error" in case:
            with pytest.raises(MedallionError, match=f"(?i).*{case['error']}"):
                source.execute(case["ask"])
        else:
            assert answers(source, case["ask"]) == case["expect"], case["name"]


def test_the_compiler_is_the_only_way_to_duckdb(source: SourceDatabase) -> None:
    """A name that only DuckDB knows is not a T-SQL name."""
    functions = duckdb.sql("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    for name in ("list_value", "today", "uuid", "random", "current_setting", "getvariable"):
        assert (name,) in functions or name == "getvariable"
        with pytest.raises(MedallionError):
            answers(source, f"SELECT {name}() AS a")
