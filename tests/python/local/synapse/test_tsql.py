"""T-SQL on the emulator of serverless: the results, and the errors for unsupported T-SQL."""

import re
from datetime import date
from decimal import Decimal

import pytest

from medallion.home import Home
from medallion_local.synapse.database import Database
from medallion_local.synapse.errors import TSqlError
from medallion_local.synapse.run import DATABASE
from medallion_local.synapse.session import Session, batches
from medallion_local.synapse.statements import If, statements
from support.serverless_pool import ROWSET, SELECT, VIEW, session
from support.tsql_cases import QUERIES, ROWS, VALUES, said

# What differs from a collation that ignores case, or has UTF-8: the value, or what is said of it.
REFUSED = "!"
DIFFERENT: dict[str, str] = {
    "LEN(N'a😀')": "!two UTF-16 code units",
    "NULLIF('a', 'A ')": "a",
    "CHARINDEX('B', 'abcb')": "0",
    "REPLACE('aAbB', 'a', 'x')": "xAbB",
    "CASE 'A' WHEN 'a ' THEN 1 ELSE 0 END": "0",
    "CAST('3F2504E0-4F89-11D3-9A0C-0305E82C3301' AS uniqueidentifier)": (
        "3F2504E0-4F89-11D3-9A0C-0305E82C3301"  # as the driver has it
    ),
    **{
        f"CASE WHEN {condition} THEN 1 ELSE 0 END": found
        for condition, found in {
            "'a' = 'A'": "0",
            "'a' <> 'A '": "1",
            "'é' = 'É'": "0",
            "'a ' LIKE 'a'": "!blanks at the end of a UTF-8 text",
            "'ABC' LIKE 'a%'": "0",
            "'10%' LIKE '10!%' ESCAPE '!'": "!ESCAPE",
            "'a' IN ('b', 'A')": "0",
            "'B' > 'a'": "0",
            "'a' > 'B'": "1",
        }.items()
    },
}
# Expressions that only a database of UTF-8 has.
UTF8 = {
    "LEN('日本 ')": "2",
    "DATALENGTH('日本')": "6",
    "DATALENGTH(N'日本')": "4",
    "CAST('日本' AS varchar(3))": "日",
    "CAST('日本' AS varchar(4))": "!inside a UTF-8 character",
    "CAST(N'日本' AS varchar(4))": "!inside a UTF-8 character",
    "CAST('é' AS char(4)) + '|'": "é  |",
    "DATALENGTH(CAST('é' AS char(4)))": "4",
    "CAST('é' AS varbinary(4))": "0xC3A9",
    "CAST(N'é' AS varbinary(4))": "0xE900",
    "LEFT('日本', 1)": "日",
    "ASCII('é')": "!ASCII of another character",
    "CHAR(233)": "!CHAR of 0 and of 128",
    "'a' COLLATE Latin1_General_100_BIN2_UTF8": "a",
    "CASE WHEN 'b' LIKE '[A-C]' THEN 1 ELSE 0 END": "0",
    "CASE WHEN 'é' < '日' THEN 1 ELSE 0 END": "1",
    "CASE WHEN CHAR(9) < 'a' THEN 1 END": "!control characters",
}


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    with session(tmp_path_factory.mktemp("synapse")) as opened:
        yield opened


def rows(pool, sql):
    (result,) = pool.execute(sql)
    return result.rows


def refused(pool, sql):
    with pytest.raises(TSqlError) as failed:
        pool.execute(sql)
    return failed.value


