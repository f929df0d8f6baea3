"""The rows that differ from production, as a page: target/slim/report.html."""

from collections.abc import Iterator

from medallion.page.blocks import (
    BAD,
    GOOD,
    WARN,
    Block,
    Cell,
    Figure,
    Heading,
    Note,
    Page,
    Section,
    Table,
    cell,
    counted,
    number,
)
from medallion.slim.differences import change, differing_columns, number_text
from medallion.slim.results import Built, Verdict
from medallion.slim.values import Compared

TITLE = "Pull request against production"


def page_of(verdict: Verdict) -> Page:
    """The page of a run: the tables whose rows differ, those with a broken key first."""
    compared = [(node, node.rows) for node in verdict.nodes if node.rows]
    differing = [(node, rows) for node, rows in compared if rows.differs]
    differing.sort(key=lambda one: (not one[1].is_worse, one[0].name))
    broken = [node.name for node, rows in differing if rows.is_worse]
    failed = [node for node in verdict.nodes if node.failed]
    level = BAD if broken or failed else WARN if differing else GOOD
    tests = sum(node.kind in ("test", "unit_test") for node in verdict.nodes)
    facts = [
        f"{counted(len(verdict.nodes) - tests, 'table')} built",
        f"{counted(tests, 'test')} run",
    ]
    notices = [f"{node.name} ({node.status}): {node.message}" for node in failed]
    notices += [f"{name} was not built here: it reads landed files." for name in verdict.left_out]
    figures = [_figure(node, rows) for node, rows in differing]
    sections = [_section(node, rows) for node, rows in differing]
    groups = [("Tables with other rows", sections)] if sections else []
    said = _sentence(len(compared), len(differing), broken, len(failed))
    noticed = "Failed, or not built"
    return Page(TITLE, said, level, facts, figures, notices, groups, noticed, "medallion slim")


def _sentence(compared: int, differing: int, broken: list[str], failed: int) -> str:
    if broken:
        return f"The key of {' and '.join(broken)} is broken: rows repeat it."
    if failed:
        return f"{counted(failed, 'node')} failed."
    if not differing:
        return f"All rows of {counted(compared, 'compared table')} are those of production."
    return f"{differing} of {counted(compared, 'compared table')} have other rows than production."


def _figure(node: Built, rows: Compared) -> Figure:
    share = (rows.added + rows.removed + rows.changed) / (
        rows.added + rows.removed + rows.changed + rows.same
    )
    said = f"of the rows differ: +{rows.added:,} −{rows.removed:,} ~{rows.changed:,}"
    return Figure(node.name, f"{share:.1%}", said, node.name, BAD if rows.is_worse else WARN)


def _section(node: Built, rows: Compared) -> Section:
    key = (
        f"Rows are compared by ({', '.join(rows.key)})."
        if rows.key
        else ("No test declares a key, so rows are compared as a whole.")
    )
    lead = (
        f"{counted(rows.added, 'row')} added, {rows.removed:,} removed, {rows.changed:,} changed, "
        f"{rows.same:,} the same. {key}"
    )
    return Section(node.name, node.name, lead, list(_blocks(node, rows)), _level(rows), node.name)


def _level(rows: Compared) -> str:
    return BAD if rows.is_worse else WARN


def _blocks(node: Built, rows: Compared) -> Iterator[Block]:
    before, after = rows.repeated
    if rows.is_worse:
        said = f"Rows that repeat the key: {after:,}; in production: {before:,}."
        yield Note(f"{said} A join that finds several rows does this.", BAD)
    if node.refreshed:
        yield Note("The model was built again from scratch, so that all its rows are compared.")
    if rows.share < 1:
        yield Note(f"The counts are those of {rows.share:.2%} of the keys.", WARN)
    if rows.columns:
        yield Heading("Columns")
        ordered = sorted(rows.columns.items(), key=lambda one: -one[1])
        yield Table(["Column", "Changed rows"], [[cell(name), cell(n)] for name, n in ordered])
    if rows.measures:
        yield Heading("Measures before and after")
        yield _measures(rows)
    if rows.sample:
        yield Heading("Some of these rows")
        yield _sample(rows)


def _measures(rows: Compared) -> Table:
    head = ["Measure", "", "Sum", "Min", "25 %", "Median", "75 %", "Max", "NULL"]
    body = []
    for name, (before, after) in rows.measures.items():
        for label, one in (("production", before), ("this change", after)):
            quantiles = one.quantiles or (None,) * 5
            body.append(
                [
                    cell(name if label == "production" else ""),
                    cell(label),
                    number(number_text(one.total), _moved(before.total, after.total, label)),
                    *(number(number_text(value)) for value in quantiles),
                    cell(one.nulls),
                ]
            )
    return Table(head, body)


def _moved(before: float | None, after: float | None, label: str) -> str:
    """A sum that differs is marked."""
    return WARN if label != "production" and before != after else ""


def _sample(rows: Compared) -> Table:
    shown = differing_columns(rows)
    body = [
        [
            Cell(one.kind, {"added": GOOD, "removed": BAD}.get(one.kind, WARN)),
            *(cell(one.key[name]) for name in rows.key),
            *(Cell(change(one, name)) for name in shown),
        ]
        for one in rows.sample
    ]
    return Table(["Row", *rows.key, *shown], body)
