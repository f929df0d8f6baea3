"""The first screen: one sentence about the build, and the key figures."""

from medallion.page.blocks import (
    BAD,
    GOOD,
    NONE,
    NOTHING,
    WARN,
    Figure,
    counted,
    duration,
    have,
    listed,
    moment,
    signed,
    size,
    worst,
)
from medallion.report.artifacts import FAILED
from medallion.report.collect import Facts, hours, unaccounted
from medallion.report.sections.freshness import freshness_level
from medallion.report.sections.landed import full_copy
from medallion.report.sections.reconciliation import broken_windows
from medallion.report.sections.run_time import drifted


def verdict(facts: Facts) -> tuple[str, str]:
    """The sentence, and its level: `bad` if rows are lost or a build failed."""
    bad, warn = _problems(facts)
    rows = facts.answers.get("reconciliation")
    total = sum(row["landed"] for row in rows or [])
    lost = unaccounted(rows)
    good = f"All {total:,} landed rows are accounted for" if total and not lost else ""
    if bad:
        return f"Look at this: {listed(bad)}." + (f" {good}." if good else ""), BAD
    if facts.build and facts.build.tests:
        good += ", and no test failed"
    if warn:
        return f"{good or 'The build succeeded'}; {listed(warn)}.", WARN
    return f"{good or 'The build succeeded'}.", GOOD


def _problems(facts: Facts) -> tuple[list[str], list[str]]:
    bad: list[str] = []
    warn: list[str] = []
    if lost := unaccounted(facts.answers.get("reconciliation")):
        bad.append(f"{counted(lost, 'landed row')} {have(lost)} no known outcome")
    if broken := broken_windows(facts.answers.get("windows", [])):
        bad.append(
            f"{counted(broken, 'window')} of the change log {have(broken)} a gap or an overlap"
        )
    if facts.build:
        models = [one.name for one in facts.build.models if one.status in FAILED]
        if models:
            bad.append(f"{listed(models[:3])}{' and others' if models[3:] else ''} did not build")
        if count := facts.build.statuses["fail"]:
            bad.append(f"{counted(count, 'test')} failed")
        if count := facts.build.statuses["warn"]:
            warn.append(f"{counted(count, 'test warns', 'tests warn')}")
        if not facts.build.tests:
            warn.append("no test ran")
    levels = [freshness_level(facts, row) for row in facts.answers.get("checked", [])]
    if late := sum(level in (WARN, BAD) for level in levels):
        texts = bad if BAD in levels else warn
        texts.append(f"{counted(late, 'source was', 'sources were')} checked too long ago")
    if parts := len(facts.missing):
        bad.append(
            f"{counted(parts, 'part of this report is', 'parts of this report are')} missing"
        )
    return bad, warn


def figures(facts: Facts) -> list[Figure]:
    """The key figures."""
    return [
        _landed(facts),
        _reconciled(facts),
        _quarantined(facts),
        _tested(facts),
        _fresh(facts),
        _took(facts),
    ]


def _landed(facts: Facts) -> Figure:
    rows = facts.answers.get("landings")
    if not rows:
        return Figure("Last landed", NOTHING, _unknown(rows, "nothing landed yet"), "landed", BAD)
    full = full_copy(facts)
    note = f"rows, {size(rows[0]['bytes'])}"
    if rows[0]["is_first_load"]:
        note += ", first load"
    elif full:
        note += f": {max(1 - rows[0]['bytes'] / full, 0):.0%} less than a full copy"
    return Figure("Last landed", f"{rows[0]['landed']:,}", note, "landed")


def _reconciled(facts: Facts) -> Figure:
    rows = facts.answers.get("reconciliation")
    if not rows:
        note = _unknown(rows, "nothing landed yet")
        return Figure("Accounted for", NOTHING, note, "reconciliation", BAD)
    total, lost = sum(row["landed"] for row in rows), unaccounted(rows) or 0
    share = (total - lost) / total if total else 1
    shown = "100%" if not lost else f"{min(share, 0.9999):.2%}"
    note = f"of {total:,} landed rows"
    return Figure("Accounted for", shown, note, "reconciliation", BAD if lost else GOOD)


def _quarantined(facts: Facts) -> Figure:
    if not facts.rules:
        return Figure("In quarantine", NOTHING, "not known", "quarantine", BAD)
    chosen = {
        f"{one.model}.{one.name}": count
        for one, count in facts.rules.items()
        if one.action == "quarantine"
    }
    total, note = sum(chosen.values()), "rows that a rule keeps out"
    if facts.previous and facts.previous.rules:
        before = sum(facts.previous.rules.get(name, 0) for name in chosen)
        note += f", {signed(total - before)} since the last build" if total != before else ""
    return Figure("In quarantine", f"{total:,}", note, "quarantine", WARN if total else GOOD)


def _tested(facts: Facts) -> Figure:
    if facts.build is None:
        return Figure("Tests passed", NOTHING, "not known", "tests", BAD)
    counts, total = facts.build.statuses, len(facts.build.tests)
    if not total:
        return Figure("Tests passed", NOTHING, "no test ran", "tests", WARN)
    parts = [f"of {total:,}"]
    parts += [f"{counts['fail']} failed"] if counts["fail"] else []
    parts += [counted(counts["warn"], "warning")] if counts["warn"] else []
    level = BAD if counts["fail"] else WARN if counts["warn"] else GOOD
    return Figure("Tests passed", f"{counts['pass']:,}", ", ".join(parts), "tests", level)


def _fresh(facts: Facts) -> Figure:
    rows = facts.answers.get("checked")
    if not rows:
        return Figure("Fresh sources", NOTHING, _unknown(rows, "none landed"), "freshness", BAD)
    levels = [freshness_level(facts, row) for row in rows]
    fresh = sum(level not in (WARN, BAD) for level in levels)
    oldest = max(
        (hours(row["checked_at"], facts.written_at) for row in rows if row["checked_at"]), default=0
    )
    note = "checked less than an hour ago" if oldest < 1 else f"checked {oldest:.0f} hours ago"
    return Figure("Fresh sources", f"{fresh} of {len(rows)}", note, "freshness", worst(levels))


def _took(facts: Facts) -> Figure:
    if facts.build is None:
        return Figure("Build time", NOTHING, "not known", "run-time", BAD)
    slower = len(drifted(facts))
    note = f"{len(facts.build.models):,} models"
    note += f", {slower} slower than usual" if slower else ""
    level = WARN if slower else NONE
    return Figure("Build time", duration(facts.build.seconds), note, "run-time", level)


def about(facts: Facts) -> list[str]:
    """The facts in the line below the sentence."""
    found = []
    if facts.build:
        found.append(f"{facts.build.command} ended {moment(facts.build.ended_at)}")
    found.append(f"report written {moment(facts.written_at)}")
    if facts.records:
        found.append(f"{counted(len(facts.records), 'build')} in the history")
    return found


def _unknown(rows: object, otherwise: str) -> str:
    return "not known" if rows is None else otherwise
