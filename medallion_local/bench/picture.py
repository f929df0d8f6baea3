"""The curve of the savings as a PNG file."""

from pathlib import Path

from medallion_local.bench.sweep import PROMISED_AT, Sweep
from medallion_local.charts import chart

INCHES = (8, 4.8)
BYTES, ROWS, BARE, GREY = "#0b6e99", "#d1495b", "#7a9e9f", "#666666"


def draw(swept: Sweep, promised: float, file: Path) -> None:
    """Draw the saved share of bytes and of rows by churn; equal numbers give equal bytes."""
    churns = [100 * point.share for point in swept.points]
    rows = [100 * (1 - point.landed.rows / point.full.rows) for point in swept.points]
    size = [100 * (1 - point.landed.bytes / point.full.bytes) for point in swept.points]
    bare = [100 * (1 - point.landed.bytes / point.bare.bytes) for point in swept.points]
    with chart(file, INCHES, font_size=10) as axes:
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
        axes.legend(loc="lower left", frameon=False)
