"""The JDBC driver: metadata, results, prepared statements, errors and cancel."""

import json
import os
import shutil
import subprocess

import pytest

from support import drivers
from support.howto import blocks, follow
from support.places import PROJECT
from support.warehouse_sql import a_warehouse

pytestmark = pytest.mark.long

CLIENT = PROJECT / "tests" / "python" / "support" / "jdbc_client" / "JdbcClient.java"

warehouse = a_warehouse(*drivers.STATEMENTS, engines=None)


@pytest.fixture(scope="module")
def jar():
    """The driver."""
    return drivers.jdbc_jar()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder in which the driver writes its log."""
    return tmp_path_factory.mktemp("jdbc")


@pytest.fixture(scope="module")
def url(warehouse, jar, folder):
    """The URL that the page's commands print."""
    if shutil.which("keytool") is None:
        pytest.skip("the trust store needs the program keytool, which is not installed")
    [commands] = [one for one in blocks("local_warehouse.md") if "JDBC_URL=" in one.text]
    variables = {"MEDALLION_HOME": str(warehouse.home.root)}
    return follow(commands, folder, os.environ | variables).strip().splitlines()[-1]


@pytest.fixture(scope="module")
def java(jar, folder):
    """Run a Java source file with the driver."""

    def running(*arguments) -> str:
        options = ["--add-opens=java.base/java.nio=ALL-UNNAMED", "-Duser.timezone=UTC"]
        done = subprocess.run(
            ["java", *options, "-cp", str(jar), *map(str, arguments)],
            cwd=folder, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return running


@pytest.fixture(scope="module", params=["1", "0"], ids=["arrow", "columns"])
def answers(request, java, url):
    return json.loads(java(CLIENT, f"{url};EnableArrow={request.param}"))


def chosen(rows: list[dict], *columns: str) -> list[tuple]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_the_program_of_the_page(java, url, tmp_path):
    [program] = [one for one in blocks("local_warehouse.md") if one.language == "java"]
    (tmp_path / "Query.java").write_text(program.text)
    assert java(tmp_path / "Query.java", url) == "1\n"


def test_catalogs_schemas_and_tables(answers):
    assert chosen(answers["catalogs"], "TABLE_CAT") == [("medallion",), ("system",)]
    assert chosen(answers["schemas"], "TABLE_SCHEM", "TABLE_CATALOG") == [("s", "medallion")]
    assert ("default", "medallion") in chosen(
        answers["schemas of all catalogs"], "TABLE_SCHEM", "TABLE_CATALOG"
    )
    assert chosen(answers["tables"], "TABLE_NAME", "TABLE_TYPE", "REMARKS") == [
        ("child", "TABLE", "a table"),
        ("kinds", "TABLE", ""),
        ("parent", "TABLE", ""),
        ("v", "VIEW", ""),
    ]
    assert chosen(answers["views"], "TABLE_NAME") == [("v",)]
    assert answers["no tables"] == []
    assert {"TABLE", "VIEW"} <= {kind for (kind,) in chosen(answers["table types"], "TABLE_TYPE")}
    assert answers["functions"] == []
    assert "DECIMAL" in [name for (name,) in chosen(answers["type info"], "TYPE_NAME")]


def test_columns(answers):
    shown = chosen(answers["columns"], "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE",
                   "DECIMAL_DIGITS", "REMARKS", "ORDINAL_POSITION")  # fmt: skip
    assert shown == [
        ("id", 4, "INT", 10, 0, "the key", 1),
        ("name", 12, "STRING", 255, 0, "", 2),
        ("amount", 3, "DECIMAL", 7, 2, "", 3),
    ]
    assert chosen(answers["a column"], "COLUMN_NAME") == [("name",)]
    kinds = chosen(answers["types of columns"], "COLUMN_NAME", "TYPE_NAME", "DATA_TYPE")
    assert ("a_ntz", "TIMESTAMP_NTZ", 93) in kinds
    assert ("a_varchar", "VARCHAR", 12) in kinds
    assert len(kinds) == 17


def test_keys(answers):
    assert chosen(answers["primary keys"], "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ", "PK_NAME") == [
        ("parent", "id", 1, "pk")
    ]
    for question in ("imported keys", "exported keys", "cross reference"):
        assert chosen(
            answers[question], "PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME", "FK_NAME", "PK_NAME"
        ) == [("parent", "id", "child", "fk", "pk")]


def test_values(answers):
    first, second = answers["values"]
    assert first == {
        "a_boolean": True,
        "a_tinyint": 1,
        "a_smallint": 2,
        "a_int": 3,
        "a_bigint": 4,
        "a_float": "1.5",
        "a_double": "2.5",
        "a_decimal": "12.340",
        "a_string": "text",
        "a_binary": "AB",
        "a_date": "2024-02-29",
        "a_timestamp": "2024-02-29 01:02:03.5",
        "a_ntz": "2024-02-29 01:02:03.0",
        "an_array": "[1,null]",
        "a_map": '{"k":1}',
        "a_struct": '{"a":1,"b":"x"}',
        "a_varchar": "abc",
    }
    assert second == dict.fromkeys(first) | {"a_int": 4}


def test_types_of_results(answers):
    shown = {name: (kind, java_type) for name, kind, _, _, _, java_type in answers["classes"]}
    assert shown["a_bigint"] == ("BIGINT", "java.lang.Long")
    assert shown["a_decimal"] == ("DECIMAL", "java.math.BigDecimal")
    assert shown["a_date"] == ("DATE", "java.sql.Date")
    assert shown["a_struct"] == ("STRUCT", "java.sql.Struct")


def test_sizes_of_results(answers):
    assert answers["no rows"] == []
    assert answers["many rows"] == [250000, sum(range(250000))]
    assert answers["a limit"] == 3


def test_the_session(answers):
    assert answers["the session"] == [{"c": "medallion", "s": "s"}]


def test_prepared_statements(answers):
    # The driver sends a DATE as a TIMESTAMP.
    assert answers["parameters"] == [
        {
            "i": 7,
            "l": 2**40,
            "t": "it's a \\ ? `",
            "d": "12.340",
            "b": True,
            "day": "2024-02-29 00:00:00.0",
            "at": "2024-02-29 01:02:03.5",
            "x": "1.5",
            "n": None,
        }
    ]
    assert answers["a prepared statement twice"] == [{"name": "a"}, {"name": "b"}]
    assert answers["a missing parameter"]["state"] == "42P02"
    # It asks for DESCRIBE QUERY with the text '?' in place of the marker, beside an INT here.
    assert answers["columns of a prepared statement"] == 2


def test_changes(answers):
    counts = [answers[done] for done in ("created", "inserted", "updated", "deleted", "a batch")]
    assert counts == [0, 2, 1, 1, [1, 1, 1]]
    written = [(2, "c"), (10, "n10"), (11, "n11"), (12, "n12")]
    assert chosen(answers["written"], "id", "name") == written


def test_errors_and_cancel(answers):
    questions = ("a missing table", "a syntax error", "a division by zero", "cancelled")
    states = [answers[question]["state"] for question in questions]
    assert states == ["42P01", "42601", "22012", "HY008"]
    assert "[TABLE_OR_VIEW_NOT_FOUND]" in answers["a missing table"]["error"]
    assert answers["after the errors"] == [{"one": 1}]
