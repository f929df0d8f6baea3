"""Every landed row, and what became of it."""

from medallion.page.blocks import (
    BAD,
    GOOD,
    WARN,
    Block,
    Cell,
    Note,
    Section,
    Table,
    cell,
    counted,
    have,
    listed,
    moment,
    signed,
)
from medallion.page.charts import GREY, RED, SERIES, Chart, Column, stacked
from medallion.report.collect import Facts, left_over, unaccounted
from medallion.report.queries import Rows
from medallion.report.sections.missing import lacking

# What became of a landed row: its column, its name, its meaning, and its color.
OUTCOMES = (
    ("applied", "Applied", "opened a version, or is a play in the fact", SERIES[0]),
    ("deleted", "Deletes", "closed a version, or removed a play", SERIES[1]),
    (
        "before_images",
        "Before an update",
        "the state before; the next row has the change",
        SERIES[2],
    ),
    ("collapsed", "No change", "changed no tracked column", SERIES[3]),
    ("superseded", "Superseded", "a later change replaced it", SERIES[4]),
    ("redelivered", "Repeated", "was delivered before, and counts once", GREY),
    ("quarantined", "Quarantined", "violates a rule, and is kept out", RED),
)


def reconciliation(facts: Facts) -> Section:
    """Every landed row, and what became of it."""
    title = "Reconciliation"
    if missing := lacking(facts, "reconciliation", "windows"):
        return Section(
            "reconciliation", title, "Whether rows are missing is not known.", missing, BAD
        )
    rows, windows = facts.answers["reconciliation"], facts.answers["windows"]
    if not any(row["landed"] for row in rows):
        return Section("reconciliation", title, "Nothing has landed yet.", level=WARN)
    lost, broken = unaccounted(rows) or 0, broken_windows(windows)
    total = sum(row["landed"] for row in rows)
    if lost:
        lead = f"{counted(lost, 'landed row')} of {total:,} {have(lost)} no known outcome."
    else:
        lead = f"Each of the {total:,} landed rows has exactly one outcome."
    lead += (
        f" {counted(broken, 'window')} of the change log {have(broken)} a gap or an overlap."
        if broken
        else " The windows of the change log follow each other without a gap."
    )
    blocks = [_outcomes_chart(rows), _outcomes_table(rows), *_balance_history(facts)]
    return Section("reconciliation", title, lead, blocks, BAD if lost or broken else GOOD)


def _outcomes_chart(rows: Rows) -> Chart:
    parts = [
        {"table": row["source_table"], "outcome": name, "rows": row[column], "order": order}
        for row in rows
        for order, (column, name, _, _) in enumerate(OUTCOMES)
    ]
    used = [one for one in OUTCOMES if any(row[one[0]] for row in rows)]
    names, colors = tuple(one[1] for one in used), tuple(one[3] for one in used)
    return stacked(
        "Outcome of every landed row, as a share of its table",
        f"Stacked bars of {counted(len(rows), 'table')}; the table below has the numbers.",
        parts,
        Column("table"),
        Column("rows"),
        Column("outcome", domain=names, colors=colors),
    )


def _outcomes_table(rows: Rows) -> Table:
    body = []
    for row in rows:
        rest = left_over(row)
        balances = Cell(f"no: {signed(rest)}", BAD) if rest else Cell("yes", GOOD)
        counts = (cell(row[column]) for column, *_ in OUTCOMES)
        body.append([Cell(row["source_table"]), cell(row["landed"]), *counts, balances])
    head = ["Table", "Landed", *(one[1] for one in OUTCOMES), "Balances"]
    meaning = "; ".join(f"{name}: {text}" for _, name, text, _ in OUTCOMES)
    return Table(head, body, f"{meaning}.")


def broken_windows(windows: Rows) -> int:
    """The number of windows with a gap, an overlap, or repeats that differ."""
    return sum(row["gaps"] + row["overlaps"] + row["differing"] for row in windows)


def _balance_history(facts: Facts) -> list[Block]:
    known = [one for one in facts.records if one.unaccounted is not None]
    if len(known) < 2:
        return []
    unbalanced = [one for one in known if one.unaccounted]
    if unbalanced:
        when = listed([moment(one.ended_at) for one in unbalanced[-3:]])
        return [
            Note(f"It did not balance after {counted(len(unbalanced), 'build')}: {when}.", WARN)
        ]
    return [Note(f"It balanced after each of the last {counted(len(known), 'build')}.")]
