"""The charts of docs/scale.md: files, and bytes written by the MERGE, over three years."""

from pathlib import Path

from medallion_local.capacity.parameters import GB, Parameters
from medallion_local.capacity.table import Run

INCHES, DOTS_PER_INCH = (9, 3.6), 100
COLORS = ("#d1495b", "#edae49", "#7a9e9f", "#0b6e99", "#666666")


def draw(parameters: Parameters, runs: dict[str, Run], file: Path) -> None:
    """Draw the simulated days; equal numbers give equal bytes."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    with plt.rc_context({"font.family": "DejaVu Sans", "font.size": 9}):
        figure, (left, right) = plt.subplots(
            1, 2, figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained"
        )
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
            axes.spines[["top", "right"]].set_visible(False)
        left.legend(frameon=False)
        figure.savefig(file, format="png", metadata={"Software": None})
        plt.close(figure)
