"""`medallion repair`: each kind of damage is named and restored, and nothing else is changed."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from typer.testing import CliRunner

from medallion.cli import app
from medallion.home import Home
from medallion.ingestion.verification import prove
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.data_factory.run import ingest
from medallion_local.repair import repair, tables
from support.source_home import change, landed, make

DAY = ("2025-01-03", "2025-01-03")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A first load, two increments, an empty window, a backfill, and the reference files."""
    home = make(tmp_path_factory.mktemp("repair"))
    for day in (None, 3, 4, None):
        if day:
            change(home, f"UPDATE dbo.DimUser SET country = N'C{day}'", f"2025-01-0{day}")
        assert ingest(home, None if day is None else "DimUser").status == "Succeeded"
    assert ingest(home, "DimUser", *DAY).status == "Succeeded"
    return home


@pytest.fixture
def home(ingested: Home, tmp_path: Path) -> Home:
    copy = Home(tmp_path / "home")
    shutil.copytree(ingested.root, copy.root)
    return copy


def contents(home: Home) -> dict[str, bytes]:
    return {str(f): f.read_bytes() for f in home.lake.rglob("*") if f.is_file()}


def bronze(home: Home) -> dict[str, bytes]:
    return {name: held for name, held in contents(home).items() if "/bronze/" in name}


def receipt(home: Home, mode: str) -> Path:
    found = (home.lake / "control" / "receipts" / "dbo.DimUser").glob("*.json")
    return max(one for one in found if f'"mode":"{mode}"' in one.read_text())


def control(home: Home, kind: str) -> Path:
    return home.lake / "control" / kind / "dbo.DimUser.json"


def test_undamaged_home_is_reported_and_not_changed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(home)
    monkeypatch.setenv("MEDALLION_HOME", str(home.root))
    result = CliRunner().invoke(app, ["repair"])
    assert (result.exit_code, result.output) == (0, "Nothing is damaged.\n")
    assert contents(home) == before


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:40])


def csv(home: Home) -> Path:
    return next((home.lake / "bronze" / "github" / "markets").glob("*.csv"))


