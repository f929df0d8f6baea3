"""Rows that Delta rejects: too long, outside a predicate, against a constraint, or ambiguous."""

import pytest

from support.warehouse_sql import a_warehouse

warehouse = a_warehouse(
    "create table texts (id int, v varchar(3), c char(3))",
    "insert into texts values (1, 'abc  ', 'a'), (2, null, null)",
    "create table checked (id int, v int)",
    "alter table checked add constraint positive check (v > 0)",
    "insert into checked values (1, 5)",
    "create table replaced as select * from values (1, 'a'), (4, 'd') t(id, v)",
    "create table merged as select * from values (1, 'a'), (2, 'b') t(id, v)",
)


MERGE = "merge into {} t using (select {}) s on t.id = s.id when {}"


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("insert into texts values (3, 'abcd', null)", "EXCEED_LIMIT_LENGTH"),
        ("insert into texts values (3, null, 'abcd')", "EXCEED_LIMIT_LENGTH"),
        ("update texts set v = 'abcd' where id = 1", "EXCEED_LIMIT_LENGTH"),
        (
            MERGE.format("texts", "1 as id, 'abcd' as v", "matched then update set v = s.v"),
            "EXCEED_LIMIT_LENGTH",
        ),
        ("insert into checked values (2, -5)", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),
        ("insert into checked values (2, null)", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),
        ("insert overwrite checked values (2, 0)", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),
        ("update checked set v = v - 10", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),
        (
            MERGE.format("checked", "1 as id, -1 as v", "matched then update set *"),
            "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES",
        ),
        (
            MERGE.format("checked", "9 as id, -1 as v", "not matched then insert *"),
            "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES",
        ),
        (
            "insert into replaced replace where id >= 4 select 1, 'bad'",
            "DELTA_REPLACE_WHERE_MISMATCH",
        ),
        (
            "insert into replaced replace where id >= 4 select cast(null as int), 'bad'",
            "DELTA_REPLACE_WHERE_MISMATCH",
        ),
        (
            "merge into merged t using (select * from values (1, 'x'), (1, 'y') q(id, v)) s "
            "on t.id = s.id when matched then update set *",
            "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE",
        ),
        ("insert into merged values (1)", "INSERT_COLUMN_ARITY_MISMATCH"),
    ],
)
def test_a_forbidden_row_is_not_written(warehouse, statement, condition):
    table = next(word for word in statement.split() if word in TABLES)
    before = warehouse.rows(f"select * from {table} order by id")
    assert condition in warehouse.fails(statement)
    assert warehouse.rows(f"select * from {table} order by id") == before


TABLES = ("texts", "checked", "replaced", "merged")


def test_texts_fit_their_types(warehouse):
    assert warehouse.rows("select id, v, c from texts order by id") == [
        (1, "abc", "a  "), (2, None, None),
    ]  # fmt: skip
    warehouse.run("create or replace table padded (id int, v varchar(3), c char(3))")
    warehouse.run("insert into padded values (1, 'a', 'a')")
    warehouse.run("update padded set v = 'xyz  ', c = 'b'")
    assert warehouse.rows("select v, c from padded") == [("xyz", "b  ")]
    described = warehouse.rows("describe padded")
    assert [row[:2] for row in described] == [("id", "int"), ("v", "varchar(3)"), ("c", "char(3)")]


def test_allowed_rows_are_written(warehouse):
    warehouse.run("create or replace table kept (id int, v int)")
    warehouse.run("alter table kept add constraint positive check (v > 0)")
    assert ("delta.constraints.positive", "v > 0") in warehouse.rows("show tblproperties kept")
    warehouse.run("insert into kept values (1, 5)")
    warehouse.run("update kept set id = 2")
    warehouse.run(MERGE.format("kept", "3 as id, 7 as v", "not matched then insert *"))
    warehouse.run("insert into kept replace where id >= 3 values (4, 1), (5, 2)")
    assert warehouse.rows("select * from kept order by id") == [(2, 5), (4, 1), (5, 2)]


def test_a_table_like_another_and_its_properties(warehouse):
    warehouse.run("create or replace table copied like texts")
    assert warehouse.rows("select count(*) from copied") == [(0,)]
    assert "EXCEED_LIMIT_LENGTH" in warehouse.fails("insert into copied values (1, 'abcd', '')")
    warehouse.run("create table if not exists copied like texts")
    for value in ("supported", "enabled"):
        warehouse.run(
            "create or replace table features (i int) tblproperties "
            f"('delta.feature.allowColumnDefaults' = '{value}', 'own.key' = 'x')"
        )
        shown = dict(warehouse.rows("show tblproperties features"))
        assert shown["delta.feature.allowColumnDefaults"] == value
        assert shown["own.key"] == "x"


@pytest.mark.parametrize("condition", ["c = 'a'", "'a' = c", "c in ('x', 'a')", "c <> 'b'"])
def test_a_char_is_compared_with_a_padded_literal(warehouse, condition):
    assert warehouse.rows(f"select id from texts where {condition}") == [(1,)]
