"""`medallion receipts verify`: it proves the landed files, and finds each way of tampering."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from medallion.cli import app
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.verification import Proof, prove
from medallion_local.data_factory.run import ingest
from support.source_home import change, landed, make

DAY = ("2025-01-03", "2025-01-03")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A first load, three increments with changes, one without, and a backfill."""
    home = make(tmp_path_factory.mktemp("receipts"))
    ingest(home, "DimUser")
    for day in (3, 4, 5):
        change(home, f"UPDATE dbo.DimUser SET country = N'C{day}'", f"2025-01-0{day}")
        ingest(home, "DimUser")
    ingest(home, "DimUser")
    ingest(home, "DimUser", *DAY)
    return home


@pytest.fixture
def home(ingested: Home, tmp_path: Path) -> Home:
    """A copy for tampering."""
    copy = Home(tmp_path / "home")
    shutil.copytree(ingested.root, copy.root)
    return copy


def proof(home: Home) -> Proof:
    [found] = prove(home.lake)
    return found


def receipts(home: Home, mode: str) -> list[Path]:
    """The receipt files of one mode, in the order of their windows."""
    found = [
        (json.loads(file.read_text()), file)
        for file in (home.lake / "control" / "receipts" / "dbo.DimUser").glob("*.json")
    ]
    return [f for r, f in sorted(found, key=lambda one: one[0]["from_lsn"]) if r["mode"] == mode]


def alter(receipt: Path, **values: object) -> None:
    receipt.write_text(json.dumps(json.loads(receipt.read_text()) | values))


