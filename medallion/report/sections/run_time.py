"""The seconds of each model, beside its usual seconds."""

from collections.abc import Sequence
from statistics import median

from medallion.page.blocks import (
    BAD,
    NONE,
    NOTHING,
    WARN,
    Block,
    Cell,
    Section,
    Table,
    counted,
    duration,
    listed,
    number,
    short,
)
from medallion.page.charts import Column, bars, columns
from medallion.report.artifacts import FAILED, Outcome
from medallion.report.collect import Facts
from medallion.report.history import Record
from medallion.report.sections.missing import without_build

SLOWEST = 12  # models in the chart
DRIFT, DRIFT_SECONDS = 2.0, 2.0  # slower than usual: by this factor, and by this many seconds


def run_time(facts: Facts) -> Section:
    """The seconds of each model, beside its usual seconds."""
    title = "Run time"
    if facts.build is None:
        return Section(
            "run-time", title, "How long the build took is not known.", without_build(facts), BAD
        )
    earlier = facts.records[:-1]
    build, usual = facts.build, usual_seconds(earlier)
    lead = f"The build took {duration(build.seconds)}."
    comparable = [one.seconds for one in earlier if one.command == build.command]
    if comparable:
        lead += f" The median of the {counted(len(comparable), 'build')} before is "
        lead += f"{duration(median(comparable))}."
    slower = drifted(facts)
    if slower:
        lead += f" Slower than usual: {listed([one.name for one in slower[:3]])}"
        lead += f" and {len(slower) - 3} more." if len(slower) > 3 else "."
    blocks: list[Block] = []
    if len(facts.records) > 1:
        data = [{"at": short(one.ended_at), "s": round(one.seconds)} for one in facts.records]
        chart = "Seconds of each build"
        blocks.append(
            columns(
                chart, f"A bar for each of {len(data)} builds.", data, Column("at"), Column("s")
            )
        )
    ranked = sorted(build.models, key=lambda one: -one.seconds)
    data = [{"model": one.name, "s": round(one.seconds, 1)} for one in ranked[:SLOWEST]]
    if data:
        said = "A bar per model. Models run side by side, so their sum is longer than the build."
        top = f"The {len(data)} slowest models of this build, in seconds"
        blocks.append(bars(top, said, data, Column("model"), Column("s", format=",.1f")))
    slow = {one.name for one in slower}
    body = [
        [
            Cell(one.name),
            Cell(one.status, BAD if one.status in (*FAILED, "skipped") else NONE),
            number(f"{one.seconds:.1f}", WARN if one.name in slow else NONE),
            number(f"{usual[one.name]:.1f}" if one.name in usual else NOTHING),
            number(_drift(one.seconds, usual.get(one.name)), WARN if one.name in slow else NONE),
        ]
        for one in ranked
    ]
    head = ["Model", "Result", "Seconds", "Median before", "Drift"]
    caption = (
        f"Slower than usual: {DRIFT:.0f} times the median, and {DRIFT_SECONDS:.0f} s above it."
    )
    blocks.append(Table(head, body, caption, f"All {counted(len(body), 'model')}"))
    return Section("run-time", title, lead, blocks, WARN if slower else NONE)


def usual_seconds(records: Sequence[Record]) -> dict[str, float]:
    """The median seconds of each model over earlier builds."""
    found: dict[str, list[float]] = {}
    for one in records:
        for name, seconds in one.models.items():
            found.setdefault(name, []).append(seconds)
    return {name: median(seconds) for name, seconds in found.items()}


def drifted(facts: Facts) -> list[Outcome]:
    """The models that are slower than usual, the slowest first."""
    if facts.build is None:
        return []
    usual = usual_seconds(facts.records[:-1])
    slower = [
        one
        for one in facts.build.models
        if one.name in usual
        and one.seconds > DRIFT * usual[one.name]
        and one.seconds > usual[one.name] + DRIFT_SECONDS
    ]
    return sorted(slower, key=lambda one: -one.seconds)


def _drift(seconds: float, usual: float | None) -> str:
    return f"{seconds / usual - 1:+.0%}".replace("-", "−") if usual else NOTHING
