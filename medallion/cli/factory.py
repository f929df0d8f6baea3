"""`medallion ingest`, and checks of the Data Factory files and of their local engine."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from medallion.cli import azure
from medallion.cli.console import err, out
from medallion.errors import MedallionError
from medallion.home import home
from medallion.ingestion import IngestResult
from medallion.local.factory.events import Event, Listener
from medallion.local.factory.files import ADF_FOLDER, FactoryFiles
from medallion.receipts import Receipt

if TYPE_CHECKING:
    from medallion.local.factory.savings import Day, Size

app = typer.Typer(no_args_is_help=True)

INTERRUPTED = 130  # a shell reports this status for a command that Ctrl-C ended


@app.command("eval")
def evaluate(
    file: Annotated[Path, typer.Option("--cases", help="JSON: a context and expected answers.")],
) -> None:
    """Evaluate recorded expressions and list each answer that differs from the recorded one."""
    from medallion.local.factory import cases  # the engine is slow to import

    loaded = cases.load(file)
    differing = cases.disagreements(loaded)
    for line in differing:
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"{len(loaded['cases'])} expressions, {len(differing)} differences")
    if differing:
        raise typer.Exit(1)


@app.command("check")
def check_files(
    folder: Annotated[Path, typer.Argument(help="A folder in git layout.")] = ADF_FOLDER,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
) -> None:
    """List what the Data Factory service would reject in the files, and secrets in them.

    One line per fault: the file, the JSON path, the problem and the fix. Warnings are listed too;
    they make the command fail only with --strict.
    """
    from medallion.local.factory.check import check

    found = check(folder)
    for one in found:
        out.print(str(one), markup=False, soft_wrap=True)
    faults = sum(not one.warning for one in found)
    out.print(f"{folder}: {faults} faults, {len(found) - faults} warnings", soft_wrap=True)
    if faults or (strict and found):
        raise typer.Exit(1)


@app.command("arm")
def arm_template(
    folder: Annotated[Path, typer.Argument(help="A folder in git layout.")] = ADF_FOLDER,
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when the files are out of date.")
    ] = False,
) -> None:
    """Write the ARM template that deploys the files, and its parameters, to arm/ in the folder."""
    from medallion.local.factory import arm

    if only_check:
        if found := arm.stale(folder):
            names = " and ".join(str(file) for file in found)
            raise MedallionError(f"{names}: out of date; run `medallion factory arm`.")
        return
    for file in arm.write(folder):
        out.print(f"wrote {file}", markup=False, soft_wrap=True)


@app.command("tsql")
def tsql_texts(
    to: Annotated[Path, typer.Argument(help="The output folder; its content is deleted first.")],
    folder: Annotated[Path, typer.Option("--adf", help="A folder in git layout.")] = ADF_FOLDER,
) -> None:
    """Run the pipelines in all their modes, and write each T-SQL text that they send."""
    from medallion.local.factory import tsql

    written = tsql.write_sent(FactoryFiles(folder), to)
    out.print(f"wrote {len(written)} texts to {to}", markup=False, soft_wrap=True)


@app.command("run")
def run_here(
    pipeline: Annotated[str, typer.Argument(help="A pipeline's name.")] = "pl_ingest_and_build",
    folder: Annotated[
        Path, typer.Option("--adf", help="Another factory in git layout, with a folder pipeline/.")
    ] = ADF_FOLDER,
    parameter: Annotated[
        list[str] | None, typer.Option(help="name=value; JSON unless the type is String.")
    ] = None,
    parameters: Annotated[
        str | None, typer.Option(help="All parameters: a JSON object, or a file that contains one.")
    ] = None,
    global_parameter: Annotated[
        list[str] | None, typer.Option(help="name=value (JSON); overrides the factory's own value.")
    ] = None,
    linked_service: Annotated[
        list[str] | None,
        typer.Option(
            help="name=place: the local replacement of another factory's linked service. A place "
            "is the file of a source database, a folder with one folder per container, or an "
            "address."
        ),
    ] = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Web activities of another factory may use the network."),
    ] = False,
    longest_wait: Annotated[
        float | None, typer.Option(min=0, help="Limit waits of another factory to these seconds.")
    ] = None,
) -> None:
    """Run a pipeline on this machine; it calls `dbt build` in place of the Databricks job.

    Run `medallion up` before a pipeline that builds. With --adf the pipeline belongs to another
    factory and its control flow runs as in Azure. A linked service without a local place, or an
    activity that only Azure can run, fails with its name when it is reached. Exit 1 when the run
    fails, and 130 when it is interrupted.
    """
    from medallion.local.factory import elsewhere
    from medallion.local.factory.run import run

    here, files = home(), FactoryFiles(folder)
    elsewhere.check_folder(files)
    values = elsewhere.arguments(files, pipeline, parameter or [], parameters)
    own = folder.resolve() == ADF_FOLDER.resolve()
    if own:
        if global_parameter or linked_service or online or longest_wait is not None:
            raise MedallionError(
                "--global-parameter, --linked-service, --online and --longest-wait are only for "
                "another factory; add --adf."
            )
        with Watch() as watch:
            log = here.root / "logs" / "build.jsonl"
            status, error = run(here, pipeline, log, watch.tell, values)
    else:
        status, error = _run_elsewhere(
            files,
            pipeline,
            values,
            elsewhere.globals_of(global_parameter or []),
            elsewhere.pairs("--linked-service", linked_service or []),
            online,
            longest_wait,
        )
    if error:
        raise MedallionError(f"{pipeline} failed: {error}")
    out.print(f"{pipeline}: {status}", markup=False, soft_wrap=True)


def _run_elsewhere(
    files: FactoryFiles,
    pipeline: str,
    values: dict[str, Any],
    global_parameters: dict[str, Any],
    places: dict[str, str],
    online: bool,
    longest_wait: float | None,
) -> tuple[str, str | None]:
    """Run another factory's pipeline, and always print its activities as a tree."""
    from medallion.cli.run_tree import RunTree
    from medallion.local.factory import elsewhere

    tree, began = RunTree(), time.monotonic()
    status = "Cancelled"
    try:
        with err.status(f"{pipeline} runs"):
            record = elsewhere.run_elsewhere(
                home(),
                files,
                pipeline,
                values,
                tree.tell,
                global_parameters,
                places,
                online,
                math.inf if longest_wait is None else longest_wait,
            ).record
        status = record.status
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if tree.counts():
            title = f"{pipeline} {status} in {time.monotonic() - began:.1f} s"
            out.print(tree.shown(title))
    if record.error:
        return status, record.error["message"]
    # A pipeline that handles the failure succeeds, but took another path than in Azure.
    refused = next((one for one in tree.refusals() if status == "Succeeded"), None)
    return status, refused and f"{refused} The pipeline continued as if the activity had failed."


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
            help="Backfill the remaining changes of days that the source has partly cleaned up.",
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
    ] = azure.LOCAL,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="In Azure: wait for the end of the run.")
    ] = True,
) -> None:
    """Run the ingestion pipelines under adf/: source changes and reference files to bronze.

    With --from and --to the changes of those days land again, and no watermark moves. If the source
    no longer holds all changes of these days, the run fails and names the time since when it does.
    After a crash the next run lands the missing data. In Azure the run continues when this command
    ends.
    """
    from medallion.local.factory import crash, run
    from medallion.local.factory.savings import by_day, full_reload

    here, files = home(), FactoryFiles()
    if azure.is_remote(target, crash_before or crash_after, wait):
        arguments = run.asked(files, table, from_date, to_date, allow_partial)
        with Watch() as watch:
            remote = azure.ingest(arguments, wait, watch.show)
        if remote:
            show(remote, {})
            azure.check(remote)
        return
    with Watch() as watch:
        listener: Listener = watch.tell
        for named, after in ((crash_before, False), (crash_after, True)):
            if named is not None:
                listener = crash.dying_at(crash.boundary(files, named, after), listener)
        result = run.ingest(here, table, from_date, to_date, listener, allow_partial=allow_partial)
    for notice in result.notices:
        err.print(f"notice: {notice}", markup=False, soft_wrap=True)
    if result.receipts or result.references:
        full = full_reload(here)
        show(result, full, by_day(here, result.receipts, full))
    if result.status != "Succeeded":
        record = here.factory / "runs" / f"{result.run_id}.json"
        raise MedallionError(f"The ingestion failed: {result.error} The run's record is {record}.")


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

    def tell(self, event: Event) -> None:
        """Process an event of the engine."""
        subject = event.parameters.get("table") or event.parameters.get("reference")
        if not isinstance(subject, dict):
            return
        last = ("If it was a pinned one", "If the state is new")
        ended = event.activity in last and event.status != "InProgress"
        name = str(subject.get("table") or subject["name"])
        self.show(name, f"{event.activity} {event.status}", ended)

    def show(self, name: str, doing: str, ended: bool) -> None:
        """Show the current activity of a table or reference file."""
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=1)
        self.progress.update(
            self.tasks[name], description=f"{name}: {doing}", completed=1 if ended else 0
        )


