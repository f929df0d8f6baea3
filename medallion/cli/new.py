"""`medallion new …`: a project of your own, or a table of the source in the project."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medallion.console import err, out
from medallion.home import PROJECT_ROOT, home
from medallion.laptop import laptop
from medallion.lock import single_run

if TYPE_CHECKING:
    from medallion.scaffold.catalogue import SourceTable
    from medallion.scaffold.new_table import Options, Proposal

app = typer.Typer(no_args_is_help=True)


@app.command("project")
def project(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or new.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the dbt project; by default from the folder.")
    ] = None,
) -> None:
    """Create a project without the sample domain: everything except the tables and the marts.

    The project uses the installed tool. All files are written, or none.
    """
    from medallion.scaffold.new_project import make_project  # jinja is slow to import

    files = make_project(folder, name)
    _say(f"wrote {len(files)} files to {folder}")
    _say(f"Next: cd {folder}, and follow README.md.")


@app.command("table")
def table(
    name: Annotated[str, typer.Argument(help="schema.table, such as dbo.Product.")],
    catalogue: Annotated[
        Path | None,
        typer.Option(help="Output of sql/azure_sql/catalogue.sql; by default the local source."),
    ] = None,
    is_fact: Annotated[
        bool, typer.Option("--fact", help="The last state of each row, instead of its versions.")
    ] = False,
    track: Annotated[
        str | None,
        typer.Option(help="Columns whose change opens a version, comma-separated; by default all."),
    ] = None,
    entity: Annotated[
        str | None, typer.Option("--name", help="Name of the entity; by default from the table.")
    ] = None,
    enable_cdc: Annotated[
        bool, typer.Option("--enable-cdc", help="Accept a table without change data capture.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the changes of a table that the project has.")
    ] = False,
) -> None:
    """Generate what a source table needs: scripts, pipeline entry, models, contracts and tests.

    The columns, types and keys are those of the source. For a table that the project has, the
    command shows what the source's changes mean for the files, and --apply writes it. All files are
    written, or none.
    """
    from medallion.scaffold import workspace  # jinja and Data Factory's check are slow to import
    from medallion.scaffold.catalogue import read_catalogue, read_catalogue_file
    from medallion.scaffold.new_table import Options

    tracked = None if track is None else [one.strip() for one in track.split(",") if one.strip()]
    options = Options(entity, is_fact, tracked, enable_cdc)
    # A second run would take the journal of the first one for that of an interrupted one.
    with single_run(PROJECT_ROOT / workspace.JOURNAL / "run.lock", "run of `medallion new`"):
        if restored := workspace.recover(PROJECT_ROOT):
            err.print(
                f"notice: undid an interrupted run, which had begun to write {len(restored)} files"
            )
        found = (
            read_catalogue(laptop().catalogue(home()), "the local source")
            if catalogue is None
            else read_catalogue_file(catalogue)
        )
        _propose(found, name, options, apply)


def _propose(tables: "Sequence[SourceTable]", name: str, options: "Options", apply: bool) -> None:
    """Write the files of a new table; show or write those of a changed one."""
    from medallion.scaffold import workspace
    from medallion.scaffold.new_table import propose

    proposal = propose(PROJECT_ROOT, tables, name, options)
    for notice in proposal.notices:
        err.print(f"notice: {notice}", markup=False, soft_wrap=True)
    if not proposal.changes:
        _say(f"{proposal.plan.source.full_name} has not changed.")
        return
    if not (proposal.is_new or apply):
        for one in proposal.changes:
            _say(one.diff())
        _say(f"{len(proposal.changes)} files would change: --apply writes them.")
        return
    workspace.write(PROJECT_ROOT, proposal.changes)
    for one in proposal.changes:
        _say(f"{'wrote' if one.before is None else 'changed'} {one.path}")
    for line in (_after_adding if proposal.is_new else _after_changing)(proposal):
        _say(line)


def _after_adding(proposal: "Proposal") -> list[str]:
    """The next steps of a new table."""
    plan, lines = proposal.plan, ["", "Next:"]
    if proposal.enables_cdc:
        lines.append("- run sql/azure_sql/03_enable_cdc_tables.sql in the source")
    lines += [
        "- run sql/azure_sql/04_reader_role.sql in the source, which lets Data Factory read it",
        f"- medallion ingest, then dbt build --select control__receipts+ {plan.bronze}+",
    ]
    if plan.undescribed:
        lines.append(
            f"- write what these columns mean, in {plan.bronze}.yml, {plan.staged}.yml, "
            f"{plan.published}.yml and _sources.yml: {', '.join(plan.undescribed)}"
        )
    lines.append("- mark personal data, and write the rules of the table (docs/rules.md)")
    return lines


def _after_changing(proposal: "Proposal") -> list[str]:
    """The next steps of a changed table."""
    plan = proposal.plan
    return [
        "",
        "Next: medallion ingest, then dbt build --full-refresh --select "
        f"{plan.bronze} {plan.staged} {plan.published}, because the contract changed. "
        "Bronze keeps its rows.",
    ]


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True, highlight=False)
