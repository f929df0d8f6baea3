"""How long ago each source was checked, and its newest change."""

from medallion.page.blocks import (
    BAD,
    GOOD,
    NONE,
    NOTHING,
    WARN,
    Block,
    Cell,
    Section,
    Table,
    age,
    listed,
    moment,
    worst,
)
from medallion.page.charts import Column, lines
from medallion.report.collect import Facts, hours
from medallion.report.queries import Rows
from medallion.report.sections.missing import lacking


def freshness(facts: Facts) -> Section:
    """How long ago each source was checked, and the time of its newest change."""
    title = "Freshness"
    missing = lacking(facts, "checked")
    if missing:
        return Section("freshness", title, "How old the data is is not known.", missing, BAD)
    rows, now = facts.answers["checked"], facts.written_at
    body, levels = [], []
    for row in rows:
        level = freshness_level(facts, row)
        levels.append(level)
        body.append(
            [
                Cell(row["source"]),
                Cell(f"{age(hours(row['checked_at'], now))} ago" if row["checked_at"] else "never"),
                Cell(moment(row["newest_at"]) if row["newest_at"] else NOTHING),
                Cell({GOOD: "fresh", WARN: "late", BAD: "very late"}.get(level, "no limit"), level),
            ]
        )
    for row in facts.answers.get("files", []):
        shown = moment(row["newest_at"]) if row["newest_at"] else NOTHING
        body.append([Cell(row["source"]), Cell(NOTHING), Cell(shown), Cell("no limit")])
    late = [row["source"] for row, level in zip(rows, levels, strict=True) if level in (WARN, BAD)]
    if late:
        verb = "was" if len(late) == 1 else "were"
        lead = f"{listed(late)} {verb} checked too long ago: look at the ingestion."
    elif rows:
        oldest = max((hours(row["checked_at"], now) for row in rows), default=0.0)
        lead = f"Every table of the source was checked for changes in the last {age(oldest)}."
    else:
        lead = "No table of the source was ever checked."
    blocks: list[Block] = [
        Table(
            ["Source", "Checked for changes", "Newest change that landed", "Status"],
            body,
            "The status compares the last check with the limits in models/bronze/_sources.yml. A "
            "check that found nothing counts. Reference files change at irregular times.",
        ),
        *lacking(facts, "files"),
        *_age_history(facts),
    ]
    return Section("freshness", title, lead, blocks, worst(levels))


def freshness_level(facts: Facts, row: dict) -> str:
    """The level of one source's age; without limits there is none."""
    warn, error = facts.manifest.limits(row["source"])
    if not row["checked_at"]:
        return BAD
    old = hours(row["checked_at"], facts.written_at)
    if error and old > error.total_seconds() / 3600:
        return BAD
    if warn and old > warn.total_seconds() / 3600:
        return WARN
    return GOOD if warn or error else NONE


def _age_history(facts: Facts) -> list[Block]:
    known: Rows = [
        {"at": one.ended_at, "hours": max(one.hours_since_check.values())}
        for one in facts.records
        if one.hours_since_check
    ]
    if len(known) < 3 or max(one["hours"] for one in known) < 1:
        return []
    title = "Hours since the last check, at each build"
    text = "A line of the age of the source that was checked longest ago, per build."
    axes = Column("at"), [Column("hours", "hours", ",.2~f")]
    return [lines(title, text, known, *axes)]
