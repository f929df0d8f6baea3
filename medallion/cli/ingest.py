"""`medallion ingest`: source changes and reference files to bronze, on the laptop or in Azure."""

from collections.abc import Sequence
from types import TracebackType
from typing import Annotated

import typer
from rich import box
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from medallion.adf.files import FactoryFiles
from medallion.console import err, out
from medallion.entities import unmodelled
from medallion.errors import MedallionError
from medallion.home import home
from medallion.ingestion import targets
from medallion.ingestion.receipts import Receipt
from medallion.ingestion.request import IngestResult, lists_nothing, run_parameters
from medallion.ingestion.savings import Day, Size
from medallion.laptop import laptop


def ingest(
    table: Annotated[str | None, typer.Option(help="Only this table, such as DimUser.")] = None,
    from_date: Annotated[
        str | None, typer.Option("--from", help="Backfill from this day (UTC), such as 2025-01-31.")
    ] = None,
    to_date: Annotated[
        str | None, typer.Option("--to", help="Backfill up to and including this day (UTC).")
    ] = None,
    allow_partial: Annotated[
        bool,
        typer.Option(
            "--allow-partial",
            help="Land the remaining changes of days for which the source no longer has all.",
        ),
    ] = False,
    crash_before: Annotated[
        str | None, typer.Option(help="Crash before this activity (or pipeline/activity) runs.")
    ] = None,
    crash_after: Annotated[
        str | None, typer.Option(help="Crash after this activity, like a worker that loses power.")
    ] = None,
    target: Annotated[
        str, typer.Option(help="local runs here; dev, ci and prod use the Data Factory in Azure.")
    ] = targets.LOCAL,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="In Azure: wait for the end of the run.")
    ] = True,
) -> None:
    """Run the ingestion pipelines under adf/: source changes and reference files to bronze.

    With --from and --to the changes of those days land again, and no watermark moves. If the source
    no longer holds all changes of these days, the run fails and names the earliest time from which
    it has them. After a crash the next run lands the missing data. In Azure the run continues when
    this command ends.
    """
    if targets.is_remote(target, crash_before or crash_after, wait):
        arguments = run_parameters(FactoryFiles(), table, from_date, to_date, allow_partial)
        with Watch() as watch:
            remote = targets.ingest(arguments, wait, _say, watch.show)
        if remote:
            show(remote, {})
            targets.check(remote)
        return
    if lists_nothing():  # not an error: CI builds the base of a project's first pull request
        _say("notice: pl_ingest lists no table yet: run `medallion new table`.")
        return
    here = home()
    with Watch() as watch:
        landed = laptop().ingest(
            here, table, from_date, to_date, allow_partial, crash_before, crash_after, watch.show
        )
    result = landed.result
    for notice in result.notices:
        err.print(f"notice: {notice}", markup=False, soft_wrap=True)
    if result.receipts or result.references:
        show(result, landed.full_reload, landed.days)
    if result.status != "Succeeded":
        record = here.factory / "runs" / f"{result.run_id}.json"
        raise MedallionError(f"The ingestion failed: {result.error} The run's record is {record}.")


def _say(message: str) -> None:
    err.print(message, markup=False, soft_wrap=True)


class Watch:
    """Shows one line per table while its pipeline runs."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"))
        self.progress = Progress(*columns, TimeElapsedColumn(), console=err, transient=True)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Watch":
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def show(self, name: str, doing: str, ended: bool) -> None:
        """Show the current activity of a table or reference file."""
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=1)
        self.progress.update(
            self.tasks[name], description=f"{name}: {doing}", completed=1 if ended else 0
        )


def show(result: IngestResult, full: dict[str, Size], days: Sequence[Day] = ()) -> None:
    """Print the landed data next to a full reload, and each day's share if there are several."""
    title = f"Run {result.run_id}: {result.status} in {result.seconds:.1f} s"
    shown = _table(title, ("table", "mode", "window"), ("rows", "in full", "bytes", "in full"))
    for one in result.receipts:
        landed = Size(one.rows_written, one.bytes)
        shown.add_row(one.table, one.mode, _window(one), *_compared(landed, full.get(one.table)))
    for reference in result.references:
        mode = "file" if reference.file else "unchanged"
        shown.add_row(reference.name, mode, "", "", "", f"{reference.bytes:,}", "")
    out.print(shown)
    for table in unmodelled(one.table for one in result.receipts):
        message = f'{table} landed, but has no bronze model: run `medallion new table "{table}"`.'
        err.print(f"notice: {message}", markup=False, soft_wrap=True)
    if len({one.day for one in days}) > 1:
        out.print(_days(days))
    tables = {one.table for one in result.receipts}
    whole = sum((size for table, size in full.items() if table in tables), Size(0, 0))
    if result.receipts and not result.rows:
        out.print("No rows landed: the source has no changes in these windows.")
    elif whole.bytes:
        out.print(
            f"Landed {result.rows:,} rows in {result.bytes:,} bytes: "
            f"{result.rows / whole.rows:.1%} of the {whole.rows:,} rows and "
            f"{result.bytes / whole.bytes:.1%} of the {whole.bytes:,} bytes of a full reload "
            "(rows in the source now × bytes per row of each table's first load)."
        )


def _days(days: Sequence[Day]) -> Table:
    """Each day's landed data, next to a full reload at its end."""
    shown = _table(
        "By day of commit (UTC), next to a full reload at the end of each day",
        ("day", "table"),
        ("rows", "in full", "bytes", "in full", "less by"),
    )
    for one in sorted(days, key=lambda day: day.day):
        less = f"{1 - one.landed.bytes / one.full.bytes:.1%}" if one.full.bytes else "-"
        shown.add_row(str(one.day), one.table, *_compared(one.landed, one.full), less)
    return shown


def _table(title: str, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    shown = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0), title_justify="left")
    for heading in texts:
        shown.add_column(heading, no_wrap=True)
    for heading in numbers:
        shown.add_column(heading, justify="right", no_wrap=True)
    return shown


def _compared(landed: Size, full: Size | None) -> list[str]:
    """Landed and full row counts, then landed and full bytes."""
    of_rows, of_bytes = (f"{full.rows:,}", f"{full.bytes:,}") if full else ("-", "-")
    return [f"{landed.rows:,}", of_rows, f"{landed.bytes:,}", of_bytes]


def _window(receipt: Receipt) -> str:
    if receipt.mode == "backfill":
        return f"{receipt.from_date} … {receipt.to_date}"
    if receipt.from_lsn == receipt.to_lsn:
        return f"at {_short(receipt.to_lsn)}"
    if receipt.from_lsn > receipt.to_lsn:
        return f"after {_short(receipt.to_lsn)}"
    return f"{_short(receipt.from_lsn)} … {_short(receipt.to_lsn)}"


def _short(lsn: str) -> str:
    """An LSN as SQL Server's log shows it, `file:block:slot`, without the leading zeros."""
    return ":".join(part.lstrip("0") or "0" for part in (lsn[2:10], lsn[10:18], lsn[18:22]))
