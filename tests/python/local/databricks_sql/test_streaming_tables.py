"""dbt-databricks' statements on streaming tables, and statements that are rejected."""

import json
import threading

import pyarrow as pa
import pytest

from medallion.home import Home
from support.streaming_warehouse import Landing, streaming_warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    yield from streaming_warehouse(Home(tmp_path_factory.mktemp("warehouse")))


@pytest.fixture
def landing(warehouse, request):
    return Landing.of(warehouse.home, request.node.name)


def _facts(warehouse, table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in warehouse.rows(f"describe extended {table}")}


def test_a_missing_folder_is_an_empty_table(warehouse):
    landing = Landing(warehouse.home.lake / "bronze" / "later", "abfss://bronze@a.b/later")
    warehouse.run(f"create streaming table s.later as select * from {landing.stream('id BIGINT')}")
    assert warehouse.rows("select * from s.later") == []
    landing.land("2024/07/1.parquet", id=[1])
    warehouse.run("refresh streaming table s.later")
    assert warehouse.rows("select id from s.later") == [(1,)]


def test_create_with_every_clause_and_its_description(warehouse, landing):
    landing.land("1.parquet", id=[1], day=["a"])
    warehouse.run(
        "create streaming table if not exists s.whole (id bigint not null comment 'key', "
        "day string) partitioned by (day) comment 'what, when' "
        "tblproperties ('delta.appendOnly' = 'true', 'team' = 'x') "
        "schedule refresh cron '0 0 6 * * ?' at time zone 'Europe/Berlin' "
        f"as select * from {landing.stream('id BIGINT, day STRING')}"
    )
    facts = _facts(warehouse, "s.whole")
    assert facts["Type"] == "STREAMING_TABLE"
    assert facts["Refresh Schedule"] == "CRON '0 0 6 * * ?' AT TIME ZONE 'Europe/Berlin'"
    assert facts["View Text"].startswith("select * from STREAM read_files(")
    (described,) = warehouse.rows("describe table extended s.whole as json")
    description = json.loads(described[0])
    assert description["type"] == "STREAMING_TABLE"
    assert description["partition_columns"] == ["day"]
    assert [column["nullable"] for column in description["columns"]] == [False, True]
    landing.land("2.parquet", id=pa.nulls(1, pa.int64()), day=["b"])
    assert "NOT NULL constraint violated for column: id" in warehouse.fails("refresh table s.whole")
    assert warehouse.rows("select id from s.whole") == [(1,)]


def test_alter_sets_schedule_tags_and_comments(warehouse, landing):
    warehouse.run(f"create streaming table s.alt as select * from {landing.stream('id BIGINT')}")
    for clause, shown in (
        ("add schedule every 2 days", "EVERY 2 DAYS"),
        ("alter schedule cron '0 0 6 * * ?'", "CRON '0 0 6 * * ?' AT TIME ZONE 'Etc/UTC'"),
        (
            "add trigger on update at most every interval 15 minutes",
            "TRIGGER ON UPDATE AT MOST EVERY INTERVAL 900 SECONDS",
        ),
        ("drop schedule", "MANUAL"),
    ):
        warehouse.run(f"alter streaming table s.alt {clause}")
        assert _facts(warehouse, "s.alt")["Refresh Schedule"] == shown
    warehouse.run("alter streaming table s.alt set tags ('layer' = 'bronze')")
    warehouse.run("alter streaming table s.alt alter column `id` set tags ('pii' = 'no')")
    warehouse.run("comment on column s.alt.id is 'key'")
    again = (
        f"create or refresh streaming table s.alt as select * from {landing.stream('id BIGINT')}"
    )
    warehouse.run(again.replace(" as select", " (id comment 'key') as select"))
    tags = "select tag_value from information_schema.column_tags where table_name = 'alt'"
    assert warehouse.rows(tags) == [("no",)]
    assert warehouse.rows("describe s.alt") == [("id", "bigint", "key")]


