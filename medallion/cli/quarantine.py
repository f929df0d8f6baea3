"""`medallion quarantine`: the rules, and the rows that violate them now."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from medallion.console import out
from medallion.errors import MedallionError
from medallion.expectations import Rule, read_rules
from medallion.lakehouse import connected
from medallion.quarantine import Counts, Row, broken_rows, counts_of


def quarantine(
    rule: Annotated[str | None, typer.Argument(help="Show rows that violate this rule.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum rows to show per model.")] = 20,
) -> None:
    """List every rule with the number of rows that violate it now, or show one rule's rows."""
    from databricks.sql.exc import ServerOperationError  # slow to import

    found = read_rules()
    chosen = [one for one in found if one.name == rule] if rule else found
    if rule and not chosen:
        raise MedallionError(_unknown(rule, found))
    with connected() as connection:
        try:
            counts = counts_of(connection, chosen)
            shown = {one: broken_rows(connection, one, limit) for one in chosen} if rule else {}
        except ServerOperationError as error:
            if "TABLE_OR_VIEW_NOT_FOUND" not in str(error):
                raise
            missing = str(error).splitlines()[0]
            raise MedallionError(f"A model is not built: run `dbt build` ({missing})") from error
    if not rule:
        out.print(_listed(found, counts))
    for one, broken in shown.items():
        _show(one, broken, counts[one.model, one.name])


def _unknown(name: str, found: Sequence[Rule]) -> str:
    near = get_close_matches(name, [one.name for one in found], n=1, cutoff=0)
    return f"No rule has the name {name}: did you mean {near[0]}? `medallion quarantine` lists all."


def _listed(found: Sequence[Rule], counts: Counts) -> Table:
    table = Table(
        title="Rows that violate a rule now",
        title_justify="left",
        box=box.SIMPLE,
        padding=(0, 1, 0, 0),
    )
    for heading in ("model", "rule", "action"):
        table.add_column(heading, no_wrap=True)
    table.add_column("rows now", justify="right", no_wrap=True)
    last = ""
    for one in found:
        if last and last != one.relation:
            table.add_section()
        model = one.relation if one.relation != last else ""
        table.add_row(model, one.name, one.action, f"{counts[one.model, one.name]:,}")
        last = one.relation
    return table


def _show(rule: Rule, broken: Sequence[Row], count: int) -> None:
    """Print a rule, and its rows one below the other, because they are too wide for a table."""
    state = "in quarantine" if rule.action == "quarantine" else "that violate it"
    noun = "row" if count == 1 else "rows"
    out.print(f"[bold]{rule.relation}: {rule.name}[/bold], {count:,} {noun} {state}")
    out.print(f"{rule.expression}. {rule.why}", markup=False, style="dim", soft_wrap=True)
    for row in broken:
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 1))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in row.items():
            table.add_row(name, escape(_text(value)))
        out.print()
        out.print(table)
    if count > len(broken):
        out.print(f"\n… and {count - len(broken):,} more; --limit shows more.")
    out.print()


def _text(value: object) -> str:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
