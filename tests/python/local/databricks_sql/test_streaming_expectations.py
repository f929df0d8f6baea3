"""Expectations of streaming tables: kept, dropped and rejected rows, and the event log."""

import pytest

from medallion.home import Home
from support.streaming_warehouse import Landing, streaming_warehouse

DOCUMENTED = """
    select row_expectations.dataset, row_expectations.name,
        sum(row_expectations.passed_records), sum(row_expectations.failed_records)
    from (
        select explode(from_json(details :flow_progress :data_quality :expectations,
            "array<struct<name: string, dataset: string, passed_records: int, failed_records: int>>"
        )) row_expectations
        from event_log(TABLE({})), (
            select origin:update_id as id from event_log(table({}))
            where event_type = 'create_update' order by timestamp desc limit 1
        ) latest_update
        where event_type = 'flow_progress' and origin:update_id = latest_update.id
    )
    group by row_expectations.dataset, row_expectations.name
    order by 2
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    yield from streaming_warehouse(Home(tmp_path_factory.mktemp("warehouse")))


@pytest.fixture
def landing(warehouse, request):
    return Landing.of(warehouse.home, request.node.name.partition("[")[0])


def test_rules_count_and_drop(warehouse, landing):
    landing.land("1.parquet", id=[1, 2, None], name=["a", "b", "c"])
    warehouse.run(
        "create or refresh streaming table s.counted (`id` bigint comment 'its (number), c', "
        "constraint known expect (id is not null) on violation drop row, "
        "constraint low expect (id < 2 or name in ('c', 'd')), `name` string) "
        f"comment 'expect' as select * from {landing.stream('id BIGINT, name STRING')}"
    )
    assert warehouse.rows("select id from s.counted order by id") == [(1,), (2,)]
    landing.land("2.parquet", id=[5], name=[None])
    warehouse.run("refresh streaming table s.counted")
    reported = warehouse.rows(
        "select details:flow_progress.metrics.num_output_rows, "
        "details:flow_progress:data_quality:dropped_records::int, level, error "
        "from event_log(TABLE(medallion.s.counted)) where event_type = 'flow_progress' "
        "order by timestamp"
    )
    assert reported == [("2", 1, "INFO", None), ("1", 0, "INFO", None)]
    dataset = "medallion.s.counted"
    # A condition that is NULL is violated: 5 < 2 or NULL.
    assert warehouse.rows(DOCUMENTED.format("s.counted", "`s`.`counted`")) == [
        (dataset, "known", 1, 0),
        (dataset, "low", 0, 1),
    ]
    shown = warehouse.rows("describe table s.counted")
    assert [tuple(row) for row in shown] == [
        ("id", "bigint", "its (number), c"),
        ("name", "string", None),
    ]


def test_a_refresh_without_new_files_leaves_no_event(warehouse, landing):
    landing.land("1.parquet", id=[1])
    warehouse.run(f"create streaming table s.quiet as select * from {landing.stream('id BIGINT')}")
    warehouse.run("refresh streaming table s.quiet")
    count = "select count(*) from event_log(TABLE(s.quiet)) where event_type = 'flow_progress'"
    assert warehouse.rows(count) == [(1,)]
    landing.land("2.parquet", id=[])
    warehouse.run("refresh table s.quiet")
    warehouse.run("refresh table s.quiet")
    assert warehouse.rows(count) == [(2,)], "a file without rows is taken once, too"


def test_fail_update_keeps_the_table_and_shows_the_row(warehouse, landing):
    landing.land("1.parquet", id=[1], name=["a"])
    stream = landing.stream("id BIGINT, name STRING")
    warehouse.run(
        "create streaming table s.strict (id bigint, name string, "
        "constraint positive expect (id > 0) on violation fail update) "
        f"as select * from {stream}"
    )
    landing.land("2.parquet", id=[2, 0], name=["b", "the zero"])
    message = warehouse.fails("refresh streaming table s.strict")
    assert "positive (id > 0)" in message
    assert "id=0, name=the zero" in message
    assert warehouse.rows("select id from s.strict") == [(1,)]
    flows = "select count(*) from event_log(TABLE(s.strict)) where event_type = 'flow_progress'"
    assert warehouse.rows(flows) == [(1,)]
    landing.land("2.parquet", id=[2], name=["b"])
    warehouse.run("refresh streaming table s.strict")
    assert warehouse.rows("select id from s.strict order by id") == [(1,), (2,)]


def test_a_table_whose_first_rows_violate_a_rule_is_not_created(warehouse, landing):
    landing.land("1.parquet", id=[0])
    statement = (
        "create streaming table s.never (id bigint, constraint positive expect (id > 0) "
        f"on violation fail update) as select * from {landing.stream('id BIGINT')}"
    )
    assert "EXPECTATION_VIOLATION" in warehouse.fails(statement)
    assert "TABLE_OR_VIEW_NOT_FOUND" in warehouse.fails("select * from s.never")
    landing.land("1.parquet", id=[1])
    warehouse.run(statement)
    assert warehouse.rows("select id from s.never") == [(1,)]


def test_create_or_refresh_adds_and_removes_rules(warehouse, landing):
    landing.land("1.parquet", id=[0])
    query = f"as select * from {landing.stream('id BIGINT')}"
    warehouse.run(f"create streaming table s.ruled {query}")
    strict = "constraint positive expect (id > 0) on violation fail update"
    warehouse.run(f"create or refresh streaming table s.ruled (id bigint, {strict}) {query}")
    assert warehouse.rows("select id from s.ruled") == [(0,)], "rows of before are not judged"
    landing.land("2.parquet", id=[0])
    assert "positive" in warehouse.fails("refresh streaming table s.ruled")
    failing = f"create or refresh streaming table s.ruled (id bigint comment 'new', {strict})"
    assert "positive" in warehouse.fails(f"{failing} {query}")
    assert warehouse.rows("describe table s.ruled")[0][2] is None, "its definition stays as well"
    warehouse.run(f"create or refresh streaming table s.ruled {query}")
    assert warehouse.rows("select id from s.ruled") == [(0,), (0,)]


@pytest.mark.parametrize(
    ("rule", "reported"),
    [
        ("constraint r expect (nothing > 0)", "expectation r of medallion.s.refused cannot be"),
        ("constraint r expect (id + 1)", "is not a condition: id + 1"),
        ("constraint r expect (id in (select 1))", "one condition on the row's own columns"),
        ("constraint r expect (true), constraint R expect (true)", "r is defined twice"),
        ("constraint r expect (id > 0) on violation skip", "does not support: constraint r"),
        ("constraint r expect ()", "does not support: create streaming"),
        ("constraint r check (id > 0)", "does not support: create streaming"),
    ],
)
def test_an_invalid_rule_is_refused_before_anything_is_created(warehouse, landing, rule, reported):
    message = warehouse.fails(
        f"create streaming table s.refused (id bigint, {rule}) "
        f"as select * from {landing.stream('id BIGINT')}"
    )
    assert reported in message
    assert "NOT_FOUND" in warehouse.fails("describe table s.refused")


def test_only_a_streaming_table_has_an_event_log(warehouse):
    warehouse.run("create or replace table s.plain as select 1 as id")
    assert "is not a streaming table" in warehouse.fails("select * from event_log(TABLE(s.plain))")
    assert "event_log(TABLE(name))" in warehouse.fails("select * from event_log('1234')")
    assert "NOT_FOUND" in warehouse.fails("select * from event_log(TABLE(s.absent))")
