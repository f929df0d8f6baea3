"""Reports the savings: a table on the console, the same in Markdown, and the curve."""

from pathlib import Path

import psutil
from rich import box
from rich.table import Table

from medallion.console import out
from medallion_local.bench import picture
from medallion_local.bench.churn import DELETED, INSERTED, UPDATED
from medallion_local.bench.machine import machine
from medallion_local.bench.measured import GIB
from medallion_local.bench.sweep import PROMISED_AT, Point, Sweep

PROMISED = 98.0  # per cent fewer bytes, at PROMISED_AT
HEADINGS = (
    *("churn", "rows changed", "rows landed", "rows of a reload", "fewer rows"),
    *("bytes landed", "bytes of a reload", "fewer bytes", "than plain tables"),
    *("s", "s of a reload"),
)


def report(swept: Sweep, docs: Path) -> None:
    """Print the savings, and write `savings.md` and `savings.png` to a folder."""
    docs.mkdir(parents=True, exist_ok=True)
    picture.draw(swept, PROMISED, docs / "savings.png")
    (docs / "savings.md").write_text(_markdown(swept), encoding="utf-8")
    out.print(_shown(swept.points))
    for line in (*_verdicts(swept), f"Written: {docs / 'savings.md'}, {docs / 'savings.png'}"):
        out.print(line, markup=False, soft_wrap=True)


def _shown(points: list[Point]) -> Table:
    """The table without the rows changed, so that it fits on a console."""
    title = "A day's ingest against a full reload"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in (HEADINGS[0], *HEADINGS[2:]):
        table.add_column(heading, justify="right")
    for point in points:
        cells = _cells(point)
        table.add_row(cells[0], *cells[2:])
    return table


def _cells(point: Point) -> list[str]:
    return [
        f"{100 * point.share:.4g} %",
        f"{point.churned.rows:,}",
        f"{point.landed.rows:,}",
        f"{point.full.rows:,}",
        _less(point.landed.rows, point.full.rows),
        f"{point.landed.bytes:,}",
        f"{point.full.bytes:,}",
        _less(point.landed.bytes, point.full.bytes),
        _less(point.landed.bytes, point.bare.bytes),
        f"{point.ingest.seconds:.1f}",
        f"{point.reload.seconds:.1f}",
    ]


def _less(landed: int, full: int) -> str:
    return f"{100 * (1 - landed / full):.2f} %"


def _verdicts(swept: Sweep) -> list[str]:
    """The page's conclusions: the promise, the hardest case, the completeness, in sentences."""
    found = []
    for point in swept.points:
        if point.share == PROMISED_AT:
            saved = 100 * (1 - point.landed.bytes / point.full.bytes)
            kept = "kept" if saved >= PROMISED else "NOT kept"
            found.append(
                f"Promise at 1 % churn: at least {PROMISED:.0f} % fewer bytes. Measured: "
                f"{saved:.2f} %, {kept}."
            )
    if (hardest := swept.hardest) is not None:
        landed = hardest.landed.bytes
        found.append(
            f"The hardest case is the same 1 % in {hardest.transactions:,} transactions, about "
            f"one for each row: {_less(landed, hardest.full.bytes)} fewer bytes, "
            f"{_less(landed, hardest.bare.bytes)} fewer than plain tables. Each row then has its "
            "own LSN and its own commit time."
        )
    every = [*swept.points, *([hardest] if hardest else [])]
    found.append(
        "Nothing lost: "
        + "; ".join(
            f"{100 * one.share:.4g} % in {one.transactions:,} transactions: "
            f"{one.compared.committed:,} changes = {one.compared.landed:,} landed"
            for one in every
        )
        + "."
    )
    return found


def _markdown(swept: Sweep) -> str:
    source = swept.source
    rows = [" | ".join(HEADINGS), " | ".join(["--:"] * len(HEADINGS))]
    rows += [" | ".join(_cells(point)) for point in swept.points]
    table = "\n".join(f"| {row} |" for row in rows)
    verdicts = "\n".join(f"- {line}" for line in _verdicts(swept))
    every = [one for point in swept.points for one in (point.ingest, point.reload)]
    peak = max(one.peak_bytes for one in every)
    return f"""\
# Savings from change data capture

`make bench` measured these figures, wrote this page and drew the curve. One day changes the same
share of the rows of every table, and one `medallion ingest` lands the day. A full reload lands
every table whole.

![The share of bytes and rows that a day's ingest saves, by churn](savings.png)

{table}

{verdicts}

How it was measured:

- **The source** held {swept.rows:,} rows in five tables. About
  {source.streams:,} of them are plays of {source.users:,} users, generated with seed {source.seed}.
- **The day** has {source.transactions:,} transactions. Of the rows that it changes,
  {100 * UPDATED:.0f} % get another value in one column, {100 * INSERTED:.0f} % are new and
  {100 * DELETED:.0f} % are deleted. Every churn starts from the same first load.
- **Landed** counts all rows and files of the day, including the images before updates (an update
  lands two rows) and the control columns.
- **A full reload** was run, not estimated: the same pipelines landed the changed source in an
  empty lake. It also has the control columns, because bronze needs them. *Than plain tables*
  compares with the smallest possible reload: only the tables' own columns, with the same
  compression, but in one row group each. The pipelines' files have one row group for each batch
  of rows.
- **Nothing lost** means that `medallion receipts verify` finds no fault, and that the day's landed
  rows equal the source's own history in every column, as multisets. Otherwise the benchmark fails.
- **Small sources save less**, because each file has a footer of about 3 kB, whatever its rows.
- **Seconds** measure the whole command, including its start. The peak memory of one command was
  {peak / GIB:.2f} GiB. The machine's load was {psutil.getloadavg()[2]:.1f} (15 minutes).
- **The machine**: {machine()}
"""
