"""`medallion source …`: create, query and change the source database."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from medallion.console import out
from medallion.errors import MedallionError
from medallion.home import home

app = typer.Typer(no_args_is_help=True)
At = Annotated[
    str | None,
    typer.Option(help="Commit at this ISO time (UTC), not now; must not precede the last commit."),
]
FromCsv = Annotated[
    Path | None, typer.Option("--from-csv", help="A folder with one CSV file per table.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Reject a file in which several rows share a key.")
]


@app.command()
def init(
    from_csv: FromCsv = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Generate the data; equal seeds give equal data.")
    ] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Only the tables of sql/azure_sql/, without rows.")
    ] = False,
    users: Annotated[int, typer.Option(min=1, help="Users to generate.")] = 500,
    streams_per_day: Annotated[int, typer.Option(min=1, help="Plays per generated day.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the generated data.")] = 0,
    days: Annotated[int, typer.Option(min=1, help="Days of generated plays.")] = 10,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing database.")] = False,
    strict: Strict = False,
) -> None:
    """Create the source database: tables, rows, then change data capture.

    If several rows of a file share a key, the last one is loaded.
    """
    from medallion_local.azure_sql import load
    from medallion_local.generator.generate import SAMPLE, init_generated

    if [from_csv is not None, generate, empty].count(True) != 1:
        raise MedallionError("add one of --from-csv DIR, --generate or --empty")
    path = home().source_database
    if empty:
        load.init_empty(path, force)
    elif from_csv is not None:
        load.init_from_csv(path, from_csv, force, strict, _print_repeated, SAMPLE)
    else:
        init_generated(path, users, streams_per_day, seed, days, force)
    status()


@app.command()
def simulate(
    days: Annotated[int, typer.Option(min=1, help="Days to simulate.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the simulated changes.")] = 0,
    streams_per_day: Annotated[
        int | None, typer.Option(min=1, help="New plays per day; by default 2 % of the plays.")
    ] = None,
) -> None:
    """Simulate days: people join, change plans, play tracks; rows are corrected and deleted."""
    from medallion_local.azure_sql.database import SourceDatabase
    from medallion_local.generator.simulate import simulate as run

    counted = run(home().source_database, days, seed, streams_per_day)
    for number, counts in enumerate(counted, start=1):
        _print_counts(counts, f"day {number} of {days}")
    last = SourceDatabase.open(home().source_database).last_commit()
    out.print(f"last commit {last} UTC")


@app.command()
def apply(
    from_csv: Annotated[
        Path, typer.Option("--from-csv", help="A folder with CSV files named after the tables.")
    ],
    at: At = None,
    strict: Strict = False,
) -> None:
    """Upsert rows from CSV files by their keys, all files in one transaction.

    Rows are applied in the order of the file. If several rows share a key, the last one wins and
    each is captured as a change. A row that equals the existing row changes nothing.
    """
    from medallion_local.azure_sql.load import apply_csv

    counts = apply_csv(home().source_database, from_csv, _moment(at), strict)
    _print_counts(counts, "applied")
    for table, kinds in counts.items():
        if kinds["repeated"]:
            _print_repeated(table, kinds["repeated"])


@app.command()
def sql(
    text: Annotated[
        str | None, typer.Argument(help="T-SQL: a SELECT, or statements that change rows.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-i", help="Read the T-SQL from a script.")
    ] = None,
    at: At = None,
) -> None:
    """Run T-SQL, and print the rows of each SELECT; changes are captured as on Azure SQL."""
    from medallion_local.azure_sql.database import SourceDatabase, query_in

    if (text is None) == (file is None):
        raise MedallionError("Give either T-SQL or a script with --file.")
    if file is not None:
        text = _script(file)
    assert text is not None
    source = SourceDatabase.open(home().source_database)
    if query_in(text):
        _print_rows(source.query(text))
    else:
        affected = source.execute(text, _moment(at), show=_print_rows)
        out.print(f"({affected} row{'' if affected == 1 else 's'} affected)")


@app.command()
def status() -> None:
    """Show each table's rows and recorded changes."""
    from rich.table import Table

    from medallion_local.azure_sql.database import SourceDatabase

    grid = Table("table", title="source database")
    for name in ("rows", "changes", "since LSN"):
        grid.add_column(name, justify="right")
    source = SourceDatabase.open(home().source_database)
    for row in source.overview():
        grid.add_row(row.table, f"{row.rows:,}", f"{row.changes:,}", row.min_lsn)
    out.print(grid)
    out.print(f"last commit {source.last_commit()} UTC, in {source.path}")


def _script(file: Path) -> str:
    """The text of a T-SQL script. Raises `MedallionError` when it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MedallionError(f"The script {file} cannot be read: {error}.") from None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise MedallionError(
            f"--at takes an ISO time such as 2025-10-09T12:00:00, not {text!r}"
        ) from None


def _print_counts(counts: dict[str, dict[str, int]], title: str) -> None:
    from rich.table import Table

    grid = Table(title=title)
    grid.add_column("table", min_width=10)
    for name in ("inserted", "updated", "deleted"):
        grid.add_column(name, justify="right", min_width=8)
    for table, kinds in counts.items():
        grid.add_row(table, *(f"{kinds[k]:,}" for k in ("inserted", "updated", "deleted")))
    out.print(grid)


def _print_repeated(table: str, keys: int) -> None:
    several = "key is" if keys == 1 else "keys are"
    out.print(f"{table}: {keys:,} {several} repeated in the file; the last row of each wins.")


def _print_rows(reader: "object", limit: int = 1000) -> None:
    from rich.markup import escape
    from rich.table import Table

    grid = Table(*(escape(name) for name in reader.schema.names))  # type: ignore[attr-defined]
    shown, total = 0, 0
    for batch in reader:  # type: ignore[attr-defined]
        total += batch.num_rows
        for row in batch.slice(0, max(0, limit - shown)).to_pylist():
            grid.add_row(*(escape(_shown(value)) for value in row.values()))
            shown += 1
    out.print(grid)
    out.print(f"({total} rows{f', the first {limit} shown' if total > limit else ''})")


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex().upper()
    return "NULL" if value is None else str(value)
