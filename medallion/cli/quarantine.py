"""`medallion quarantine` and `medallion rules`: the rules, and the rows that violate them now."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from medallion.cli.console import out
from medallion.errors import MedallionError
from medallion.lakehouse import connected, rows
from medallion.rules import PAGE, Rule, is_stale, page, read_rules

if TYPE_CHECKING:
    from databricks.sql.client import Connection

Row = dict[str, Any]
KEPT_OUT = " union all ".join(
    "select bronze_model, landed_row, _run_id, _file, _first_seen_at, _quarantine_reasons"
    f" from quarantine.{table}"
    for table in ("quarantined_plays", "quarantined_members")
)
Counts = Mapping[tuple[str, str], int]


def rules(
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when the page is out of date.")
    ] = False,
) -> None:
    """Write docs/rules.md, the page of all rules, from the models' YAML."""
    found = read_rules()
    if only_check:
        if is_stale(found):
            raise MedallionError(f"{PAGE} is out of date with the models; run `medallion rules`.")
        return
    PAGE.write_text(page(found), encoding="utf-8")
    out.print(f"wrote {PAGE}", markup=False, soft_wrap=True)


def quarantine(
    rule: Annotated[str | None, typer.Argument(help="Show rows that violate this rule.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show of each model.")] = 20,
) -> None:
    """List every rule with the number of rows that violate it now, or show one rule's rows."""
    from databricks.sql.exc import ServerOperationError  # slow to import

    found = read_rules()
    asked = [one for one in found if one.name == rule] if rule else found
    if rule and not asked:
        raise MedallionError(_unknown(rule, found))
    with connected() as connection:
        try:
            counts = _counts(connection, asked)
            shown = {one: _broken(connection, one, limit) for one in asked} if rule else {}
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


def _counts(connection: "Connection", asked: Sequence[Rule]) -> Counts:
    """Number of rows that violate each rule now, either in quarantine or kept."""
    counts = {(one.model, one.name): 0 for one in asked}
    kept_out = rows(
        connection,
        "select bronze_model, reason, count(*) as n from (select bronze_model,"
        f" explode(split(_quarantine_reasons, ', ')) as reason from ({KEPT_OUT}) as kept_out)"
        " as reasons group by bronze_model, reason",
    )
    for row in kept_out:
        if (row["bronze_model"], row["reason"]) in counts:
            counts[row["bronze_model"], row["reason"]] = row["n"]
    kept = [one for one in asked if one.action != "quarantine"]
    for relation in {one.relation for one in kept}:
        own = [one for one in kept if one.relation == relation]
        counted = ", ".join(f"count_if(not {one.condition}) as {one.name}" for one in own)
        (told,) = rows(connection, f"select {counted} from {relation}")
        counts |= {(one.model, one.name): told[one.name] for one in own}
    return counts


def _broken(connection: "Connection", rule: Rule, limit: int) -> list[Row]:
    """Rows that violate a rule now, with their source."""
    if rule.action != "quarantine":
        told = f"select * from {rule.relation} where not {rule.condition} limit {limit}"
        return rows(connection, told)
    kept_out = rows(
        connection,
        f"select * from ({KEPT_OUT}) as kept_out where bronze_model = '{rule.model}' and"
        f" array_contains(split(_quarantine_reasons, ', '), '{rule.name}')"
        f" order by _first_seen_at, _file, landed_row limit {limit}",
    )
    return [
        json.loads(row["landed_row"])
        | {
            "broken rules": row["_quarantine_reasons"],
            "run": row["_run_id"],
            "file": row["_file"],
            "first seen": row["_first_seen_at"],
        }
        for row in kept_out
    ]


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
    told = "in quarantine" if rule.action == "quarantine" else "that violate it"
    noun = "row" if count == 1 else "rows"
    out.print(f"[bold]{rule.relation}: {rule.name}[/bold], {count:,} {noun} {told}")
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
