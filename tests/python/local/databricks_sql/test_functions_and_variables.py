"""SQL functions, session variables, EXECUTE IMMEDIATE and IDENTIFIER, on both engines."""

import pytest

from support.warehouse_sql import a_warehouse

_ROWS = "(1, 'a', 10), (2, 'b', 20), (3, 'a', 30)"
warehouse = a_warehouse(
    "create schema s",
    "use s",
    f"create table s.t as select * from values {_ROWS} t(id, k, v)",
)


def test_a_scalar_function_is_inlined_with_its_defaults(warehouse):
    warehouse.run(
        "create or replace function area(x double, y double default 2) returns double "
        "comment 'about' return x * y"
    )
    assert warehouse.rows("select area(3), s.area(3, 4), area(y => 5, x => 2)") == [(6, 12, 10)]
    warehouse.run("create or replace function twice(n int) returns int return area(n)")
    assert warehouse.rows("select twice(id) from t where twice(id) > 4") == [(6,)]
    assert "WRONG_NUM_ARGS" in warehouse.fails("select area()")
    described = [row[0] for row in warehouse.rows("describe function extended area")]
    assert "Comment:      about" in described
    assert ("medallion.s.area",) in warehouse.rows("show user functions like 'ar*'")
    assert "ROUTINE_ALREADY_EXISTS" in warehouse.fails("create function area(x int) return x")
    warehouse.run("drop function twice")
    assert "UNRESOLVED_ROUTINE" in warehouse.fails("select twice(1)")


def test_the_arguments_of_a_function_are_the_callers_columns(warehouse):
    warehouse.run(
        "create or replace function top_of(key string) returns int "
        "return (select max(v) from t where k = key)"
    )
    assert warehouse.rows("select k, top_of(k) from t where id < 3 order by id") == [
        ("a", 30),
        ("b", 20),
    ]
    joined = "select top_of(k) from (select 'b' as k) x join (select 1 as q) y"
    assert "names of their tables" in warehouse.fails(joined)


def test_a_table_function_has_its_declared_columns(warehouse):
    warehouse.run(
        "create or replace function rows_of(key string) returns table (i int, val bigint) "
        "return select id, v from t where k = key"
    )
    assert warehouse.rows("select * from rows_of('a') order by i") == [(1, 10), (3, 30)]
    assert warehouse.rows("select r.val from s.rows_of('b') r") == [(20,)]


def test_a_variable_is_used_like_a_constant(warehouse):
    session = warehouse.connect()
    run, rows = (lambda q: warehouse.run(q, session)), (lambda q: warehouse.rows(q, session))
    run("declare variable x int default 2")
    assert rows("select x, session.x + 1") == [(2, 3)]
    run("set var x = (select max(v) from s.t)")
    assert rows("select id from s.t where v >= x") == [(3,)]
    run("declare or replace y = 'q'")
    run("set var (x, y) = (select id, k from s.t where id = 2)")
    assert rows("with a as (select x as p, y as q) select p, q, system.session.x as r from a") == [
        (2, "b", 2)
    ]
    run("declare or replace variable id int default 99")
    assert rows("select max(id) from s.t") == [(3,)]
    assert rows("select id") == [(99,)]
    run("drop temporary variable x")
    with pytest.raises(Exception, match="UNRESOLVED_VARIABLE"):
        run("set var x = 1")


def test_a_statement_in_a_string_is_executed(warehouse):
    session = warehouse.connect()
    run, rows = (lambda q: warehouse.run(q, session)), (lambda q: warehouse.rows(q, session))
    assert rows("execute immediate 'select 1 as a'") == [(1,)]
    run("declare q string = 'select max(id) from s.t where k = ?'")
    run("declare r int")
    run("execute immediate q into r using 'b'")
    assert rows("select r") == [(2,)]
    assert rows("execute immediate 'select :p + 1' using 5 as p") == [(6,)]


def test_a_name_can_be_spelled_by_a_string(warehouse):
    assert warehouse.rows(
        "select identifier('t.id') from identifier('s.' || 't') where identifier('id') = 1"
    ) == [(1,)]
    assert warehouse.rows("select identifier('upp' || 'er')('x')") == [("X",)]
    warehouse.run("create or replace table identifier('s' || '.named') as select 2 as two")
    assert warehouse.rows("select * from s.named") == [(2,)]
    assert "NOT_A_CONSTANT_STRING" in warehouse.fails("select identifier(null) from s.t")


def test_a_refusal_names_the_statement_without_the_comment_of_dbt(warehouse):
    message = warehouse.fails('/* {"app": "dbt"} */\n-- more\nbegin select 1; end')
    assert "does not support: SQL scripting: begin select 1" in message
    assert "app" not in message


def test_a_query_is_explained(warehouse):
    [(plan,)] = warehouse.rows("explain select * from s.t")
    assert "Physical Plan" in plan


def test_a_built_in_function_wins_over_an_unqualified_name(warehouse):
    session = warehouse.connect()
    warehouse.run("create or replace function upper(x string) returns string return 'own'", session)
    warehouse.run("create temporary function lower(x string) returns string return 'own'", session)
    query = "select upper('a'), default.upper('a'), lower('A')"
    assert warehouse.rows(query, session) == [("A", "own", "a")]
    warehouse.run("drop function upper", session)


def test_a_function_in_python_is_called_by_the_engine(warehouse):
    warehouse.run(
        "/* dbt */ create or replace function total(price float, quantity int default 2) "
        "returns float language python as $$\n"
        '# it\'s "quoted"\n'
        "def total(price, quantity):\n    return None if price is None else price * quantity\n\n"
        "return total(price, quantity)\n$$"
    )
    assert warehouse.rows("select total(25.0, 4), s.total(id) from t where id = 3") == [(100, 6)]
    assert warehouse.rows("select sum(total(v)) from t group by k order by 1") == [(40,), (80,)]
    assert warehouse.rows("select total(null)") == [(None,)]
    columns = "routine_body, external_language"
    listed = f"select {columns} from information_schema.routines where routine_name = 'total'"
    assert warehouse.rows(listed) == [("EXTERNAL", "PYTHON")]
    body = "create or replace function {}(n int) returns string language python as $$return {}$$"
    warehouse.run(body.format("inverse", "str(1 / n)"))
    assert "UDF_USER_CODE_ERROR.GENERIC" in warehouse.fails("select inverse(0)")
    assert "is not Python" in warehouse.fails(body.format("wrong", "1 +"))
    warehouse.run(body.format("inverse", "f'{n}'"))
    assert warehouse.rows("select inverse(2)") == [("2",)]
    assert "a function in JAVA" in warehouse.fails("create function j() returns int language java")


def test_functions_that_only_databricks_has_are_built_in(warehouse):
    assert warehouse.rows(
        "select iff(id > 1, 'x', 'y'), charindex('b', 'abc'), charindex('a', 'aba', 2), "
        "timediff(day, date'2024-01-01', date'2024-01-03'), is_account_group_member(k), "
        "iff(is_member('hr'), 1, iff(true, 2, 3)) from s.t where id = 2"
    ) == [("x", 2, 3, 2, False, 2)]
    assert warehouse.rows("select getdate() = current_timestamp()") == [(True,)]