def test_view_returns_the_rows_of_the_delta_folder(pool):
    asked = "SELECT [day], country, plays FROM serving.mart ORDER BY country"
    assert rows(pool, asked) == [(date(1970, 1, 2), "Chile", 3), (date(1970, 1, 3), "Åland", None)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT TOP (1) plays FROM serving.mart ORDER BY plays", [(None,)]),  # NULL is smallest
        ("SELECT country FROM [medallion].[serving].[mart] WHERE country = N'Chile'", [("Chile",)]),
        ("SELECT COUNT(*) AS n FROM serving.mart WHERE country = 'chile'", [(0,)]),  # binary
        ("SELECT 'in ' + country AS t FROM serving.mart WHERE plays = 3", [("in Chile",)]),
        ("SELECT SUM(plays) / CAST(2 AS float) AS half FROM serving.mart", [(1.5,)]),
        ("WITH m AS (SELECT plays FROM serving.mart) SELECT MAX(plays) AS p FROM m", [(3,)]),
        ("WITH m AS (SELECT 1 AS a) SELECT a FROM m UNION ALL SELECT a FROM m", [(1,), (1,)]),
        ("SELECT SUSER_SNAME() AS who", [("dbo",)]),
        ("SELECT name FROM sys.schemas WHERE name = 'serving'", [("serving",)]),
        ("SELECT table_name FROM INFORMATION_SCHEMA.TABLES", [("mart",)]),
        ("SELECT plays / 2 AS half FROM serving.mart WHERE plays > 0", [(1,)]),
        ("SELECT AVG(plays + 1) AS a FROM serving.mart", [(4,)]),
        ("SELECT plays / 4.0 AS a FROM serving.mart WHERE plays > 0", [(Decimal("0.750000"),)]),
        ("SELECT TOP 50 PERCENT plays FROM serving.mart ORDER BY plays", [(None,)]),
        ("SELECT TOP 1 WITH TIES plays FROM serving.mart ORDER BY plays DESC", [(3,)]),
        ("SELECT LEN(country) AS n FROM serving.mart ORDER BY [day]", [(5,), (5,)]),
        ("SELECT DATALENGTH(country) AS n FROM serving.mart ORDER BY [day]", [(5,), (6,)]),
        (
            "SELECT CAST(country AS varchar(2)) AS n FROM serving.mart ORDER BY [day]",
            [("Ch",), ("Å",)],
        ),
        ("SELECT plays FROM serving.mart WHERE country = 'Chile '", [(3,)]),
        ("SELECT plays FROM serving.mart WHERE country LIKE '[A-C]%'", [(3,)]),
        ("SELECT [day] FROM serving.mart WHERE [day] < '1970-01-03'", [(date(1970, 1, 2),)]),
        ("SELECT DATENAME(month, MAX([day])) AS m FROM serving.mart", [("January",)]),
    ],
)
def test_query(pool, sql, expected):
    assert rows(pool, sql) == expected


@pytest.mark.parametrize("area", [*VALUES, "UTF-8"])
def test_expressions_have_the_values_of_sql_server(pool, area):
    cases = {one: DIFFERENT.get(one, value) for one, value in VALUES.get(area, UTF8).items()}
    answered = {k: v for k, v in cases.items() if v is None or not v.startswith(REFUSED)}
    (row,) = rows(pool, "SELECT " + ", ".join(f"{one} AS [{n}]" for n, one in enumerate(answered)))
    assert dict(zip(answered, map(said, row), strict=True)) == answered
    for one in cases.keys() - answered.keys():
        assert cases[one].removeprefix(REFUSED) in str(refused(pool, f"SELECT {one} AS a"))


def test_queries_have_the_rows_of_sql_server(pool):
    """Those that compare no texts and recur on nothing: they are the same in every collation."""
    differ = r"\bs\b|'A|FROM n\b"
    cases = {q: rows for q, rows in QUERIES.items() if not re.search(differ, q.replace(ROWS, ""))}
    cases |= {
        f"SELECT COUNT(DISTINCT s), MIN(s), MAX(s) FROM {ROWS}": [["3", "A ", "a"]],
        f"SELECT i FROM {ROWS} ORDER BY s, i": [["4"], ["3"], ["2"], ["1"]],
        f"SELECT i FROM {ROWS} WHERE s IN ('B ', 'A') ORDER BY i": [["2"], ["3"]],
        "SELECT COUNT(*) FROM (SELECT 'a' AS x UNION SELECT 'a ' UNION SELECT 'A') AS q": [["2"]],
    }
    assert len(cases) > 20
    results = pool.execute(";\n".join(cases))
    answered = [[[said(value) for value in row] for row in one.rows] for one in results]
    assert dict(zip(cases, answered, strict=True)) == cases


