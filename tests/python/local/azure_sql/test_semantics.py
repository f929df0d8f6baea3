"""The meaning of T-SQL in the Azure SQL emulator: SQL Server's answers, or errors by name."""

import json

import duckdb
import pytest

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion_local.azure_sql.database import SourceDatabase
from support.source_users import five_users
from support.tsql_cases import QUERIES, ROWS, VALUES, said

CASES = PROJECT_ROOT.parent / "shared" / "cases" / "source.json"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceDatabase:
    return five_users(tmp_path_factory.mktemp("semantics"))


def answers(source: SourceDatabase, ask: str) -> list[list[str | None]]:
    return [[said(v) for v in row.values()] for row in source.query(ask).read_all().to_pylist()]


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
    "CASE WHEN N'İ' = N'i' THEN 1 END": "equal",
    "CASE WHEN N'\u212a' = N'k' THEN 1 END": "equal",
    "UPPER(N'ı')": "case",
    "LOWER(N'İ')": "case",
    "CAST(1.005e0 AS decimal(10,2))": "half",
    "ROUND(1.005e0, 2)": "half",
    "@x": "@x",
}


@pytest.mark.parametrize("expression", ERRORS)
def test_errors_are_those_of_sql_server_or_name_the_unknown_construct(
    source: SourceDatabase, expression: str
) -> None:
    with pytest.raises(MedallionError, match=f"(?is).*{ERRORS[expression]}"):
        answers(source, f"SELECT {expression} AS a")


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
    "SELECT AVG(x) FROM (VALUES (2147483647), (1)) AS t (x)": "overflow.*int",
    "SELECT SUM(CAST(x AS smallmoney)) FROM (VALUES ('a')) AS t (x)": "smallmoney",
    f"SELECT s, COUNT(*) FROM {ROWS}": "8120",
    f"SELECT i FROM {ROWS} WHERE COUNT(*) > 1": "147",
    f"SELECT x FROM (SELECT i AS x FROM {ROWS} ORDER BY i) AS q": "1033",
    f"SELECT i FROM {ROWS} WHERE i": "4145",
    f"SELECT j FROM {ROWS}": "207",
    f"SELECT z.i FROM {ROWS}": "4104",
    "SELECT * FROM dbo.DimUser WITH (NOLOCK)": "NOLOCK",
    "SELECT * FROM dbo.Nowhere": "208",
    "SELECT * FROM dbo.DimUser FOR XML PATH": "FOR",
    "SELECT * FROM dbo.DimUser OPTION (RECOMPILE)": "OPTION|RECOMPILE",
    "SELECT * FROM dbo.DimUser TABLESAMPLE (10 PERCENT)": "sample|cannot be read",
    "SELECT user_id FROM dbo.DimUser PIVOT (MAX(country) FOR user_id IN ([1])) AS p": "PIVOT",
    "SELECT * FROM read_csv('x')": "208",
    "SELECT * FROM range(3) AS r": "208",
    "SELECT a FROM OPENROWSET(BULK 'x', DATA_SOURCE = 'y', FORMAT = 'DELTA') AS r": "OPENROWSET",
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
    (
        [
            "CREATE TABLE dbo.T10 (id int NOT NULL PRIMARY KEY, a varchar(5))",
            "INSERT INTO dbo.T10 VALUES (1, 'ab'), (2, 'b'), (3, 'c')",
            "UPDATE dbo.T10 SET a = 'z' WHERE a NOT LIKE 'A%' AND id < 3",
            "DELETE FROM dbo.T10 WHERE a NOT LIKE '[a-b]%' AND a NOT LIKE 'z'",
        ],
        "SELECT id, a FROM dbo.T10 ORDER BY id",
        [["1", "ab"], ["2", "z"]],
    ),
    (
        [
            "CREATE TABLE dbo.T11 (id int NOT NULL PRIMARY KEY, a int DEFAULT (4 & 6 + 1))",
            "INSERT INTO dbo.T11 (id) VALUES (1)",
        ],
        "SELECT a FROM dbo.T11",
        [["5"]],
    ),
    ([], "INSERT INTO dbo.T10 VALUES (8, 'a'), (9, 3)", "245"),
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
    ([], "EXEC ('SELECT 1 AS a')", "EXEC"),
    ([], "CREATE EXTERNAL DATA SOURCE lake WITH (LOCATION = 'https://x')", "EXTERNAL DATA SOURCE"),
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
