"""The curve of the savings as a PNG file; matplotlib comes with the development tools."""

import importlib.util
from pathlib import Path

from medallion.errors import MedallionError
from medallion_local.bench.sweep import PROMISED_AT, Sweep

INCHES, DOTS_PER_INCH = (8, 4.8), 120
BYTES, ROWS, BARE, GREY = "#0b6e99", "#d1495b", "#7a9e9f", "#666666"


def require() -> None:
    """Raise `MedallionError` when matplotlib is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MedallionError(
            "The charts need matplotlib, a development dependency: run `make bench`, which "
            "installs it, or `medallion bench --only backfills`."
        )


def draw(swept: Sweep, promised: float, file: Path) -> None:
    """Draw the saved share of bytes and of rows by churn; equal numbers give equal bytes."""
    require()
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    churns = [100 * point.share for point in swept.points]
    rows = [100 * (1 - point.landed.rows / point.full.rows) for point in swept.points]
    size = [100 * (1 - point.landed.bytes / point.full.bytes) for point in swept.points]
    bare = [100 * (1 - point.landed.bytes / point.bare.bytes) for point in swept.points]
    with plt.rc_context({"font.family": "DejaVu Sans", "font.size": 10}):
        figure, axes = plt.subplots(figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        axes.plot(churns, bare, "s:", color=BARE, label="bytes, against plain Parquet tables")
        axes.plot(churns, rows, "o--", color=ROWS, label="rows")
        axes.plot(churns, size, "o-", color=BYTES, label="bytes, against a reload for bronze")
        for churn, saved in zip(churns, size, strict=True):
            axes.annotate(
                f"{saved:.1f} %",
                (churn, saved),
                xytext=(4, 8),
                textcoords="offset points",
                color=BYTES,
                weight="bold",
            )
        axes.axhline(promised, color=GREY, linewidth=0.8)
        axes.axvline(100 * PROMISED_AT, color=GREY, linewidth=0.8, linestyle=":")
        axes.annotate(
            f"promised: {promised:.0f} % at {100 * PROMISED_AT:.0f} % churn",
            (churns[0], promised),
            xytext=(0, -14),
            textcoords="offset points",
            color=GREY,
        )
        axes.set_xscale("log")
        axes.set_xticks(churns, [f"{churn:.4g} %" for churn in churns])
        axes.minorticks_off()
        axes.margins(x=0.08)
        axes.set_ylim(min(*bare, *rows, *size, promised) - 8, 106)
        axes.set_xlabel("rows of every table that change in a day (logarithmic)")
        axes.set_ylabel("saved against a full reload, %")
        axes.set_title(f"Savings of a day's ingest, with {swept.rows:,} rows in the source")
        axes.grid(axis="y", color="#dddddd")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="lower left", frameon=False)
        figure.savefig(file, format="png", metadata={"Software": None})
        plt.close(figure)
