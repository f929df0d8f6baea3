"""The page docs/parity.md."""

from dataclasses import dataclass

from parity.run import Step


@dataclass(frozen=True)
class Worlds:
    """Generated change logs on one engine, and whether all tables agree with the oracle."""

    engine: str
    number: int
    agree: bool


def page(steps: list[Step], worlds: list[Worlds], seed: int, seconds: float) -> str:
    """The Markdown page of a run."""
    lines = [
        "# Parity of the two engines",
        "",
        "The project is built on Sail and on Apache Spark with Delta Lake, from the same landed",
        "files, with the clocks of both warehouses stopped at the same time. After each step,",
        "every table of the schemas silver, gold, quarantine and snapshots is compared: names and",
        "types of columns, and all rows. `make parity` repeats the run and writes this page.",
        "",
        f"The run with seed {seed} took {seconds / 60:.0f} minutes.",
        "",
        "| step | tables | rows | tables that differ | Sail, s | Spark, s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for step in steps:
        rows = sum(one.rows for one in step.tables)
        lines.append(
            f"| {step.name} | {len(step.tables)} | {rows:,} | {len(step.differing)} "
            f"| {step.seconds['sail']:.0f} | {step.seconds['spark']:.0f} |"
        )
    differing = [(step, one) for step in steps for one in step.differing]
    if differing:
        lines += ["", "## Differences", ""]
        lines += [f"- {step.name}, `{one.table}`: {one.differences[0]}" for step, one in differing]
    if worlds:
        lines += [
            *("", "## Generated change logs", ""),
            "Each engine also builds generated change logs. All published tables are compared with",
            "the oracle of [conformance.md](conformance.md).",
            "",
            *("| engine | change logs | result |", "| --- | --- | --- |"),
        ]
        lines += [
            f"| {one.engine} | {one.number} | {'all agree' if one.agree else 'differences'} |"
            for one in worlds
        ]
    return "\n".join(lines) + "\n"
