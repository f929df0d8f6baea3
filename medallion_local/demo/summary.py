"""The tables that the demo prints at its end."""

from rich.table import Table

from medallion.console import out
from medallion_local.demo.story import COUNTED, TABLES, Day, Story

NEXT = """\
The warehouse still runs. Next, you can try:

  . .venv/bin/activate
  medallion source sql "UPDATE dbo.DimUser SET country = N'Chile' WHERE user_id = 1"
  medallion source simulate --days 1 --seed 42
  medallion ingest && dbt build
  dbt run --full-refresh       # rebuilds silver and gold from bronze, with the same rows
  medallion synapse up         # the serverless pool; then medallion synapse sql "SELECT …"
  make docs                    # the docs site, in target/site
  medallion down
"""

OUTCOMES = {  # a line of the reconciliation: its column
    "committed by the source": "committed",
    "  = images before an update": "before_images",
    "  + applied": "applied",
    "  + deletes": "deleted",
    "  + collapsed: no tracked column changed": "collapsed",
    "  + superseded by a later change": "superseded",
    "  + quarantined": "quarantined",
    "delivered again, counted once": "redelivered",
}


def show(story: Story) -> None:
    """Print the demo's tables, the next commands, and the report's path."""
    for table in (
        _rows(story),
        _changes(story),
        _bytes(story),
        _times(story),
        _reconciliation(story),
    ):
        out.print()
        out.print(table)
    out.print()
    out.print(NEXT, markup=False, soft_wrap=True)
    out.print(f"The report: {story.report}", markup=False, soft_wrap=True)


def _table(title: str, *columns: str, text: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < text else "right")
    return table


def _rows(story: Story) -> Table:
    table = _table(
        "Rows after each build", "layer", "table", *(day.name for day in story.days), text=2
    )
    for layer, names in COUNTED.items():
        for name in names:
            counts = [f"{day.rows[f'{layer}.{name}']:,}" for day in story.days]
            table.add_row(layer, name, *counts)
        table.add_section()
    return table


def _changes(story: Story) -> Table:
    table = _table(
        "Changes of each day in the source, and rows in quarantine after it",
        *("day", "table", "inserted", "updated", "deleted", "quarantined"),
        text=2,
    )
    for day in story.days:
        if not day.changes:
            loaded = sum(story.first_rows.values())
            table.add_row(day.name, "all", f"{loaded:,}", "0", "0", f"{_quarantined(day):,}")
        for name in TABLES if day.changes else ():
            kinds = day.changes.get(name, {})
            held = f"{day.rows['quarantine.quarantined_plays']:,}" if name == "FactStream" else ""
            counts = [f"{kinds.get(kind, 0):,}" for kind in ("inserted", "updated", "deleted")]
            table.add_row(day.name if name == TABLES[0] else "", name, *counts, held)
        table.add_section()
    return table


def _quarantined(day: Day) -> int:
    return sum(count for name, count in day.rows.items() if name.startswith("quarantine."))


def _reconciliation(story: Story) -> Table:
    names = [of_table["source_table"] for of_table in story.reconciliation]
    table = _table("Reconciliation: every source row and every change, and its outcome", "", *names)
    for line, kind in OUTCOMES.items():
        table.add_row(line, *(f"{of_table[kind]:,}" for of_table in story.reconciliation))
    table.add_section()
    balances = (
        "[green]yes[/green]" if of_table["balanced"] else "[red]NO[/red]"
        for of_table in story.reconciliation
    )
    table.add_row("balances", *balances)
    return table


def _bytes(story: Story) -> Table:
    table = _table(
        "Landed, against a full reload of every table",
        *("day", "rows landed", "bytes landed", "full reload", "less by"),
    )
    for day in story.days:
        assert day.ingested
        landed, full = day.ingested.bytes, day.full_reload_bytes
        less = f"{1 - landed / full:.1%}" if full else ""
        table.add_row(day.name, f"{day.ingested.rows:,}", f"{landed:,}", f"{full:,}", less)
    return table


def _times(story: Story) -> Table:
    table = _table("Time of each step", "step", "seconds")
    for name, seconds in story.steps:
        table.add_row(name, f"{seconds:.1f}")
    table.add_section()
    table.add_row("all", f"{sum(seconds for _, seconds in story.steps):.1f}")
    return table