def rewrite(file: Path, altered: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(altered(pq.read_table(file)), file)


def renamed(table: pa.Table) -> pa.Table:
    names = pa.array(["Eve"] * table.num_rows)
    return table.set_column(table.column_names.index("user_name"), "user_name", names)


def test_landed_files_are_proven(home: Home) -> None:
    found = proof(home)
    assert (found.faults, found.notes) == ([], [])
    assert (found.windows, found.backfills, found.files) == (5, 1, 5)
    assert found.rows == 3 + 3 * 6 + 6


def watermark(home: Home) -> Path:
    return home.lake / "control" / "watermarks" / "dbo.DimUser.json"


Tampering = Callable[[Home], object]
FIRST, LAST = "0x00000000000000000001", "0x0FFFFFFFFFFFFFFFFFFF"
TAMPERED: dict[str, tuple[Tampering, str]] = {
    "receipt gone": (lambda h: receipts(h, "increment")[1].unlink(), "gap: nothing covers"),
    "last receipt gone": (lambda h: receipts(h, "increment")[2].unlink(), "gap: nothing covers"),
    "first receipt gone": (
        lambda h: receipts(h, "initial")[0].unlink(),
        "do not start with the receipt of a first",
    ),
    "backfill's receipt gone": (lambda h: receipts(h, "backfill")[0].unlink(), "has no receipt"),
    "window longer": (lambda h: alter(receipts(h, "increment")[0], to_lsn=LAST), "overlap"),
    "window shorter": (
        lambda h: alter(receipts(h, "increment")[1], to_lsn=FIRST),
        "outside",
    ),
    "window begins early": (
        lambda h: alter(receipts(h, "increment")[1], from_lsn=FIRST),
        "do not start with the receipt of a first",
    ),
    "rows written": (lambda h: alter(receipts(h, "increment")[1], rows_written=7), "7 written"),
    "rows read": (lambda h: alter(receipts(h, "increment")[1], rows_read=5), "5 were read"),
    "bytes": (lambda h: alter(receipts(h, "increment")[1], bytes=1), "bytes, not 1"),
    "checksum": (lambda h: alter(receipts(h, "increment")[1], checksum="1"), "checksums differ"),
    "hash": (lambda h: alter(receipts(h, "increment")[1], md5="AAAA"), "its hash differs"),
    "mode": (lambda h: alter(receipts(h, "increment")[1], mode="initial"), "more than inserts"),
    "unknown mode": (lambda h: alter(receipts(h, "increment")[1], mode="x"), "its mode is 'x'"),
    "table": (
        lambda h: alter(receipts(h, "increment")[1], table="dbo.X"),
        "belongs to table dbo.X",
    ),
    "run": (lambda h: alter(receipts(h, "increment")[1], run_id="x"), "and run x"),
    "began": (
        lambda h: alter(receipts(h, "increment")[1], started_at="2020-01-01T00:00:00Z"),
        "was not ingested at",
    ),
    "ended": (
        lambda h: alter(receipts(h, "increment")[1], ended_at="2020-01-01T00:00:00Z"),
        "ended before it began",
    ),
    "no file": (lambda h: alter(receipts(h, "increment")[1], file=None), "but names no file"),
    "other file": (
        lambda h: alter(receipts(h, "increment")[1], file="bronze/azure_sql/dbo.X/a.parquet"),
        "which does not exist",
    ),
    "days of a backfill": (
        lambda h: alter(receipts(h, "backfill")[0], from_date="2024-01-01", to_date="2024-01-02"),
        "is not named after its days, 2024-01-01",
    ),
    "no JSON": (lambda h: receipts(h, "increment")[1].write_text("{"), "is not a valid receipt"),
    "a field less": (
        lambda h: receipts(h, "increment")[1].write_text("{}"),
        "is not a valid receipt",
    ),
    "file gone": (lambda h: landed(h, "DimUser")[1].unlink(), "which does not exist"),
    "file cut": (lambda h: landed(h, "DimUser")[1].write_bytes(b"PAR1"), "cannot be read"),
    "row gone": (lambda h: rewrite(landed(h, "DimUser")[1], lambda t: t.slice(1)), "holds 5 rows"),
    "row doubled": (
        lambda h: rewrite(landed(h, "DimUser")[1], lambda t: pa.concat_tables([t, t])),
        "duplicate changes",
    ),
    "value altered": (lambda h: rewrite(landed(h, "DimUser")[1], renamed), "its hash differs"),
    "column gone": (
        lambda h: rewrite(landed(h, "DimUser")[1], lambda t: t.drop_columns(["_seqval"])),
        "lacks the column _seqval",
    ),
    "file swapped": (
        lambda h: shutil.copyfile(landed(h, "DimUser")[2], landed(h, "DimUser")[1]),
        "checksums differ",
    ),
    "file too many": (
        lambda h: shutil.copyfile(
            landed(h, "DimUser")[1], landed(h, "DimUser")[1].with_name("0x1.parquet")
        ),
        "0x1.parquet has no receipt",
    ),
    "watermark back": (lambda h: watermark(h).write_text(f'{{"lsn": "{FIRST}"}}'), "watermark is"),
    "watermark gone": (lambda h: watermark(h).unlink(), "watermark is missing"),
    "watermark damaged": (lambda h: watermark(h).write_text(""), "according to the receipts it is"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found(home: Home, what: str) -> None:
    tamper, reported = TAMPERED[what]
    tamper(home)
    found = proof(home)
    assert any(reported in fault for fault in found.faults), found.faults


def test_missing_receipt_of_an_empty_window_is_no_fault(home: Home) -> None:
    """The receipt of a log that did not advance covers nothing."""
    receipts(home, "empty")[0].unlink()
    assert proof(home).faults == []


def test_run_that_crashed_before_its_watermark_is_a_note(home: Home) -> None:
    last = json.loads(receipts(home, "increment")[-1].read_text())
    before = json.loads(receipts(home, "increment")[-2].read_text())
    watermark(home).write_text(json.dumps({"lsn": before["to_lsn"]}))
    receipts(home, "empty")[0].unlink()
    found = proof(home)
    assert found.faults == [] and last["to_lsn"] == found.last_lsn
    assert any("before it moved the watermark" in note for note in found.notes)


def test_first_load_that_crashed_is_a_note(home: Home) -> None:
    shutil.rmtree(home.lake / "control")
    for file in landed(home, "DimUser")[1:]:
        file.unlink()
    found = proof(home)
    assert found.faults == [] and "the first load is unfinished" in found.notes[0]


def test_command_line_prints_a_line_per_table_and_fails(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDALLION_HOME", str(home.root))
    good = CliRunner().invoke(app, ["receipts", "verify"])
    assert good.exit_code == 0 and good.output.count("\n") == 1, good.output
    assert good.output.startswith("dbo.DimUser: proven; 5 windows 0x")
    alter(receipts(home, "increment")[1], rows_written=7)
    bad = CliRunner().invoke(app, ["receipts", "verify", "--lake", str(home.lake)])
    assert bad.exit_code == 1 and "FAULT" in bad.output


def test_lake_in_which_nothing_landed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MedallionError, match="Nothing has landed"):
        prove(tmp_path)