def show(result: IngestResult, full: dict[str, "Size"], days: Sequence["Day"] = ()) -> None:
    """Print the landed data next to a full reload, and each day's share if there are several."""
    from medallion.local.factory.savings import Size

    title = f"Run {result.run_id}: {result.status} in {result.seconds:.1f} s"
    shown = _table(title, ("table", "mode", "window"), ("rows", "in full", "bytes", "in full"))
    for one in result.receipts:
        landed = Size(one.rows_written, one.bytes)
        shown.add_row(one.table, one.mode, _window(one), *_compared(landed, full.get(one.table)))
    for reference in result.references:
        mode = "file" if reference.file else "unchanged"
        shown.add_row(reference.name, mode, "", "", "", f"{reference.bytes:,}", "")
    out.print(shown)
    if len({one.day for one in days}) > 1:
        out.print(_days(days))
    tables = {one.table for one in result.receipts}
    whole = sum((size for table, size in full.items() if table in tables), Size(0, 0))
    if whole.bytes:
        out.print(
            f"Landed {result.rows:,} rows in {result.bytes:,} bytes: "
            f"{result.rows / whole.rows:.1%} of the {whole.rows:,} rows and "
            f"{result.bytes / whole.bytes:.1%} of the {whole.bytes:,} bytes of a full reload "
            "(rows in the source now × bytes per row of each table's first load)."
        )


def _days(days: Sequence["Day"]) -> Table:
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


def _compared(landed: "Size", full: "Size | None") -> list[str]:
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
