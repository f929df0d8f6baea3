"""SHOW, DESCRIBE and the information schema. They are answered from the catalog on both engines."""

import datetime

from support.warehouse_sql import a_warehouse

warehouse = a_warehouse(
    "create schema s comment 'first'",
    "use s",
    "create table p (id int not null comment 'key', k string) partitioned by (k) "
    "comment 'about' tblproperties ('a' = 'b')",
    "insert into p values (1, 'x'), (2, null)",
    "create view v (a comment 'c', b) as select id, k from p",
    engines=None,
)


def test_a_schema_is_described(warehouse):
    warehouse.run("comment on schema s is 'second'")
    described = dict(warehouse.rows("describe schema extended s"))
    assert (described["Namespace Name"], described["Comment"]) == ("s", "second")


def test_partitions_are_listed(warehouse):
    assert sorted(warehouse.rows("show partitions p"), key=repr) == [("x",), (None,)]
    assert warehouse.rows("show partitions p partition (k = 'x')") == [("x",)]
    assert "PARTITION_SCHEMA_IS_EMPTY" in warehouse.fails("show partitions v")


def test_a_statement_creates_the_relation_again(warehouse):
    [(statement,)] = warehouse.rows("show create table p")
    warehouse.run(statement.replace("medallion.s.p", "medallion.s.again"))
    assert warehouse.rows("describe again") == warehouse.rows("describe p")
    [(view,)] = warehouse.rows("show create table v")
    warehouse.run(view.replace("medallion.s.v", "medallion.s.v2"))
    assert warehouse.rows("select a from v2 where b = 'x'") == [(1,)]


def test_temporary_views_are_listed(warehouse):
    session = warehouse.connect()
    warehouse.run("create temp view tv as select 1 as one", session)
    assert ("", "tv", "true") in warehouse.rows("show tables in s", session)
    assert ("", "tv", "true") not in warehouse.rows("show views in s")


def test_properties_and_columns_have_their_forms(warehouse):
    assert warehouse.rows("show tblproperties p ('a')") == [("a", "b")]
    assert warehouse.rows("show columns in p in s") == [("id",), ("k",)]


def test_the_information_schema_joins_user_tables(warehouse):
    query = (
        "select p.id, t.table_name from s.p join system.information_schema.tables t "
        "on t.table_name = 'p' where t.table_schema = 's' order by p.id"
    )
    assert warehouse.rows(query) == [(1, "p"), (2, "p")]
    warehouse.run(
        "create view listed as select table_name, created from information_schema.tables "
        "where table_name = 'p'"
    )
    [(name, created)] = warehouse.rows("select * from listed")
    assert name == "p"
    assert created.year >= datetime.date.today().year - 1


def test_functions_and_constraints_are_in_the_information_schema(warehouse):
    warehouse.run("create function area(x double, y double default 2) returns double return x * y")
    listed = "select {} from information_schema.{} where specific_name = 'area'"
    assert warehouse.rows(listed.format("routine_type, routine_definition", "routines")) == [
        ("FUNCTION", "x * y")
    ]
    parameters = listed.format("parameter_name, parameter_default", "parameters")
    assert warehouse.rows(f"{parameters} order by ordinal_position") == [("x", None), ("y", "2")]
    assert warehouse.rows("select * from information_schema.volumes") == []
    assert "TABLE_OR_VIEW_NOT_FOUND" in warehouse.fails("select * from information_schema.none")