DAMAGES: dict[str, tuple[Callable[[Home], object], str]] = {
    "first load cut": (lambda h: cut(landed(h, "DimUser")[0]), "has 40 bytes"),
    "increment cut": (lambda h: cut(landed(h, "DimUser")[1]), "has 40 bytes"),
    "increment gone": (lambda h: landed(h, "DimUser")[1].unlink(), "which does not exist"),
    "increment altered": (lambda h: shutil.copy(*landed(h, "DimUser")[1:3]), "dbo.DimUser: "),
    "increment with more rows": (
        lambda h: shutil.copy(landed(h, "FactStream")[0], landed(h, "DimUser")[1]),
        "dbo.DimUser: ",
    ),
    "backfill cut": (lambda h: cut(landed(h, "DimUser")[-1]), "has 40 bytes"),
    "reference file cut": (lambda h: cut(csv(h)), "is not the file that landed"),
    "reference file gone": (lambda h: csv(h).unlink(), "is missing"),
    "watermark empty": (lambda h: control(h, "watermarks").write_text(""), "is damaged"),
    "watermark not of its kind": (lambda h: control(h, "watermarks").write_text("[]"), "damaged"),
    "pin cut": (lambda h: cut(control(h, "pins")), "control/pins/dbo.DimUser.json is damaged"),
    "first receipt cut": (lambda h: cut(receipt(h, "initial")), "is damaged"),
    "receipt cut": (lambda h: cut(receipt(h, "increment")), "is damaged"),
    "empty window's receipt cut": (lambda h: cut(receipt(h, "empty")), "is damaged"),
    "backfill's receipt cut": (lambda h: cut(receipt(h, "backfill")), "is damaged"),
    "unfinished file": (
        lambda h: landed(h, "DimUser")[0].with_name(".0x.parquet.ab.tmp").touch(),
        "unfinished files",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_restored(home: Home, damage: str) -> None:
    """Landed files are restored byte by byte."""
    whole = bronze(home)
    make_it, expected = DAMAGES[damage]
    make_it(home)
    damaged = contents(home)
    assert [one for one in repair(home, dry_run=True) if expected in one.what]
    assert contents(home) == damaged
    found = list(repair(home))
    assert all(one.restored for one in found), found
    assert bronze(home) == whole
    assert not [fault for proof in prove(home.lake) for fault in proof.faults]
    assert list(repair(home)) == []
    assert ingest(home, "DimUser").status == "Succeeded"


def test_file_whose_changes_the_source_cleaned_up_is_reported_and_left(home: Home) -> None:
    source = SourceDatabase.open(home.source_database)
    end = source.query("SELECT CONVERT(varchar(22), sys.fn_cdc_get_max_lsn(), 1) AS lsn")
    source.execute(
        "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_DimUser', "
        f"@low_water_mark = {end.read_all()['lsn'][0].as_py()}"
    )
    cut(landed(home, "DimUser")[1])
    damaged = bronze(home)
    [found] = repair(home)
    assert not found.restored and "holds changes from 2025-01-04T12:00:00 UTC on" in found.done
    assert bronze(home) == damaged


def test_reference_file_with_another_version_in_the_repository_is_left(home: Home) -> None:
    cut(csv(home))
    damaged = csv(home).read_bytes()
    [served] = home.github.rglob("markets.csv")
    served.write_text(served.read_text() + "\n")
    [found] = repair(home)
    assert not found.restored and "another version" in found.done
    assert csv(home).read_bytes() == damaged


# --- tables ---------------------------------------------------------------------------------------


def table(home: Home, schema: str, name: str, kind: str = "MANAGED", commits: int = 3) -> Path:
    """A Delta table in the catalog, of a commit per row; a streaming one with its taken files."""
    folder = home.warehouse / "tables" / schema / name
    for number in range(commits):
        transaction = None
        if kind == "STREAMING_TABLE":
            transaction = CommitProperties(
                app_transactions=[Transaction("medallion.streaming", number)]
            )
            (home.lake / "bronze" / f"{number}").touch()
            (folder / "_stream").mkdir(parents=True, exist_ok=True)
            files = [[f"abfss://bronze@a.dfs.core.windows.net/{number}", 0, 0]]
            batch = folder / "_stream" / f"{number:020d}.json"
            batch.write_text(json.dumps({"files": files, "full": False, "event": {}}))
        rows = pa.table({"n": [number]})
        write_deltalake(folder, rows, mode="append", commit_properties=transaction)
    home.warehouse.mkdir(exist_ok=True)
    with sqlite3.connect(home.warehouse / "catalog.sqlite") as db:
        db.execute("create table if not exists relations (schema text, name text, body text)")
        body = {
            "schema": schema,
            "name": name,
            "kind": kind,
            "location": str(folder.relative_to(home.root)),
        }
        db.execute("insert into relations values (?, ?, ?)", (schema, name, json.dumps(body)))
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    (home.lake / "bronze").mkdir(parents=True)
    return home


def entry(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def data(folder: Path, version: int) -> Path:
    actions = [json.loads(line) for line in entry(folder, version).read_text().splitlines()]
    return folder / next(one["add"]["path"] for one in actions if "add" in one)


def drop_last_line(file: Path) -> None:
    file.write_text("\n".join(file.read_text().splitlines()[:1]))


TORN: dict[str, tuple[Callable[[Path], object], int]] = {
    "entry empty": (lambda f: entry(f, 2).write_text(""), 2),
    "entry cut": (lambda f: cut(entry(f, 2)), 2),
    "entry of zeros": (lambda f: entry(f, 2).write_bytes(b"\0" * 300), 2),
    "entry ends after a line": (lambda f: drop_last_line(entry(f, 2)), 2),
    "entry missing": (lambda f: entry(f, 1).unlink(), 1),
    "data missing": (lambda f: data(f, 2).unlink(), 2),
    "data cut": (lambda f: cut(data(f, 2)), 2),
    "data of zeros": (lambda f: data(f, 2).write_bytes(b"\0" * data(f, 2).stat().st_size), 2),
    "older data missing": (lambda f: data(f, 1).unlink(), 1),
    "first entry empty": (lambda f: entry(f, 0).write_text(""), 0),
}


@pytest.mark.parametrize("torn", TORN)
@pytest.mark.parametrize("kind", ["MANAGED", "STREAMING_TABLE"])
def test_table_goes_back_to_the_version_before_the_torn_commit(
    empty: Home, kind: str, torn: str
) -> None:
    folder = table(empty, "silver", "t", kind)
    assert list(tables.find(empty)) == []
    tear, first = TORN[torn]
    tear(folder)
    [damage] = tables.find(empty)
    assert (damage.first, damage.stuck) == (first, "")
    assert tables.undo(empty, damage)
    assert list(tables.find(empty)) == []
    if first:
        back = DeltaTable(folder)
        assert back.version() == first - 1
        assert sorted(back.to_pyarrow_table()["n"].to_pylist()) == list(range(first))
        assert (back.transaction_version("medallion.streaming") or 0) in (0, first - 1)
    else:
        assert tables.catalog(empty) == [] and not folder.exists()


@pytest.mark.parametrize("torn", ["hint", "checkpoint", "hint of none"])
def test_torn_checkpoint_is_moved_away_from_a_complete_log(empty: Home, torn: str) -> None:
    folder = table(empty, "gold", "t")
    DeltaTable(folder).create_checkpoint()
    write_deltalake(folder, pa.table({"n": [3]}), mode="append")
    [checkpoint] = (folder / "_delta_log").glob("*.checkpoint.parquet")
    if torn == "checkpoint":
        cut(checkpoint)
    elif torn == "hint":
        (folder / "_delta_log" / "_last_checkpoint").write_text("")
    else:
        checkpoint.unlink()
    [damage] = tables.find(empty)
    assert damage.first is None
    tables.undo(empty, damage)
    assert list(tables.find(empty)) == []
    assert DeltaTable(folder).to_pyarrow_table().num_rows == 4


def test_commit_after_a_checkpoint_is_undone(empty: Home) -> None:
    folder = table(empty, "gold", "t")
    DeltaTable(folder).create_checkpoint()
    for number in range(2):
        entry(folder, number).unlink()  # as the log's retention does
    write_deltalake(folder, pa.table({"n": [3]}), mode="append")
    assert list(tables.find(empty)) == []
    entry(folder, 3).write_text("")
    [damage] = tables.find(empty)
    assert damage.first == 3 and tables.undo(empty, damage)
    assert DeltaTable(folder).to_pyarrow_table().num_rows == 3


def test_commit_without_its_list_of_read_files_is_torn(empty: Home) -> None:
    folder = table(empty, "bronze", "t", "STREAMING_TABLE")
    (folder / "_stream" / f"{2:020d}.json").write_text("")
    [damage] = tables.find(empty)
    assert damage.first == 2 and "batch 2" in damage.why


def test_bronze_table_keeps_rows_of_files_missing_in_the_lake(empty: Home) -> None:
    folder = table(empty, "bronze", "t", "STREAMING_TABLE")
    data(folder, 1).unlink()
    (empty.lake / "bronze" / "2").unlink()
    [damage] = tables.find(empty)
    assert "1 files that are not in the lake" in damage.stuck
    assert not tables.undo(empty, damage) and entry(folder, 2).exists()


def test_snapshot_is_not_created_again(empty: Home) -> None:
    folder = table(empty, "snapshots", "s", commits=1)
    entry(folder, 0).write_text("")
    [damage] = tables.find(empty)
    assert "nowhere else" in damage.stuck


def test_file_that_bronze_read_keeps_its_modification_time(home: Home) -> None:
    """Otherwise bronze would read it again."""
    folder = table(home, "bronze", "t", "STREAMING_TABLE", commits=1)
    file = landed(home, "DimUser")[1]
    status = file.stat()
    url = f"abfss://bronze@a.dfs.core.windows.net/{file.relative_to(home.lake / 'bronze')}"
    files = {"files": [[url, status.st_size, status.st_mtime_ns]]}
    (folder / "_stream" / f"{0:020d}.json").write_text(json.dumps(files))
    cut(file)
    assert [one.restored for one in repair(home)] == [True]
    assert file.stat().st_mtime_ns == status.st_mtime_ns
    assert pq.read_metadata(file).num_rows == 6
