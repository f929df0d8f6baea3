"""A day of each churn: its landed data, a full reload for comparison, and the proof of no loss."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from medallion.console import out
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.receipts import Receipt, read_receipt
from medallion.ingestion.request import tables
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.bench import lossless
from medallion_local.bench.churn import Churned, change
from medallion_local.bench.measured import Measured, measure
from medallion_local.data_factory.savings import Size
from medallion_local.generator.generate import init_generated

PROMISED_AT = 0.01
LEAST_PLAYS = 100  # the smallest source whose shares are still whole rows


@dataclass(frozen=True)
class Source:
    """The source before the day, and the number of transactions in the day."""

    streams: int
    users: int
    days: int
    seed: int
    transactions: int


@dataclass(frozen=True)
class Point:
    """One churn. `full` is a reload by the same pipelines, `bare` the tables as plain Parquet."""

    share: float
    transactions: int
    churned: Churned
    landed: Size
    full: Size
    bare: Size
    compared: lossless.Compared
    ingest: Measured
    reload: Measured


@dataclass(frozen=True)
class Sweep:
    """The points by rising churn, and the point with as many transactions as rows."""

    source: Source
    rows: int
    points: list[Point]
    hardest: Point | None


def shares(text: str) -> list[float]:
    """Parse a list of percentages into rising shares (0 … 1).

    Raises `MedallionError` for anything that is not a number above 0 and up to 50.
    """
    try:
        found = sorted({float(one) / 100 for one in text.split(",")})
    except ValueError:
        found = []
    if not found or not all(0 < one <= 0.5 for one in found):
        raise MedallionError(
            f"--churn '{text}' is not a list of percentages up to 50; use a form like 0.1,1,5."
        )
    return found


def sweep(source: Source, churns: list[float], hardest: bool) -> Sweep:
    """Measure a day of each churn; every day starts from the same first load."""
    if source.streams < LEAST_PLAYS:
        raise MedallionError(f"--churn-streams {source.streams} is below {LEAST_PLAYS}; raise it.")
    with tempfile.TemporaryDirectory(prefix="medallion-churn-") as folder:
        base = Home(Path(folder) / "base")
        per_day = -(-source.streams // source.days)
        init_generated(base.source_database, source.users, per_day, source.seed, source.days)
        measure("first ingest", ["medallion", "ingest"], base.root)
        rows = sum(one.rows_written for one in _receipts(base).values())
        points = [_point(base, source, one, source.transactions) for one in churns]
        last = None
        if hardest:
            last = _point(base, source, PROMISED_AT, max(1, round(rows * PROMISED_AT)))
    return Sweep(source, rows, points, last)


def _point(base: Home, source: Source, share: float, transactions: int) -> Point:
    out.print(f"churn {100 * share:.4g} % in {transactions:,} transactions …", end=" ")
    home, full = Home(base.root.with_name("day")), Home(base.root.with_name("full"))
    try:
        shutil.copytree(base.root, home.root)
        churned = change(home.source_database, share, source.seed, transactions)
        ingested = measure("day's ingest", ["medallion", "ingest"], home.root)
        before = _receipts(base)
        receipts = [one for file, one in _receipts(home).items() if file not in before]
        compared = lossless.compare(home, receipts)
        full.root.mkdir()
        shutil.copyfile(home.source_database, full.source_database)
        reloaded = measure("full reload", ["medallion", "ingest"], full.root)
        point = Point(
            share,
            transactions,
            churned,
            _size(receipts),
            _size(list(_receipts(full).values())),
            _bare(full),
            compared,
            ingested,
            reloaded,
        )
    finally:
        for one in (home, full):
            shutil.rmtree(one.root, ignore_errors=True)
    out.print(f"nothing lost: {compared.committed:,} changes = {compared.landed:,} landed")
    return point


def _receipts(home: Home) -> dict[str, Receipt]:
    folder = home.lake / "control" / "receipts"
    return {str(one.relative_to(folder)): read_receipt(one) for one in folder.glob("*/*.json")}


def _size(receipts: list[Receipt]) -> Size:
    return Size(sum(one.rows_written for one in receipts), sum(one.bytes for one in receipts))


def _bare(home: Home) -> Size:
    """The plain tables, each in one Parquet file with row groups of the maximum size."""
    source, size = SourceDatabase.open(home.source_database), Size(0, 0)
    file = home.root / "bare.parquet"
    for table in tables():
        columns = ", ".join(f"[{column}]" for column in table["columns"])
        query = f"SELECT {columns} FROM [{table['schema']}].[{table['table']}]"
        with source.query(query) as reader:
            rows = reader.read_all()
        pq.write_table(rows, file, compression="snappy")
        size += Size(rows.num_rows, file.stat().st_size)
    return size
