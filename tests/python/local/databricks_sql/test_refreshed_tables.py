"""Materialized views, and streaming tables over Delta tables."""

import pytest

from support.warehouse_sql import a_warehouse

_SOURCE = "create or replace table s.source as select * from values (1, 'a'), (2, 'b') t(id, k)"


warehouse = a_warehouse(
    "create schema s",
    "use s",
)


def _ids(warehouse, table: str) -> list[int]:
    return sorted(row[0] for row in warehouse.rows(f"select id from {table}"))


def test_a_materialized_view_changes_when_it_is_refreshed(warehouse):
    warehouse.run(_SOURCE)
    warehouse.run(
        '/* {"app": "dbt"} */ create or replace materialized view s.mv (id int comment \'key\', k) '
        "partitioned by (k) comment 'about' tblproperties ('a' = 'b') "
        "schedule cron '0 0 * * * ? *' as select id, k from source"
    )
    warehouse.run("insert into s.source values (3, 'c')")
    assert _ids(warehouse, "s.mv") == [1, 2]
    warehouse.run("refresh materialized view s.mv")
    assert _ids(warehouse, "s.mv") == [1, 2, 3]
    facts = {row[0]: row[1] for row in warehouse.rows("describe extended s.mv")}
    assert facts["Type"] == "MATERIALIZED_VIEW"
    assert facts["Refresh Schedule"] == "CRON '0 0 * * * ? *' AT TIME ZONE 'Etc/UTC'"
    assert facts["View Text"] == "select id, k from source"
    warehouse.run("alter materialized view s.mv alter schedule every 2 hours")
    facts = {row[0]: row[1] for row in warehouse.rows("describe extended s.mv")}
    assert facts["Refresh Schedule"] == "EVERY 2 HOURS"
    listed = "select {} from system.information_schema.{} where table_name = 'mv'"
    assert warehouse.rows(listed.format("table_type", "tables")) == [("MATERIALIZED_VIEW",)]
    assert warehouse.rows(listed.format("view_definition, is_materialized", "views")) == [
        ("select id, k from source", "TRUE")
    ]
    assert "EXPECT_TABLE_NOT_VIEW" in warehouse.fails("insert into s.mv values (1, 'x')")
    assert "WRONG_COMMAND_FOR_OBJECT_TYPE" in warehouse.fails("drop table s.mv")
    warehouse.run("drop materialized view s.mv")
    assert "TABLE_OR_VIEW_NOT_FOUND" in warehouse.fails("select * from s.mv")


def test_a_stream_reads_each_appended_row_once(warehouse):
    warehouse.run(_SOURCE)
    warehouse.run("create streaming table s.st as select id, k from stream source where id <> 2")
    assert _ids(warehouse, "s.st") == [1]
    warehouse.run("insert into s.source values (3, 'c')")
    warehouse.run("refresh streaming table s.st")
    warehouse.run("refresh streaming table s.st")
    assert _ids(warehouse, "s.st") == [1, 3]
    warehouse.run("insert into s.source values (4, 'd')")
    warehouse.run("create or refresh streaming table s.st as select id, k from stream(source) x")
    assert _ids(warehouse, "s.st") == [1, 3, 4]
    warehouse.run("create streaming table s.onward as select * from stream medallion.s.st")
    assert _ids(warehouse, "s.onward") == [1, 3, 4]
    warehouse.run("update s.source set k = 'z' where id = 1")
    message = warehouse.fails("refresh streaming table s.st")
    assert "DELTA_SOURCE_TABLE_IGNORE_CHANGES" in message
    assert _ids(warehouse, "s.st") == [1, 3, 4]
    warehouse.run("refresh streaming table s.st full")
    assert _ids(warehouse, "s.st") == [1, 2, 3, 4]


def test_a_stream_follows_one_table(warehouse):
    warehouse.run("create table s.dropped as select 1 as id")
    warehouse.run("create streaming table s.followed as select id from stream s.dropped")
    warehouse.run("drop table s.dropped")
    warehouse.run("create table s.dropped as select 2 as id")
    message = warehouse.fails("refresh streaming table s.followed")
    assert "DIFFERENT_DELTA_TABLE_READ_BY_STREAMING_SOURCE" in message


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("select count(*) as n from stream s.source", "STREAMING_OUTPUT_MODE"),
        ("select distinct k from stream s.source", "STREAMING_OUTPUT_MODE"),
        ("with x as (select * from stream s.source) select max(id) m from x", "STREAMING"),
        ("select id from stream s.source order by id", "STREAMING_OUTPUT_MODE"),
        ("select id from stream s.view", "it is a view"),
        ("select id from stream s.computed", "STREAMING_FROM_MATERIALIZED_VIEW"),
    ],
)
def test_a_stream_that_would_need_state_is_refused(warehouse, query, condition):
    warehouse.run("create table if not exists s.source as select 1 as id, 'a' as k")
    warehouse.run("create or replace view s.view as select 1 as id")
    warehouse.run("create or replace materialized view s.computed as select 1 as id")
    assert condition in warehouse.fails(f"create streaming table s.never as {query}")
