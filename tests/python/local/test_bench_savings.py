"""The savings of change data capture: the sweep over churns, its proof, and `ingest`'s report."""

import datetime as dt
import importlib.util
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from medallion.cli import app
from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.bench import churn, lossless, picture, sweep
from medallion_local.bench.measured import Measured, measure
from medallion_local.data_factory import run, savings
from medallion_local.generator.generate import init_generated
from support.landing_oracle import history
from support.source_home import change, make

PNG = b"\x89PNG\r\n\x1a\n"
SMALL = ["--churn-streams=3000", "--days=5", "--transactions=4", "--no-hardest"]


def bench(*arguments: str, docs: Path):
    return CliRunner().invoke(
        app, ["bench", "--only=savings", *SMALL, f"--docs={docs}", *arguments]
    )


def in_process(step: str, command: list[str], folder: Path) -> Measured:
    """The same as `measure`, without the seconds that a process needs to start."""
    assert command == ["medallion", "ingest"]
    result = run.ingest(Home(folder))
    assert result.status == "Succeeded"
    return Measured(step, result.seconds, 1)


@pytest.fixture(scope="module")
def swept() -> sweep.Sweep:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sweep, "measure", in_process)
        return sweep.sweep(sweep.Source(3000, 300, 5, 1, 4), [0.01, 0.2], hardest=False)


def test_a_command_is_measured_and_a_failing_one_is_reported(tmp_path: Path) -> None:
    measured = measure("nothing", ["medallion", "--help"], tmp_path)
    assert measured.seconds > 0 and measured.peak_bytes > 0
    with pytest.raises(MedallionError, match=r"(?s)`medallion ingest` failed.*source init"):
        measure("nothing there", ["medallion", "ingest"], tmp_path)


def test_sweep_saves_less_the_more_changes_and_loses_nothing(swept: sweep.Sweep) -> None:
    little, much = swept.points
    assert swept.rows == 3000 + 3 * 300 + 365
    for point in swept.points:
        assert point.compared.committed == point.compared.landed == point.landed.rows
        assert point.landed.rows == point.churned.rows + point.churned.updated
        grown = point.churned.inserted - point.churned.deleted
        assert point.full.rows == point.bare.rows == swept.rows + grown
        assert point.churned.rows == pytest.approx(point.share * swept.rows, abs=3)
        assert point.landed.bytes < point.bare.bytes < point.full.bytes
        assert min(point.ingest.seconds, point.reload.seconds) > 0
    assert little.landed.rows / little.full.rows < 0.02 < much.landed.rows / much.full.rows
    assert little.landed.bytes / little.full.bytes < much.landed.bytes / much.full.bytes


