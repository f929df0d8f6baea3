"""The charts of docs/scale.md: files, and bytes written by the MERGE, over three years."""

from pathlib import Path

from medallion_local.capacity.parameters import GB, Parameters
from medallion_local.capacity.table import Run
from medallion_local.charts import chart

INCHES = (9, 3.6)
COLORS = ("#d1495b", "#edae49", "#7a9e9f", "#0b6e99", "#666666")


def draw(parameters: Parameters, runs: dict[str, Run], file: Path) -> None:
    """Draw the simulated days; equal numbers give equal bytes."""
    with chart(file, INCHES, columns=2, dots_per_inch=100) as (left, right):
        for color, (name, run) in zip(COLORS, runs.items(), strict=True):
            years = [(day + 1) / 365 for day in range(6, len(run.rows), 7)]
            written = (run.copied + run.changed) * parameters.fact_bytes / GB
            left.plot(years, run.files[6::7], color=color, label=name)
            right.plot(years, written[6::7], color=color)
        for axes, title in ((left, "files"), (right, "GB that a MERGE writes")):
            axes.set_title(title)
            axes.set_yscale("log")
            axes.set_xlabel("years")
            axes.grid(axis="y", color="#dddddd")
        left.legend(frameon=False)
