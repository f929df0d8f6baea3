"""The dbt tests on the receipts: correct histories pass; each kind of tampering fails its test."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from conformance.columns import COLUMNS, CONTROL
from medallion.ingestion.landed_files import change_number

COMMITS_FROM = datetime(2025, 1, 1)
RUNS_FROM = datetime(2025, 2, 1)
BRONZE = ["control__receipts", "azure_sql__dim_user", "azure_sql__dim_artist"]
BRONZE += ["azure_sql__dim_track", "azure_sql__dim_date", "azure_sql__fact_stream"]

GAP, OVERLAP = "windows_leave_no_gap", "windows_do_not_overlap"
BEGINNING = "windows_begin_with_a_first_load"
REPEAT, READ = "windows_landed_again_are_the_same", "all_rows_read_were_written"
FILE_MISSING = "every_file_with_a_receipt_is_in_bronze"
ROWS = "bronze_holds_the_rows_that_were_written"
CHECKSUM = "bronze_holds_the_changes_that_the_source_counted"
OUTSIDE = "landed_changes_lie_in_their_window"
RECEIPT_MISSING = "every_file_in_bronze_has_a_receipt"
WINDOWS = "ingestion_windows"
MODEL_MISSING = "every_landed_table_has_a_model"
LAST_RUN = "files_of_the_last_run_have_receipts"
TESTS = [GAP, OVERLAP, BEGINNING, REPEAT, READ, FILE_MISSING, ROWS, CHECKSUM, OUTSIDE]
TESTS += [RECEIPT_MISSING, LAST_RUN]

Change = tuple[int, int, int]  # LSN, sequence value, operation


def lsn(number: int) -> str:
    return f"0x{number:020X}"


@dataclass
class Table:
    """The landed files of one source table. Every run begins an hour after the previous one."""

    lake: Path
    name: str
    runs: dict[str, datetime] = field(default_factory=dict)

    def land(
        self, run: str, mode: str, first: int, last: int, changes: list[Change], days: str = ""
    ) -> None:
        """Write the receipt of a window, and its file if it has changes."""
        self.runs.setdefault(run, RUNS_FROM + timedelta(hours=len(self.runs)))
        suffix = {"late": "_late", "backfill": ""}.get(mode, "")
        stem = f"backfill_{days}_{days}" if mode == "backfill" else f"{lsn(first)}{suffix}"
        file = f"{stem}.parquet" if changes else None
        size = self.write(run, file, changes) if file else 0
        checksum = sum(change_number(lsn(c[0]), lsn(c[1]), c[2]) for c in changes)
        receipt = {
            "table": f"dbo.{self.name}",
            "mode": mode,
            "from_lsn": lsn(first),
            "to_lsn": lsn(last),
            "from_date": days or None,
            "to_date": days or None,
            "rows_read": len(changes),
            "rows_written": len(changes),
            "bytes": size,
            "checksum": None if mode == "initial" or last < first else str(checksum),
            "md5": None,
            "file": file and f"bronze/azure_sql/dbo.{self.name}/{file}",
            "run_id": run,
            "started_at": f"{self.runs[run].isoformat()}.0000000Z",
            "ended_at": f"{(self.runs[run] + timedelta(minutes=1)).isoformat()}.0000000Z",
        }
        place = self.receipt(f"{run}{suffix}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(receipt))

    def write(self, run: str, name: str, changes: list[Change]) -> int:
        """Write a landed file. Returns its size in bytes."""
        schema = pa.schema(list((COLUMNS[self.name] | CONTROL).items()))
        rows = [
            {
                "_start_lsn": lsn(number),
                "_seqval": lsn(place),
                "_operation": operation,
                "_commit_time": COMMITS_FROM + timedelta(hours=number - 100),
                "_ingested_at": self.runs[run],
                "_run_id": run,
                "_file": f"bronze/azure_sql/dbo.{self.name}/{name}",
            }
            for number, place, operation in changes
        ]
        file = self.file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(rows, schema=schema), file)
        return file.stat().st_size

    def file(self, name: str) -> Path:
        return self.lake / "bronze" / "azure_sql" / f"dbo.{self.name}" / name

    def receipt(self, stem: str) -> Path:
        return self.lake / "control" / "receipts" / f"dbo.{self.name}" / f"{stem}.json"

    def edit(self, stem: str, **changes: object) -> None:
        """Alter a receipt."""
        content = json.loads(self.receipt(stem).read_text())
        assert set(changes) <= set(content)
        self.receipt(stem).write_text(json.dumps(content | changes))

    def honest(self) -> None:
        """A first load with a late row, increments, empty windows and a backfill."""
        self.land("load", "initial", 100, 100, [(100, 1, 2), (100, 2, 2), (100, 3, 2)])
        self.land("load", "late", 100, 100, [(100, 9, 1)])
        self.land("first", "increment", 101, 110, FIRST)
        self.land("idle", "empty", 111, 110, [])
        self.land("idle again", "empty", 111, 110, [])
        self.land("second", "increment", 111, 120, SECOND)
        self.land("quiet", "empty", 121, 125, [])
        self.land("backfill", "backfill", 101, 123, FIRST + SECOND, days="2025-01-01")
        self.land("last", "increment", 126, 130, [(130, 1, 1)])


FIRST: list[Change] = [(103, 1, 3), (103, 1, 4), (107, 1, 2)]
SECOND: list[Change] = [(115, 1, 2), (118, 1, 2)]
LOAD_FILE, FIRST_FILE, LAST_FILE = (f"{lsn(number)}.parquet" for number in (100, 101, 126))


@dataclass(frozen=True)
class Case:
    """A change of a correct history before bronze reads it, and the dbt tests that find it."""

    name: str
    tamper: Callable[[Table], object]
    found_by: set[str]


def first_file(*changes: Change) -> Callable[[Table], object]:
    return lambda table: table.write("first", FIRST_FILE, list(changes))


def load_file(*changes: Change) -> Callable[[Table], object]:
    return lambda table: table.write("load", LOAD_FILE, list(changes))


def removed(*stems: str) -> Callable[[Table], object]:
    return lambda table: [table.receipt(stem).unlink() for stem in stems]


def repeated_otherwise(table: Table) -> None:
    table.land("second again", "increment", 111, 120, SECOND[:1])


def wider_again(table: Table) -> None:
    table.land("second again", "increment", 111, 121, SECOND)


CASES = [
    Case("nothing", lambda table: None, set()),
    Case("receipt removed", removed("first"), {GAP, RECEIPT_MISSING}),
    Case("empty window's receipt removed", removed("quiet"), {GAP}),
    Case("first load's receipt removed", removed("load"), {BEGINNING, RECEIPT_MISSING}),
    Case("last receipt removed", removed("last"), {LAST_RUN}),
    Case("backfill's receipt removed", removed("backfill"), {RECEIPT_MISSING}),
    Case("late rows' receipt removed", removed("load_late"), {LAST_RUN}),
    Case("all receipts removed", removed("load", "load_late", "first", "idle", "idle again",
         "second", "quiet", "backfill", "last"), {LAST_RUN}),
    Case("end lowered", lambda t: t.edit("first", to_lsn=lsn(109)), {GAP}),
    Case("end raised", lambda t: t.edit("first", to_lsn=lsn(111)), {OVERLAP}),
    Case("end below its changes", lambda t: t.edit("last", to_lsn=lsn(129)), {OUTSIDE}),
    Case("start is no LSN", lambda t: t.edit("first", from_lsn="x"), {GAP, OVERLAP, OUTSIDE}),
    Case("rows altered", lambda t: t.edit("first", rows_read=4, rows_written=4), {ROWS}),
    Case("rows written altered", lambda t: t.edit("first", rows_written=2), {ROWS, READ}),
    Case("checksum altered", lambda t: t.edit("first", checksum="1"), {CHECKSUM}),
    Case("checksum removed", lambda t: t.edit("first", checksum=None), {CHECKSUM}),
    Case("empty window tells of rows",
         lambda t: t.edit("quiet", rows_read=1, rows_written=1), {FILE_MISSING}),
    Case("file removed", lambda t: t.file(FIRST_FILE).unlink(), {FILE_MISSING}),
    Case("receipt names another file", lambda t: t.edit("last", file="bronze/x.parquet"),
         {FILE_MISSING, LAST_RUN}),
    Case("file of nobody", lambda t: t.write("first", "x.parquet", FIRST), {RECEIPT_MISSING}),
    Case("row changed", first_file((103, 1, 3), (103, 1, 4), (107, 1, 1)), {CHECKSUM}),
    Case("row omitted", first_file(*FIRST[:2]), {ROWS, CHECKSUM}),
    Case("row doubled", first_file(*FIRST, FIRST[0]), {ROWS, CHECKSUM}),
    Case("row swapped for another's double", first_file(*FIRST[:2], FIRST[0]), {ROWS, CHECKSUM}),
    Case("row from outside", first_file(*FIRST[:2], (111, 1, 2)), {CHECKSUM, OUTSIDE}),
    Case("first load's row swapped", load_file((100, 1, 2), (100, 2, 2), (100, 2, 2)), {ROWS}),
    Case("first load deletes", load_file((100, 1, 2), (100, 2, 1), (100, 3, 2)), {OUTSIDE}),
    Case("backfill on another day", lambda t: t.edit("backfill", to_date="2024-12-31"), {OUTSIDE}),
    Case("repeated otherwise", repeated_otherwise, {REPEAT}),
    Case("repeated with another end", wider_again, {OVERLAP}),
]  # fmt: skip


@pytest.fixture(scope="module")
def story(new_lakehouse):
    """A lakehouse after a crash, its repetition and a backfill; dbt's result before and after."""
    from support.lakehouse import INGEST, SIMULATE

    lakehouse = new_lakehouse()
    build = ["dbt", "--no-use-colors", "build", "--select", "+ingestion_windows"]
    build += ["--exclude", "test_type:unit"]
    lakehouse.run(["medallion", "source", "init", "--generate", "--users=5", "--days=1"])
    lakehouse.run(INGEST)
    lakehouse.run(SIMULATE)
    ingest = [*INGEST, "--table", "DimUser"]
    with pytest.raises(AssertionError, match="killed after 'Copy rows'"):
        lakehouse.run([*ingest, "--crash-after", "Copy rows"])
    crashed = lakehouse.run(build)
    lakehouse.run(ingest)
    lakehouse.run([*ingest, "--from", "2025-10-07", "--to", "2025-12-31"])
    return lakehouse, crashed, lakehouse.run(build)


