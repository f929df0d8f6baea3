"""Row filters and column masks."""

import pytest

from support.warehouse_sql import a_warehouse

warehouse = a_warehouse(
    "create schema s",
    "use s",
    "create function hidden(value string) returns string return '***'",
    "create function tail(value string, n int, id int) returns string "
    "return concat(right(value, n), '-', id)",
    "create function first_two(id int) returns boolean return id <= 2",
)
_ROWS = "values (1, 'ab', 'x'), (2, 'cd', 'y'), (3, 'ef', 'z')"
_FILTERS = "select filter_name, target_columns from information_schema.row_filters"
_MASKS = "select column_name, mask_name, using_columns from information_schema.column_masks"


@pytest.fixture
def people(warehouse):
    warehouse.run("drop table if exists s.people")
    warehouse.run(
        "create table s.people (id int, name string mask hidden, code string mask s.tail using "
        "columns (1, id)) with row filter first_two on (id)"
    )
    warehouse.run(f"insert into s.people {_ROWS}")
    return warehouse


def test_every_read_applies_the_policies(people):
    shown = [(1, "***", "x-1"), (2, "***", "y-2")]
    assert sorted(people.rows("select * from s.people")) == shown
    assert people.rows("select p.code from s.people as p where p.name = '***' and id = 2") == [
        ("y-2",)
    ]
    people.run("create or replace view s.v as select name, id from people")
    assert sorted(people.rows("select * from s.v")) == [("***", 1), ("***", 2)]
    people.run("create or replace table s.copy as select * from s.people")
    assert sorted(people.rows("select * from s.copy")) == shown
    assert people.rows("select count(*) from s.people version as of 1") == [(2,)]


def test_a_change_sees_the_stored_rows(people):
    people.run("update s.people set code = 'w' where id = 3")
    people.run(
        "merge into s.people t using (select 2 as id) n on t.id = n.id "
        "when matched then update set code = 'v'"
    )
    people.run("delete from s.people where name = 'ab'")
    people.run("alter table s.people drop row filter")
    people.run("alter table s.people alter column name drop mask")
    people.run("alter table s.people alter column `code` drop mask")
    assert sorted(people.rows("select * from s.people")) == [(2, "cd", "v"), (3, "ef", "w")]


def test_the_catalog_shows_the_policies(people):
    full = "medallion.s"
    assert people.rows(_FILTERS) == [(f"{full}.first_two", "id")]
    assert people.rows(_MASKS) == [
        ("name", f"{full}.hidden", None),
        ("code", f"{full}.tail", "1, id"),
    ]
    [(created,)] = people.rows("show create table s.people")
    assert f"MASK {full}.tail USING COLUMNS (1, id)" in created
    assert f"WITH ROW FILTER {full}.first_two ON (id)" in created
    [(document,)] = people.rows("describe extended s.people as json")
    assert '"row_filter": {"function_name": {"catalog_name": "medallion"' in document
    people.run("create or replace table s.people as select 1 as id, 'a' as name")
    assert people.rows(_FILTERS) == [(f"{full}.first_two", "id")]
    assert people.rows("select name from s.people") == [("***",)]
    people.run("alter table s.people set row filter first_two on (id)")
    people.run("alter table s.people alter column name set mask `medallion`.`s`.`hidden`")
    assert people.rows(_MASKS) == [("name", f"{full}.hidden", None)]


def test_a_new_column_has_its_mask(people):
    people.run("alter table s.people add column (email string mask s.hidden)")
    assert people.rows("select email from s.people where id = 1") == [("***",)]
    assert ("email", "medallion.s.hidden", None) in people.rows(_MASKS)


def test_refreshed_tables_have_policies(warehouse):
    warehouse.run(f"create or replace table s.source as select * from {_ROWS} t(id, name, code)")
    warehouse.run(
        "create materialized view s.mv (id int, name string mask hidden, code string) "
        "with row filter first_two on (id) as select * from source"
    )
    assert warehouse.rows("select name from s.mv") == [("***",), ("***",)]
    warehouse.run("alter materialized view s.mv drop row filter")
    assert warehouse.rows("select count(*) from s.mv") == [(3,)]
    warehouse.run(
        "create streaming table s.st (id int, name string mask hidden, code string) "
        "with row filter first_two on (id) as select * from stream source"
    )
    warehouse.run("refresh streaming table s.st")
    assert warehouse.rows("select id, name from s.st order by id") == [(1, "***"), (2, "***")]
    warehouse.run("drop materialized view s.mv")
    warehouse.run("drop table s.st")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("create table s.twin shallow clone s.people", "which has policies"),
        ("select * from table_changes('s.people', 0)", "it has policies"),
        ("create view s.w with row filter first_two on (id) as select 1 as id", "is a view"),
    ],
)
def test_what_policies_exclude_is_refused(people, statement, words):
    assert words in people.fails(statement)


def test_a_policy_without_its_function_shows_no_row(people):
    people.run("create function s.gone(id int) returns boolean return true")
    people.run("alter table s.people set row filter s.gone on (id)")
    people.run("drop function s.gone")
    assert "ROUTINE_NOT_FOUND" in people.fails("select * from s.people")
    for statement in (
        "alter table s.people set row filter s.missing on (id)",
        "alter table s.people alter column id set mask s.missing",
        "create table s.unmasked (id int mask s.missing)",
    ):
        assert "ROUTINE_NOT_FOUND" in people.fails(statement)