@pytest.mark.parametrize(
    "statement",
    [
        "alter streaming table s.firm add columns (more int)",
        "alter table s.firm rename to s.soft",
        "alter streaming table s.firm alter column id set not null",
        "alter streaming table s.firm add constraint c check (id > 0)",
        "alter streaming table s.firm add schedule every 5 minutes",
        "alter streaming table s.plain set tags ('a' = 'b')",
        "refresh streaming table s.plain",
        "truncate table s.firm",
        "insert into s.firm values (1)",
        "create or replace table s.firm as select 1 as id",
        "create or replace streaming table s.firm as {query}",
        "create streaming table s.firm as {query}",
        "create or refresh streaming table s.plain as {query}",
        "create streaming table s.other as select 1 as id",
        "create streaming table s.other (id bigint)",
        "create or refresh streaming table s.firm (id bigint not null) as {query}",
        "create or refresh streaming table s.firm partitioned by (id) as {query}",
        "create or refresh streaming table s.firm as select 1 as more from ({query})",
        "create or refresh streaming table s.firm as select string(id) as id from ({query})",
    ],
)
def test_an_unsupported_statement_changes_nothing(warehouse, request, statement):
    landing = Landing.of(warehouse.home, "firm")
    query = f"select * from {landing.stream('id BIGINT')}"
    landing.land("1.parquet", id=[1])
    warehouse.run(f"create streaming table if not exists s.firm as {query}")
    warehouse.run("create table if not exists s.plain as select 1 as id")
    message = warehouse.fails(statement.format(query=query))
    assert message.startswith("[")
    assert "INTERNAL_ERROR" not in message
    assert warehouse.rows("describe s.firm") == [("id", "bigint", None)]
    assert warehouse.rows("select id from s.firm") == [(1,)]


def test_concurrent_refreshes_and_creations_read_each_file_once(warehouse, landing):
    landing.land("0.parquet", id=[0])
    create = f"create or refresh streaming table s.busy as select * from {landing.stream('id INT')}"
    failures = []

    def work(number: int) -> None:
        try:
            with warehouse.connect() as own:
                for step in range(4):
                    landing.land(f"{number}-{step}.parquet", id=[10 * number + step])
                    warehouse.run("refresh streaming table s.busy" if step else create, own)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    ids = [0, *(10 * number + step for number in range(1, 5) for step in range(4))]
    assert warehouse.rows("select id from s.busy order by id") == [(each,) for each in ids]


def test_a_person_is_erased_and_no_file_is_read_again(warehouse, landing):
    landing.land("1.parquet", id=[1, 2], name=["Ana", "Bo"])
    rows = landing.stream("id BIGINT, name STRING")
    warehouse.run(f"create streaming table s.people as select * from {rows}")
    warehouse.run("update s.people set name = null where id = 1")
    warehouse.run("delete from s.people where id = 2")
    landing.land("2.parquet", id=[3], name=["Cy"])
    warehouse.run("refresh streaming table s.people")
    assert warehouse.rows("select id, name from s.people order by id") == [(1, None), (3, "Cy")]
    assert "streaming_table" in warehouse.fails("insert into s.people values (4, 'Di')")


def test_columns_are_added_without_a_full_refresh(warehouse, landing):
    landing.land("1.parquet", id=[1])
    stream = landing.stream("id BIGINT, name STRING")
    change = "create or refresh streaming table s.wider"
    warehouse.run(f"{change} as select id from {stream}")
    landing.land("2.parquet", id=[2], name=["b"])
    strict = "constraint named expect (name is null) on violation fail update"
    wide = "id bigint, name string comment 'new'"
    assert "named" in warehouse.fails(f"{change} ({wide}, {strict}) as select * from {stream}")
    assert warehouse.rows("describe s.wider") == [("id", "bigint", None)]
    warehouse.run(f"{change} ({wide}) as select * from {stream}")
    assert warehouse.rows("describe s.wider")[1] == ("name", "string", "new")
    assert warehouse.rows("select * from s.wider order by id") == [(1, None), (2, "b")]
    warehouse.run(f"{change} as select 'late' as third, name, id from {stream}")
    landing.land("3.parquet", id=[3])
    warehouse.run("refresh streaming table s.wider")
    assert warehouse.rows("select third from s.wider order by id") == [(None,), (None,), ("late",)]


def test_a_dropped_and_recreated_table_reads_everything_again(warehouse, landing):
    landing.land("1.parquet", id=[1])
    create = f"create streaming table s.again as select * from {landing.stream('id BIGINT')}"
    warehouse.run(create)
    warehouse.run("drop table if exists s.again")
    warehouse.run(create)
    assert warehouse.rows("select id from s.again") == [(1,)]
    assert warehouse.rows("select count(*) from event_log(TABLE(s.again))") == [(2,)]