def test_a_crash_is_warned_about__and_healed_by_the_next_run(story):
    _, crashed, healed = story
    assert f"WARN 1 {LAST_RUN}" in crashed
    assert "WARN=1 ERROR=0" in crashed
    assert "WARN=0 ERROR=0" in healed


def land_without_model(table: Table) -> None:
    """A first load of a table that no model reads. No case may find it."""
    table.runs["load"] = RUNS_FROM
    table.land("load", "initial", 100, 100, [])
    file = f"bronze/azure_sql/dbo.{table.name}/{LOAD_FILE}"
    table.edit("load", rows_read=3, rows_written=3, file=file)


@pytest.fixture(scope="module")
def found(story):
    """Per case, the dbt tests that find its table. Five cases, one per table, are built at once.

    They are built by the SQL that dbt compiled for `story`, which is faster than dbt itself.
    """
    from medallion.home import Home
    from support.warehouse_sql import Started, close_all

    lakehouse, *_ = story
    lake = lakehouse.home / "lake"
    files = (lakehouse.home / "target" / "compiled" / "medallion").rglob("*.sql")
    compiled = {file.stem: file.read_text() for file in files if ".yml" not in str(file)}
    warehouse = Started(Home(lakehouse.home))
    outcome: dict[str, set[str]] = {}
    for start in range(0, len(CASES), len(COLUMNS)):
        shutil.rmtree(lake)
        cases = dict(zip(COLUMNS, CASES[start:], strict=False))
        for name, case in cases.items():
            table = Table(lake, name)
            table.honest()
            case.tamper(table)
            outcome[case.name] = set()
        land_without_model(Table(lake, "Product"))
        for model in BRONZE:
            warehouse.run(f"drop table bronze.{model}")
            warehouse.run(f"create streaming table bronze.{model} as {compiled[model]}")
        # All deliveries are new, because bronze was: dbt would merge them.
        batch = f"select * from ({compiled['file_deliveries']}) where not _is_deleted"
        for model, sql in (("file_deliveries", batch), (WINDOWS, compiled[WINDOWS])):
            warehouse.run(f"create or replace table silver.{model} as {sql}")
        (waiting,) = warehouse.rows(compiled[MODEL_MISSING])
        assert waiting == ("dbo.Product", 'medallion new table "dbo.Product"')
        for test in TESTS:
            for (table,) in warehouse.rows(f"select source_table from ({compiled[test]})"):
                outcome[cases[table.removeprefix("dbo.")].name].add(test)
    close_all()
    return outcome


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tampering__is_found_by_the_right_tests(found, case):
    assert found[case.name] == case.found_by