def test_curve_is_a_png_and_the_same_each_time(swept: sweep.Sweep, tmp_path: Path) -> None:
    first, second = tmp_path / "1.png", tmp_path / "2.png"
    picture.draw(swept, 98.0, first)
    picture.draw(swept, 98.0, second)
    drawn = first.read_bytes()
    assert drawn == second.read_bytes()
    assert drawn.startswith(PNG) and 10_000 < len(drawn) < 300_000
    width, height = (int.from_bytes(drawn[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (960, 576)
    assert b"Software" not in drawn and b"tIME" not in drawn


def test_command_writes_the_page_and_the_curve(
    swept: sweep.Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(source: sweep.Source, shares: list[float], hardest: bool) -> sweep.Sweep:
        assert (source, shares, hardest) == (swept.source, [0.01, 0.2], False)
        return swept

    monkeypatch.setattr(sweep, "sweep", measured)
    done = bench("--churn=20,1", docs=tmp_path / "docs")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "docs" / "savings.md").read_text()
    assert (tmp_path / "docs" / "savings.png").read_bytes().startswith(PNG)
    [row] = [line for line in page.splitlines() if line.startswith("| 20 % |")]
    changed, landed = (int(cell.replace(",", "")) for cell in row.split(" | ")[1:3])
    assert f"; 20 % in 4 transactions: {landed:,} changes = {landed:,} landed." in page
    assert changed < landed < 2 * changed
    assert "4,265 rows in five tables" in page and "cores" in page
    assert f"{landed:,} changes = {landed:,} landed" in done.output


def test_a_broken_file_fails_the_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare = lossless.compare

    def after_damage(home: Home, receipts: list) -> lossless.Compared:
        file = home.lake / next(one.file for one in receipts if one.table == "dbo.DimUser")
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        return compare(home, receipts)

    monkeypatch.setattr(sweep, "measure", in_process)
    monkeypatch.setattr(lossless, "compare", after_damage)
    done = bench("--churn=5", docs=tmp_path / "docs")
    assert done.exit_code == 1
    assert isinstance(done.exception, MedallionError)
    assert "the proof failed" in str(done.exception) and "dbo.DimUser" in str(done.exception)
    assert not (tmp_path / "docs").exists()


def test_history_supplies_what_receipts_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(tmp_path)
    assert run.ingest(home).status == "Succeeded"
    change(home, "UPDATE dbo.DimUser SET country = N'Peru' WHERE user_id = 1", "2025-01-03")
    receipts = run.ingest(home).receipts
    assert lossless.compare(home, receipts) == lossless.Compared(2, 2)
    monkeypatch.setattr(lossless, "prove", lambda lake: [])
    [file] = [home.lake / one.file for one in receipts if one.file]
    rows = duckdb.from_arrow(pq.read_table(file))
    lies = {
        "* REPLACE (7 - _operation AS _operation)": "2 changes are missing, and 2 were",
        "* REPLACE (CASE _operation WHEN 4 THEN 'Chile' ELSE country END AS country)": "1 changes",
        "DISTINCT ON (user_id) *": "1 changes are missing, and 0 were never committed",
    }
    for lie, reported in lies.items():
        lying = rows.query("landed", f"SELECT {lie} FROM landed").to_arrow_table()
        pq.write_table(lying, file)
        with pytest.raises(MedallionError, match=f"DimUser: {reported}"):
            lossless.compare(home, receipts)


def test_churn_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    tables = ("DimUser", "DimArtist", "DimTrack", "DimDate", "FactStream")
    reported = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        home = Home(tmp_path / name)
        init_generated(home.source_database, 100, 100, 1, 5)
        churned = churn.change(home.source_database, 0.1, seed, 6)
        reported.append((churned, [history(home, table) for table in tables]))
    assert reported[0] == reported[1] and reported[0][1] != reported[2][1]
    churned = reported[0][0]
    assert churned.updated > churned.inserted > churned.deleted > 0
    keys = [
        (table, next(value for name, value in row.items() if name.endswith(("_id", "_key"))))
        for table, rows in zip(tables, reported[0][1], strict=True)
        for row in rows
        if row["seqval"] and row["operation"] != 3
    ]
    assert len(keys) == len(set(keys)) == churned.rows


@pytest.mark.parametrize("text", ["", "1,x", "0", "60", "nan", "-1"])
def test_an_invalid_churn_is_one_sentence(text: str) -> None:
    done = CliRunner().invoke(app, ["bench", "--only=savings", f"--churn={text}"])
    assert isinstance(done.exception, MedallionError)
    assert "is not a list of percentages" in str(done.exception)


def test_without_matplotlib_the_error_names_make_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["bench", "--only=savings"])
    assert isinstance(done.exception, MedallionError)
    assert "run `make bench`" in str(done.exception)


def test_ingest_reports_rows_and_bytes_by_table_and_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(tmp_path)
    monkeypatch.setenv("MEDALLION_HOME", str(home.root))
    first = CliRunner().invoke(app, ["ingest"])
    assert "By day" not in first.output and "100.0% of the 8 rows" in first.output
    change(home, "DELETE FROM dbo.DimUser WHERE user_id = 2", "2025-01-03")
    change(home, "UPDATE dbo.DimUser SET country = N'Peru' WHERE user_id = 1", "2025-01-04")
    shown = CliRunner().invoke(app, ["ingest"])
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    [table] = [line.split() for line in lines if line.lstrip().startswith("dbo.DimUser")]
    assert table[1] == "increment" and table[-4:-2] == ["3", "2"]
    days = [line.split() for line in lines if line.lstrip().startswith("2025-01-0")]
    assert [day[:4] for day in days] == [
        ["2025-01-03", "dbo.DimUser", "1", "2"],
        ["2025-01-04", "dbo.DimUser", "2", "2"],
    ]
    assert sum(int(day[4].replace(",", "")) for day in days) == int(table[-2].replace(",", ""))
    assert "Landed 3 rows in " in shown.output and ": 42.9% of the 7 rows and " in shown.output
    assert max(map(len, lines)) <= 110


def test_rows_in_full_are_those_at_the_end_of_each_day(tmp_path: Path) -> None:
    home = make(tmp_path)
    run.ingest(home)
    insert = "INSERT INTO dbo.DimArtist (artist_id, artist_name) VALUES ({}, N'New')"
    change(home, insert.format(2), "2025-01-03")
    change(home, insert.format(3), "2025-01-04")
    change(home, "DELETE FROM dbo.DimArtist WHERE artist_id < 3", "2025-01-05")
    result = run.ingest(home)
    full = savings.full_reload(home)
    days = savings.by_day(home, result.receipts, full)
    assert [(one.day.day, one.landed.rows, one.full.rows) for one in days] == [
        (3, 1, 2),
        (4, 1, 3),
        (5, 2, 1),
    ]
    assert full["dbo.DimArtist"].rows == 1
    assert SourceDatabase.open(home.source_database).last_commit() == dt.datetime(2025, 1, 5, 12)
