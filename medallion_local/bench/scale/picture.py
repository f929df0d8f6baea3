"""The CPU seconds of each step and engine as bars, in a PNG file."""

from pathlib import Path

from medallion_local.bench.scale.results import ENGINES, STEPS, Result
from medallion_local.charts import chart

INCHES = (8, 4.2)
PARTS = {"command": "#d1495b", "warehouse": "#7a9e9f", "engine": "#0b6e99"}
LABELS = {
    "command": "dbt (or DuckDB itself)",
    "warehouse": "the warehouse's Python",
    "engine": "the engine",
}


def draw(result: Result, file: Path) -> None:
    """Draw the medians of a size; equal numbers give equal bytes."""
    bars = [
        (f"{step}, {engine}", result.engines[engine][step].parts)
        for step in STEPS
        for engine in ENGINES
        if step in result.engines.get(engine, {})
    ]
    with chart(file, INCHES) as axes:
        left = [0.0] * len(bars)
        for part, color in PARTS.items():
            values = [getattr(cpu, part) for _, cpu in bars]
            axes.barh(range(len(bars)), values, left=left, color=color, label=LABELS[part])
            left = [one + other for one, other in zip(left, values, strict=True)]
        for number, total in enumerate(left):
            axes.annotate(
                f"{total:.0f}",
                (total, number),
                xytext=(3, 0),
                textcoords="offset points",
                verticalalignment="center",
            )
        axes.set_yticks(range(len(bars)), [name for name, _ in bars])
        axes.invert_yaxis()
        axes.margins(x=0.08)
        axes.set_xlabel("CPU seconds (median)")
        axes.set_title(f"{result.plays:,} plays")
        axes.grid(axis="x", color="#dddddd")
        axes.set_axisbelow(True)
        axes.legend(loc="lower right", frameon=False)
