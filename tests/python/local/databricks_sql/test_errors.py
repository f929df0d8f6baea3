"""Errors: the condition and the SQLSTATE of Databricks, and nothing of the program's inside."""

import importlib.util
import json
import re
import zipfile
from pathlib import Path

import pytest

import medallion_local.databricks_sql
from medallion_local.databricks_sql.language import conditions
from medallion_local.databricks_sql.language.errors import SqlError, reported
from support.warehouse_sql import a_warehouse

CODE = Path(medallion_local.databricks_sql.__file__).parent

FAILURES = [
    ("select * from nope", "TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    ("select nope", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703"),
    ("select nam from s.t", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
    ("update s.t set nope = 1", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
    (
        "merge into s.t using (select 1 as id where false) s on s.nope = t.id "
        "when matched then delete",
        *("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
    ),
    (
        "merge into s.t using (select 1 as id where false) s on s.id = t.id "
        "when not matched then insert (id) values (s.nope)",
        *("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
    ),
    ("select cast(1 as text)", "UNSUPPORTED_DATATYPE", "0A000"),
    ("select 'x'::uuid", "UNSUPPORTED_DATATYPE", "0A000"),
    ("create table s.other (a datetime)", "UNSUPPORTED_DATATYPE", "0A000"),
    ("create table s.other (a struct<x: number>)", "UNSUPPORTED_DATATYPE", "0A000"),
    ("alter table s.t add column a varbinary", "UNSUPPORTED_DATATYPE", "0A000"),
    ("select from_json('{}', 'x text')", "PARSE_SYNTAX_ERROR", "42601"),
    ("select from_json('[]', 'array<nvarchar(3)>')", "UNSUPPORTED_DATATYPE", "0A000"),
    ("select from_csv('1', 'a int, b int8')", "PARSE_SYNTAX_ERROR", "42601"),
    ("select nope(1)", "UNRESOLVED_ROUTINE", "42883"),
    ("select array(1)[0][0]", "INVALID_EXTRACT_BASE_FIELD_TYPE", "42000"),
    ("select * from read_csv('x')", "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883"),
    ("create table s.o using csv options (path '/etc')", "INVALID_LOCATION", "42000"),
    ("create table s.o using csv options (header 'true')", "UNSUPPORTED_FEATURE", "0A000"),
    (
        "create table s.o (a int, `../x` string) partitioned by (`../x`)",
        *("UNSUPPORTED_FEATURE", "0A000"),
    ),
    (
        "create table s.o as select named_struct('a=b', 1) as x",
        *("DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES", "42K05"),
    ),
    (
        "create table s.o (a int, `b c` string)",
        *("DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES", "42K05"),
    ),
    (
        "alter table s.t add column `b c` string",
        *("DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES", "42K05"),
    ),
    ("select 1 +", "PARSE_SYNTAX_ERROR", "42601"),
    ("selec 1", "PARSE_SYNTAX_ERROR", "42601"),
    ("select 'a", "PARSE_SYNTAX_ERROR", "42601"),
    ("select cast('a' as int)", "CAST_INVALID_INPUT", "22018"),
    ("select cast('x' as boolean)", "CAST_INVALID_INPUT", "22018"),
    ("select to_timestamp('x')", "CAST_INVALID_INPUT", "22018"),
    ("select cast(300 as tinyint)", "CAST_OVERFLOW", "22003"),
    ("select cast(12345 as decimal(4,2))", "NUMERIC_VALUE_OUT_OF_RANGE", "22003"),
    ("select 1 / 0", "DIVIDE_BY_ZERO", "22012"),
    ("select 1 % 0", "REMAINDER_BY_ZERO", "22012"),
    ("select 1 + array(1)", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "42K09"),
    ("select 'a' > array(1)", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "42K09"),
    ("select cast(array(1) as int)", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", "42K09"),
    ("select id from s.t a join s.t b on true", "AMBIGUOUS_REFERENCE", "42704"),
    ("select id, count(*) from s.t", "MISSING_GROUP_BY", "42803"),
    ("select id, name from s.t group by id", "MISSING_AGGREGATION", "42803"),
    ("select 1 from s.t group by count(*)", "GROUP_BY_AGGREGATE", "42903"),
    ("select sum(sum(id)) from s.t", "NESTED_AGGREGATE_FUNCTION", "42607"),
    ("select id from s.t where count(*) > 1", "INVALID_WHERE_CONDITION", "42903"),
    ("select 1 union all select 1, 2", "NUM_COLUMNS_MISMATCH", "42826"),
    ("select abs(1, 2)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605"),
    ("select * from values (1, 2), (3)", "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "42000"),
    ("select (select 1 union all select 2)", "SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000"),
    ("select array(1)[5]", "INVALID_ARRAY_INDEX", "22003"),
    ("select element_at(array(1), 5)", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT", "22003"),
    ("select rank() from s.t", "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "42601"),
    ("select 'a' rlike '('", "INVALID_PARAMETER_VALUE.PATTERN", "22023"),
    ("select raise_error('boom')", "USER_RAISED_EXCEPTION", "P0001"),
    ("use schema nope", "SCHEMA_NOT_FOUND", "42704"),
    ("create table s.t (i int)", "TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"),
    ("create table s.d (a int, a int)", "COLUMN_ALREADY_EXISTS", "42711"),
    ("insert into s.t values (1)", "INSERT_COLUMN_ARITY_MISMATCH", "21S01"),
]


warehouse = a_warehouse(
    "create schema s",
    "create table s.t (id int, name string)",
)


@pytest.mark.parametrize(("statement", "condition", "state"), FAILURES)
def test_an_error_has_its_condition_and_sqlstate(warehouse, statement, condition, state):
    message = warehouse.fails(statement)
    assert re.match(rf"\[{re.escape(condition)}", message), message
    assert f"SQLSTATE: {state}" in message
    assert not re.search(r"\w::\w|ObjectName|Utf8|Int32|sqlglot|Traceback|/tmp/", message)


def test_an_unresolved_column_is_answered_with_the_nearest_ones(warehouse):
    assert "Did you mean one of the following? [`name`" in warehouse.fails("select nam from s.t")


def test_a_syntax_error_shows_its_place(warehouse):
    message = warehouse.fails("select 1,\n  from where")
    assert "(line 2, pos " in message
    assert "\n  from where\n" in message


def test_each_condition_that_the_code_names_has_an_sqlstate():
    named = {
        condition
        for file in CODE.rglob("*.py")
        for condition in re.findall(r'"\[([A-Z][A-Z0-9]*_[A-Z0-9_]+)[.\]]', file.read_text())
    }
    assert len(named) > 40
    assert sorted(named - set(conditions.known())) == []


def test_the_conditions_are_those_of_spark():
    spec = importlib.util.find_spec("pyspark")
    jars = list((Path(spec.origin).parent / "jars").glob("spark-common-utils_*.jar"))
    if not jars:
        pytest.skip("Spark is not installed: run `make spark`")
    with zipfile.ZipFile(jars[0]) as jar:
        theirs = json.loads(jar.read("error/error-conditions.json"))
    ours = conditions.known()
    stated = {name: one["sqlState"] for name, one in theirs.items() if "sqlState" in one}
    legacy = {name for name in stated if name.startswith("_LEGACY")}
    assert {name: ours.get(name) for name in stated.keys() - legacy} == {
        name: state for name, state in stated.items() if name not in legacy
    }


def test_a_failure_of_the_program_is_one_sentence():
    told = reported(KeyError("secret"))
    assert told.message.startswith("[INTERNAL_ERROR] The warehouse failed with KeyError: ")
    assert told.message.endswith("SQLSTATE: XX000")
    assert "secret" not in told.message
    assert reported(SqlError("[DIVIDE_BY_ZERO] No.")).sqlstate == "22012"