def test_view_that_computes_is_read_by_another_session(tmp_path):
    with session(tmp_path) as pool:
        pool.execute(
            "create view dbo.counted as select country, len(country) as n, null as nothing, "
            "row_number() over (order by country) as place from serving.mart where plays / 2 > 0"
        )
        pool.execute("create view dbo.above as select n + 1 as m from dbo.counted")
        assert rows(pool, "SELECT * FROM dbo.above") == [(6,)]
    database = Database(Home(tmp_path), DATABASE, read_only=True)
    try:
        (result,) = Session(database).execute("SELECT * FROM dbo.counted")
    finally:
        database.close()
    assert result.rows == [("Chile", 5, None, 1)]
    kinds = ["varchar(6)", "int", "int", "bigint"]
    assert [kind for _, kind in result.columns] == kinds


def test_columns_have_the_types_of_the_view(pool):
    asked = (
        "SELECT column_name, data_type, character_maximum_length FROM INFORMATION_SCHEMA.COLUMNS"
        " WHERE table_name = 'mart' ORDER BY ordinal_position"
    )
    assert rows(pool, asked) == [
        ("day", "date", None),
        ("country", "varchar", 6),
        ("plays", "bigint", None),
    ]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT country FROM serving.mart LIMIT 1", "Microsoft's T-SQL grammar rejects the batch"),
        ("SELECT plays FROM serving.mart WITH (NOLOCK)", "The hint"),
        ("SELECT SOUNDEX(country) AS n FROM serving.mart", "The function SOUNDEX"),
        ("SELECT 1 AS a WHERE 'a' = 'b' COLLATE Latin1_General_CI_AS", "COLLATE"),
        ("SELECT plays FROM serving.mart FOR JSON AUTO", "FOR JSON AUTO"),
        ("SELECT 1 AS a OPTION (LABEL = 'x')", "The option"),
        ("SELECT 1 AS a INTO t", "INTO"),
        ("WITH n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT i FROM n", "recursive"),
        ("SELECT country, COUNT(*) AS n FROM serving.mart", "is invalid in the select list"),
        ("SELECT 2147483647 + 1 AS a", "overflow"),
        ("SELECT CAST('x' AS int) AS a", "Conversion failed"),
        ("CREATE VIEW dbo.v AS SELECT plays + 1 FROM serving.mart", "No column name"),
        ("CREATE VIEW dbo.v AS SELECT 1 AS a, 2 AS a", "specified more than once"),
        ("CREATE VIEW dbo.v AS SELECT plays FROM serving.mart ORDER BY plays", "ORDER BY clause"),
        ("DELETE FROM serving.mart", "The statement DELETE FROM serving.mart"),
        ("DECLARE @a int = 1", "The statement DECLARE"),
        ("CREATE TABLE serving.t (a int)", "The statement CREATE TABLE"),
        ("RENAME OBJECT serving.mart TO m", "The statement RENAME"),
        ("REVOKE SELECT ON SCHEMA::serving TO serving_reader", "The statement REVOKE SELECT"),
        ("GRANT SELECT, INSERT ON SCHEMA::serving TO serving_reader", "The list or option in"),
        ("GRANT SELECT ON SCHEMA::serving TO no_one", "Cannot find the principal 'no_one'"),
        ("CREATE LOGIN someone WITH PASSWORD = 'x'", "The statement CREATE LOGIN someone WITH"),
        ("CREATE ROLE serving_reader", "'serving_reader' already exists"),
        ("EXEC sp_who", "The statement EXEC"),
        ("EXEC (N'DROP TABLE t')", "The statement DROP TABLE t"),
        ("SELECT a FROM other.serving.mart", "of a database other than medallion"),
        ("SELECT a FROM serving.nothing", "Invalid object name 'serving.nothing'"),
        ("SELECT nothing FROM serving.mart", "nothing"),
        (f"SELECT day FROM {ROWSET} AS r", "OPENROWSET without a WITH clause"),
        (f"SELECT day FROM {ROWSET} WITH (day date)", "OPENROWSET(BULK 'mart', …) needs a name"),
        (SELECT.replace("DELTA", "PARQUET"), "options other than DATA_SOURCE and FORMAT = 'DELTA'"),
        (SELECT.replace("'gold'", "'bronze'"), "Cannot find the external data source 'bronze'"),
        (SELECT.replace("'mart'", "'mort'"), "not a Delta folder"),
        (SELECT.replace("'mart'", "'../control'"), "is outside of the data source"),
        (SELECT.replace("[plays] bigint", "[plays] int"), "of type 'BIGINT' is not compatible"),
        (SELECT.replace("[plays] bigint", "[heard] bigint"), "has no column 'heard'"),
        (SELECT.replace("varchar(6)", "varchar(5)"), "longer than its 5 bytes"),
        (SELECT.replace("varchar(6)", "varchar"), "varchar without a length"),
        (SELECT.replace("bigint", "xml"), "The type xml"),
        (SELECT.replace("_BIN2_UTF8", "_CI_AS_SC_UTF8"), "The collation Latin1_General_100_CI_AS"),
        ("SELECT 1 AS a; " + VIEW, "Incorrect syntax near 'create'"),
        (VIEW.replace("or alter ", ""), "already an object named 'mart'"),
        (VIEW.replace("[serving]", "[nowhere]"), 'schema name "nowhere" does not exist'),
        ("DROP VIEW serving.nothing", "Cannot drop the view 'serving.nothing'"),
    ],
)
def test_refusal_names_what_is_refused(pool, sql, said):
    assert said in str(refused(pool, sql))


