"""The results of the tests, and the first rows that failing tests found."""

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
    listed,
    number,
    short,
    texts,
)
from medallion.page.charts import GREEN, GREY, RED, YELLOW, Column, columns
from medallion.report.artifacts import FAILED, Outcome
from medallion.report.collect import Facts
from medallion.report.failing_rows import masked_message
from medallion.report.history import Record
from medallion.report.sections.missing import without_build

STATUSES = (("pass", "passed"), ("warn", "warned"), ("fail", "failed"), ("skipped", "were skipped"))


def tests(facts: Facts) -> Section:
    """The results of the tests, and the first rows that failing tests found."""
    title = "Tests"
    if facts.build is None:
        return Section(
            "tests", title, "The results of the tests are not known.", without_build(facts), BAD
        )
    found, counts = facts.build.tests, facts.build.statuses
    if not found:
        lead = f"`{facts.build.command}` ran no test: the rows of this build are not tested."
        return Section("tests", title, lead, level=WARN)
    said = f"{counts['pass']:,} of {counted(len(found), 'test')} passed"
    more = [f"{counts[name]} {word}" for name, word in STATUSES[1:] if counts[name]]
    lead = f"{said}; {listed(more)}." if more else f"{said}."
    blocks: list[Block] = [*_tests_history(facts)]
    bad = [one for one in found if one.status not in ("pass", "skipped")]
    bad.sort(key=lambda one: (one.status not in FAILED, -one.failures))
    for one in bad:
        blocks += _bad_test(facts, one)
    if skipped := [facts.manifest.claim(one)[0] for one in found if one.status == "skipped"]:
        head, rows = ["Skipped test"], [texts([name]) for name in skipped]
        blocks.append(Table(head, rows, summary=f"{counted(len(skipped), 'skipped test')}"))
    level = BAD if counts["fail"] or counts["skipped"] else WARN if counts["warn"] else GOOD
    return Section("tests", title, lead, blocks, level)


def _tests_history(facts: Facts) -> list[Block]:
    tested = [one for one in facts.records if one.tests]
    if len(tested) < 2:
        return []
    colors = {"pass": GREEN, "warn": YELLOW, "fail": RED, "skipped": GREY}
    data = []
    for one in tested:
        counts = _statuses(one)
        for order, (status, word) in enumerate(STATUSES[1:]):
            data.append(
                {
                    "at": short(one.ended_at),
                    "status": word,
                    "tests": counts.get(status, 0),
                    "order": order,
                }
            )
    return [
        columns(
            "Tests that did not pass, at each build",
            f"Stacked bars of warnings, failures and skipped tests of {len(tested)} builds.",
            data,
            Column("at"),
            Column("tests"),
            Column(
                "status",
                domain=tuple(word for _, word in STATUSES[1:]),
                colors=tuple(colors[status] for status, _ in STATUSES[1:]),
            ),
        )
    ]


def _statuses(record: Record) -> dict[str, int]:
    counts: dict[str, int] = {}
    for status, count in record.statuses.items():
        name = "fail" if status in FAILED else status
        counts[name] = counts.get(name, 0) + count
    return counts


def _bad_test(facts: Facts, test: Outcome) -> list[Block]:
    is_failed = test.status in FAILED
    word = "failed" if is_failed else "warning"
    before = (facts.previous.tests if facts.previous else {}).get(test.unique_id)
    claim, description = facts.manifest.claim(test)
    said = f"{claim} – {word}"
    if test.failures:
        said += f": {counted(test.failures, 'row')}"
        said += f", {before[1]:,} in the build before" if before else ""
    blocks: list[Block] = []
    rows = facts.failing.get(test.unique_id)
    if rows:
        body = [[_value(value) for value in row.values()] for row in rows]
        shown = "all of them" if len(rows) == test.failures else f"the first {len(rows)}"
        caption = f"{description} Of the rows, {shown}. A column with personal data shows ***."
        blocks.append(Table(list(rows[0]), body, caption, said, is_open=is_failed))
    else:
        reason = facts.missing.get(f"rows of {test.unique_id}")
        if test.message and not test.failures:
            said += f". {masked_message(test.message, facts.manifest.parents(test.unique_id))}"
        said += f". Its rows are missing: {reason}" if reason else ""
        blocks.append(Note(said, BAD if is_failed else WARN))
    return blocks


def _value(value: object) -> Cell:
    """A value of a failing row: unlike a count, an id has no thousands separator."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(str(value))
    return cell(value)
