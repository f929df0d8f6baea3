"""T-SQL on the stand-in for serverless: what it answers, and what it refuses by name."""

from datetime import date

import pytest
from medallion.home import Home
from medallion.local.synapse.database import Database
from medallion.local.synapse.errors import TSqlError
from medallion.local.synapse.session import batches
from medallion.local.synapse.statements import If, statements

from synapse_room import ROWSET, SELECT, VIEW, session


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
    ],
)
def test_query(pool, sql, expected):
    assert rows(pool, sql) == expected


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
        ("SELECT country FROM serving.mart LIMIT 1", "Microsoft's grammar does not take the batch"),
        ("SELECT plays / 2 AS half FROM serving.mart", "T-SQL cuts plays / 2 to its type's"),
        ("SELECT AVG(plays) AS a FROM serving.mart", "T-SQL cuts AVG(plays) to its type's"),
        ("SELECT plays / 3.0 AS a FROM serving.mart", "T-SQL cuts plays / 3.0 to its type's"),
        ("SELECT TOP 10 PERCENT plays FROM serving.mart", "PERCENT or WITH TIES"),
        ("SELECT TOP 1 WITH TIES plays FROM serving.mart ORDER BY plays", "PERCENT or WITH TIES"),
        ("SELECT plays FROM serving.mart WITH (NOLOCK)", "The hint"),
        ("SELECT LEN(country) AS n FROM serving.mart", "The function LENGTH"),
        ("SELECT SOUNDEX(country) AS n FROM serving.mart", "The function SOUNDEX"),
        ("SELECT GETDATE() AS n", "The function CURRENT_TIMESTAMP"),
        ("SELECT CONVERT(varchar(10), plays, 1) AS n FROM serving.mart", "The function"),
        ("SELECT CAST(country AS varchar(2)) AS n FROM serving.mart", "A cast to VARCHAR(2)"),
        ("SELECT CAST(2.5 AS int) AS n", "A cast to INT"),
        ("SELECT plays FROM serving.mart WHERE country = 'Chile '", "without its trailing blanks"),
        ("SELECT 1 AS a WHERE 'a' = 'b' COLLATE Latin1_General_CI_AS", "COLLATE"),
        ("SELECT plays FROM serving.mart FOR JSON AUTO", "FOR JSON AUTO"),
        ("SELECT 1 AS a FROM serving.mart WHERE country LIKE '[A-C]%'", "set of characters"),
        ("SELECT 1 AS a OPTION (LABEL = 'x')", "A query with OPTION or INTO"),
        ("SELECT 1 AS a INTO t", "A query with OPTION or INTO"),
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
        ("SELECT a FROM other.serving.mart", "of another database than medallion"),
        ("SELECT a FROM serving.nothing", "Invalid object name 'serving.nothing'"),
        ("SELECT nothing FROM serving.mart", "nothing"),
        (f"SELECT day FROM {ROWSET} AS r", "OPENROWSET without a WITH clause"),
        (f"SELECT day FROM {ROWSET} WITH (day date)", "OPENROWSET(BULK …) needs a name"),
        (SELECT.replace("DELTA", "PARQUET"), "other options than DATA_SOURCE and FORMAT = 'DELTA'"),
        (SELECT.replace("'gold'", "'bronze'"), "Cannot find the external data source 'bronze'"),
        (SELECT.replace("'mart'", "'mort'"), "no Delta folder"),
        (SELECT.replace("'mart'", "'../control'"), "leads out of the data source"),
        (SELECT.replace("[plays] bigint", "[plays] int"), "of type 'BIGINT' is not compatible"),
        (SELECT.replace("[plays] bigint", "[heard] bigint"), "has no column 'heard'"),
        (SELECT.replace("varchar(6)", "varchar(5)"), "longer than its 5 bytes"),
        (SELECT.replace("varchar(6)", "varchar"), "varchar without a length"),
        (SELECT.replace("bigint", "xml"), "The type xml"),
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
        ("select [rows].a from {} cross join {}", "join"),
        ("select a from serving.mart", "rows that are not of one OPENROWSET"),
    ],
)
def test_served_view_that_is_not_a_pass_through_projection_is_refused(pool, query, odd):
    rowset = f"{ROWSET} with (a int) as [rows]"
    said = str(refused(pool, f"create or alter view serving.odd as {query.format(rowset, rowset)}"))
    assert f"serving.odd is no pass-through projection ({odd}" in said


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


def test_missing_database(tmp_path):
    with pytest.raises(TSqlError, match="medallion synapse up"):
        Database(Home(tmp_path), "medallion")