@pytest.mark.parametrize(
    ("query", "odd"),
    [
        ("select a + 1 as a from {}", "a + 1 AS a"),
        ("select top 5 a from {}", "LIMIT 5"),
        ("select distinct a from {}", "DISTINCT"),
        ("select a from {} where a = 'x'", "WHERE a = 'x'"),
        ("select cast(a as int) as a from {}", "CAST(a AS"),
        ("select a as b from {}", "a AS b"),
        ("select * from {}", "*"),
        ("select a, row_number() over (order by a) as n from {}", "ROW_NUMBER()"),
        ("select [rows].a from {} cross join {}", "CROSS JOIN OPENROWSET"),
        ("select a from serving.mart", "rows that do not come from one OPENROWSET"),
    ],
)
def test_served_view_that_is_not_a_pass_through_projection_is_refused(pool, query, odd):
    rowset = f"{ROWSET} with (a int) as [rows]"
    said = str(refused(pool, f"create or alter view serving.odd as {query.format(rowset, rowset)}"))
    assert f"serving.odd is not a pass-through projection ({odd}" in said


def test_failed_replacement_of_a_view_keeps_the_old_one(tmp_path):
    with session(tmp_path) as pool:
        refused(pool, VIEW.replace("[plays] bigint", "[plays] int"))
        assert rows(pool, "SELECT COUNT(*) AS n FROM serving.mart") == [(2,)]


def test_view_is_created_and_dropped(tmp_path):
    with session(tmp_path, view=False) as pool:
        pool.execute(f"EXEC('{VIEW.replace(chr(39), chr(39) * 2)};');")
        pool.execute(
            "IF OBJECT_ID('[serving].[mart]', 'V') IS NOT NULL BEGIN DROP VIEW [serving].[mart] END"
        )
        assert rows(pool, "SELECT COUNT(*) AS n FROM sys.views") == [(0,)]
        pool.execute("DROP VIEW IF EXISTS serving.mart")


def test_statements_after_a_block_are_outside_it():
    found = statements("IF 1 = 0 BEGIN SELECT 1 AS a; SELECT 2 AS b END SELECT 3 AS c")
    assert isinstance(found[0], If)
    assert (len(found), len(found[0].then)) == (2, 2)


def test_case_inside_a_block_does_not_end_it(pool):
    results = pool.execute(
        "IF 1 = 0 SELECT 1 AS a ELSE BEGIN SELECT CASE WHEN 1 = 1 THEN 2 ELSE 3 END AS b; END"
    )
    assert [one.rows for one in results] == [[(2,)]]


def test_go_lines_separate_batches():
    assert batches("SELECT 'GO'\nGO\nSELECT 2\ngo") == ["SELECT 'GO'\n", "\nSELECT 2\n"]
    for nothing in ("", "-- a comment", "/* GO */", "GO\n"):
        assert batches(nothing) == []


def test_missing_database(tmp_path):
    with pytest.raises(TSqlError, match="medallion synapse up"):
        Database(Home(tmp_path), "medallion")
