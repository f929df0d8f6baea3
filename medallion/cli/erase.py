"""`medallion erase`: erase a person from the lakehouse, and prove it."""

from typing import TYPE_CHECKING, Annotated

import typer

from medallion.console import out, steps
from medallion.erasure.forms import SHORTEST
from medallion.errors import MedallionError
from medallion.home import home
from medallion.ingestion import targets

if TYPE_CHECKING:
    from medallion.erasure.run import Plan, Report


def erase(
    user: Annotated[int, typer.Option(help="The key of the person, such as the user_id 42.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase. Without it the plan is shown, nothing changes.")
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why, for the record; without personal data.")
    ] = "request of the person",
    target: Annotated[
        str, typer.Option(help="Only local: Azure is not supported, see the runbook.")
    ] = targets.LOCAL,
) -> None:
    """Erase a person: tables, landed files, receipts, old files of Delta and its logs.

    In the columns with the tag pii, numbered texts replace the values. No row is removed, and every
    count stays. Then every file of the home is searched for the person's values, except the source
    database, whose owner must erase the person first. The record is in the lake's container
    control. Exit 1 if a value is still found. After an interruption, run it again. Do not run it
    during a build.
    """
    if target != targets.LOCAL:
        raise MedallionError(
            f"`medallion erase` cannot erase in {target}: Azure keeps old entries of Delta's log, "
            "soft-deleted files and Auto Loader's list of files, which no statement of the SQL "
            "warehouse changes. Follow docs/runbooks/erasure.md."
        )
    from medallion.erasure.run import erasure  # slow to import

    with erasure(home(), user) as one:
        if one.is_done:
            _say(f"Nothing is left to erase of {user}: every value is already replaced.")
            return
        plan = one.plan()
        if not yes:
            _show_plan(plan, user)
            return
        with steps() as show:
            report = one.run(reason, show)
        record = one.record
    _show_report(report, str(record))
    if not report.is_clean:
        raise typer.Exit(1)


def _show_plan(plan: "Plan", user: int) -> None:
    begun = "Continuing the unfinished erasure" if plan.unfinished else "Erasing"
    _say(f"{begun} of the {plan.entity} {user} would replace {_count(plan.values, 'value')}:")
    for table, count in plan.tables.items():
        _say(f"  {table}: {_count(count, 'row')} of the {plan.entity}")
    for table in plan.rebuilt:
        _say(f"  {table}: rebuilt, because it keeps landed rows of the {plan.entity}")
    for file in plan.files:
        _say(f"  {file}: rewritten, with its receipt")
    _say("It would then remove old files and log entries of Delta, so time travel ends there.")
    _say("Nothing has changed: add --yes to erase. This cannot be undone.")


def _show_report(report: "Report", record: str) -> None:
    for table, count in report.tables.items():
        _say(f"{table}: {_count(count, 'row')} changed")
    for table in report.rebuilt:
        _say(f"{table}: rebuilt")
    _say(f"landed files: {_count(len(report.files), 'file')} rewritten, with their receipts")
    for table, gone in report.purged.items():
        files, entries = gone["files"], gone["log_entries"]
        removed = f"{_count(files, 'old file')} and {_count(entries, 'log file')}"
        _say(f"{table}: {removed} removed")
    found = report.search
    _say(
        f"searched {_count(found['files'], 'file')} ({found['bytes']:,} bytes) for "
        f"{_count(report.values, 'value')}; forms: {report.forms}"
    )
    if report.short_values:
        _say(
            f"{_count(report.short_values, 'value')} of fewer than {SHORTEST} characters: searched "
            "for only as whole texts in tables"
        )
    if found["shared"]:
        names = ", ".join(found["shared"])
        _say(f"only of other persons with an equal value: {names}")
    if found["other"]:
        _say(f"in tables of other entities: {', '.join(found['other'])}")
    for file, place in found["left"].items():
        _say(f"LEFT: {file}, {place}")
    for file in found["unread"]:
        _say(f"NOT SEARCHED: {file}, a database or a damaged file")
    _say("The source database was not searched: its owner erases the person there.")
    _say(f"record: {record}")
    if report.is_clean:
        _say("No value of the person was found.")
    else:
        _say("Remove what is left, and run the command again.")


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
