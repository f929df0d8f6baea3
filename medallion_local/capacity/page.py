"""Writes docs/scale.md and its charts from the simulation; no figure is typed by hand."""

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from medallion_local.capacity import costs, picture
from medallion_local.capacity.parameters import GB, MB, TB, WAREHOUSES, Named, Parameters, named
from medallion_local.capacity.table import (
    DAY,
    NONE,
    Design,
    Run,
    daily_plays,
    files_of,
    month,
    simulate,
    target_bytes,
)

PLAIN, BY_DAY, VECTORS, BOTH = "no layout", "by day", "no layout, vectors", "by day, vectors"
DESIGNS = {
    PLAIN: Design(NONE, vectors=False),
    BY_DAY: Design(DAY, vectors=False),
    VECTORS: Design(NONE, vectors=True),
    BOTH: Design(DAY, vectors=True),
}
UNOPTIMIZED = "by day, vectors, never OPTIMIZE"
NEVER = 10**9
SIZES = (10e6, 100e6, 1e9, 10e9, 100e9)
OLD = (0.0, 0.0001, 0.001, 0.01)
WIDTH = 100


def report(docs: Path) -> list[Path]:
    """Write the page and the charts to a folder, and return both files."""
    parameters = Parameters()
    docs.mkdir(parents=True, exist_ok=True)
    page, chart = docs / "scale.md", docs / "scale.png"
    page.write_text(markdown(parameters), encoding="utf-8")
    picture.draw(parameters, _runs(parameters), chart)
    return [page, chart]


def markdown(parameters: Parameters) -> str:
    """The whole page."""
    sections = (
        _top(parameters),
        _files(parameters),
        _builds(parameters),
        _warehouses(parameters),
        _other_services(parameters),
        _month(parameters),
        _parameters(parameters),
        _recommended(parameters),
    )
    return "\n\n".join(_filled(block) for section in sections for block in section) + "\n"


def _runs(p: Parameters) -> dict[str, Run]:
    runs = {name: simulate(p, design) for name, design in DESIGNS.items()}
    return {**runs, UNOPTIMIZED: simulate(replace(p, optimize_days=NEVER), DESIGNS[BOTH])}


def _top(p: Parameters) -> Iterator[str]:
    daily = daily_plays(p)
    yield f"# {_short(p.plays).capitalize()} plays"
    yield f"""
        `python -m medallion_local.capacity` computed these figures, wrote this page and drew the
        charts. It simulates `fct_streams` for {p.days:,.0f} days with {_short(daily[0])} to
        {_short(daily[-1])} plays a day and one build a day."""
    yield f"""
        - **Measured here:** bytes, CPU time and activity runs, at up to 10 million plays. The page
          extrapolates linearly by a factor of {p.plays / 10e6:,.0f}. Check: a first build of
          1 million plays took 45 s, and a build with nothing new 26 s. Linear growth predicts
          {26 + 10 * (45 - 26)} s for 10 million; 199 s were measured.
        - **Assumed:** the workload, the efficiency of many cores, and that a core of a warehouse is
          as fast as one of the laptop. Photon is probably faster.
        - **Not verified:** all prices, and the DBU of warehouse sizes. Europe is often dearer.
        - **Never tried in Azure:** everything. No warehouse, factory, pool or bill was observed.
        - **Simplified:** without a layout, a row lies in any file; this is the upper bound. Files
          have the target size; Databricks may choose smaller ones for tables with many MERGEs. The
          time that readers need for deletion vectors is not counted. A delete counts as an
          update."""


def _files(p: Parameters) -> Iterator[str]:
    size = p.plays * p.fact_bytes
    yield "## Files of `fct_streams`"
    yield f"""
        The table has {_bytes(size)}. A row has {p.fact_bytes:.0f} bytes. It has
        {p.fact_bytes_few_keys:.0f} while the keys of users and tracks fit into Parquet's
        dictionaries, and {p.fact_bytes_zstd:.0f} with zstd instead of Snappy. The target file size
        is {_bytes(target_bytes(p, size))}. Means per day of the last four weeks:"""
    yield _table(
        (
            *("design", "files", "replaced or marked", "copied by MERGE", "written by OPTIMIZE"),
            *("kept for VACUUM", "Delta log"),
        ),
        (
            (
                name,
                f"{month(run.files):,.0f}",
                f"{month(run.touched):,.0f}",
                _bytes(month(run.copied) * p.fact_bytes),
                _bytes(month(run.optimized) * p.fact_bytes),
                _bytes(month(run.retained_bytes)),
                _bytes(month(run.log_bytes)),
            )
            for name, run in _runs(p).items()
        ),
    )
    yield """
        *By day* means partitions or liquid clustering by `date_key`; the model treats both alike if
        a day fills a file. *Vectors* means deletion vectors. A workspace may enable them for new
        tables by default (from memory). OPTIMIZE runs weekly, and its cost is spread over the
        days."""
    yield "![Files of the table, and bytes that a MERGE writes, over three years](scale.png)"
    rows = []
    for plays in SIZES:
        sized = replace(p, plays=plays)
        table = plays * p.fact_bytes
        partitions, clustered = (len(list(files_of(sized, layout))) for layout in (DAY, NONE))
        rows.append(
            (
                _short(plays),
                _bytes(table),
                _bytes(table / p.days),
                f"{partitions:,} of {_bytes(table / partitions)}",
                f"{clustered:,} of {_bytes(table / clustered)}",
                "yes" if table / p.days >= p.partition_bytes else "no",
            )
        )
    yield _table(
        (
            *("plays in three years", "table", "a day", "files, partitioned", "files, liquid"),
            "a day has 1 GB",
        ),
        rows,
    )


def _builds(p: Parameters) -> Iterator[str]:
    runs = {name: simulate(p, design) for name, design in DESIGNS.items()}
    parts = {name: costs.build(p, run) for name, run in runs.items()}
    bound = month(runs[PLAIN].copied) * p.copy_seconds_bound
    yield "## A daily build"
    yield "Core hours at the end of the three years:"
    yield _table(
        ("part", *parts),
        [
            *(
                (part, *(f"{one[part] / costs.HOUR:.2f}" for one in parts.values()))
                for part in parts[BOTH]
            ),
            ("**all**", *(f"**{sum(one.values()) / costs.HOUR:.1f}**" for one in parts.values())),
        ],
    )
    yield f"""
        Copying is measured with the project's MERGE on Sail: {p.copy_seconds * 1e6:.1f} µs per row.
        Only reading and writing Parquet takes {p.copy_seconds_bound * 1e6:.2f} µs. This lower bound
        reduces the {parts[PLAIN][costs.COPY] / costs.HOUR:.0f} core hours of copying to
        {bound / costs.HOUR:.1f}. The scans of the log were measured before the work that is to
        remove them (issue 18)."""
    yield """
        Old corrections decide the cost. A few plays on each old day make the MERGE and the marts
        process most days. The share of late and corrected plays that may have any age:"""
    changed = float(daily_plays(p)[-1]) * (p.late + p.corrected)
    rows = []
    for share in OLD:
        varied = replace(p, old=share)
        by_day, both = (simulate(varied, DESIGNS[name]) for name in (BY_DAY, BOTH))
        rows.append(
            (
                f"{100 * share:g} %",
                f"{changed * share:,.0f}",
                _bytes(month(by_day.copied) * p.fact_bytes),
                _percent(month(by_day.affected) / month(by_day.rows)),
                *(
                    f"{sum(costs.build(varied, run).values()) / costs.HOUR:.1f}"
                    for run in (by_day, both)
                ),
            )
        )
    yield _table(
        (
            *("share", "plays a day", "copied by MERGE, by day", "rows that marts recompute"),
            *("core hours, by day", "by day, vectors"),
        ),
        rows,
    )


def _warehouses(p: Parameters) -> Iterator[str]:
    yield "## Warehouse sizes"
    yield f"""
        Minutes of a daily build by `warehouse_size` in `databricks.yml`, with virtual cores and DBU
        per hour. The choice is the smallest size that builds within {costs.MINUTES_AT_MOST}
        minutes."""
    rows = []
    for plays in SIZES[1:4]:
        for name in (PLAIN, BOTH):
            sized = replace(p, plays=plays)
            run = simulate(sized, DESIGNS[name])
            needed = sum(costs.build(sized, run).values())
            choice = costs.smallest(sized, run)
            rows.append(
                (
                    f"{_short(plays)}, {name}",
                    *(f"{math.ceil(costs.minutes(sized, needed, one)):,}" for one in WAREHOUSES),
                    choice.size if choice else "larger",
                )
            )
    sizes = (f"{one.size}: {one.cores} cores, {one.dbu:g} DBU" for one in WAREHOUSES)
    yield _table(("plays and design", *sizes, "choice"), rows)
    first, large = costs.first_build(p), WAREHOUSES[4]
    hours = costs.minutes(p, first, large) / 60
    yield f"""
        The first build of all plays takes {first / costs.HOUR:,.0f} core hours. On {large.size}
        these are {hours:.1f} hours and about {hours * large.dbu * p.dbu_usd:,.0f} USD. The job
        stops after 4 hours."""


def _other_services(p: Parameters) -> Iterator[str]:
    run = simulate(p, DESIGNS[BOTH])
    landed, stored = costs.factory(p), costs.stored(p, run)
    served, whole = p.mart_day_bytes * p.days, p.plays * p.fact_bytes
    days = float(daily_plays(p)[-31:].sum()) * p.fact_bytes
    users = p.users * p.user_bytes
    file = landed.changes_per_hour * p.landed_day_bytes
    yield "## Streaming, Data Factory, Synapse, storage"
    yield f"""
        - **Streaming tables:** {costs.landed_per_day(p) / 86400:,.0f} changes arrive per second on
          average. One core takes at least {1 / p.other_seconds:,.0f} per second, the speed of all
          models except `fct_streams` together. Hourly runs land {24 * p.days:,.0f} files of plays
          in three years; the last ones have {_bytes(file)} each.
        - **Data Factory:** Copy reads the {_short(landed.changes_per_hour)} changes of an hour in
          {landed.copy_seconds:.1f} s at {p.diu * p.diu_bytes / MB:.0f} MB/s, and bills a minute. It
          cannot use more than {p.diu:.0f} DIU, because its source has no partitions and a window is
          one file. One Copy of all plays takes {landed.first_hours:.1f} hours, but `pl_land_file`
          stops a Copy after {costs.COPY_HOURS_AT_MOST}. An hourly run has
          {p.day_activities:,.0f} activity runs. They cost more than Copy if each of them is billed.
        - **Synapse** does not read `fct_streams`. `mart_daily_listening` has {_bytes(served)} after
          three years, however many plays there are, and 31 days of it are billed as
          {_bytes(p.query_bytes)}. A scan of `dim_user` reads at most {_bytes(users)}
          ({users / TB * p.scanned_usd:.4f} USD). If the facts were served, a whole scan would cost
          {whole / TB * p.scanned_usd:.2f} USD, and 31 days {days / TB * p.scanned_usd:.2f} USD.
        - **Storage** (*{BOTH}*): {"; ".join(f"{name} {_bytes(n)}" for name, n in stored.items())}.
        """


def _month(p: Parameters) -> Iterator[str]:
    runs = {name: simulate(p, DESIGNS[name]) for name in (PLAIN, BY_DAY, BOTH)}
    chosen = {name: costs.smallest(p, run) or WAREHOUSES[-1] for name, run in runs.items()}
    columns = {name: costs.monthly(p, runs[name], one) for name, one in chosen.items()}
    yield "## Costs of a month"
    yield """
        USD at the end of the three years, for one build and 24 ingests a day. Not included: Azure
        SQL, Log Analytics, the dedicated pool, pull requests, and people's queries on the
        warehouse."""
    yield _table(
        ("service", *(f"{name} ({one.size})" for name, one in chosen.items())),
        [
            *(
                (service, *(f"{one[service]:,.0f}" for one in columns.values()))
                for service in columns[BOTH]
            ),
            ("**all**", *(f"**{sum(one.values()):,.0f}**" for one in columns.values())),
        ],
    )


def _parameters(p: Parameters) -> Iterator[str]:
    def source(one: Named) -> tuple[str, str]:
        return one.kind, one.source

    yield "## Parameters"
    yield _table(
        ("kind", "source", "parameters"),
        (
            (kind, text, "; ".join(_named(one) for one in group))
            for (kind, text), group in groupby(sorted(named(p), key=source), key=source)
        ),
        ruler="---",
    )
    yield """
        The numbers of workers are on Databricks' page about the behaviour of SQL warehouses. DBU
        per hour are those that several public calculators use."""


def _recommended(p: Parameters) -> Iterator[str]:
    plain, both, unoptimized = (_runs(p)[name] for name in (PLAIN, BOTH, UNOPTIMIZED))
    core = {name: costs.build(p, run) for name, run in ((PLAIN, plain), (BOTH, both))}
    landed = costs.factory(p)
    ingest = landed.activity_usd + landed.copy_usd
    choices = []
    for plays in SIZES[1:4]:
        sized = replace(p, plays=plays)
        choice = costs.smallest(sized, simulate(sized, DESIGNS[BOTH]))
        choices.append(f"{choice.size if choice else 'larger'} at {_short(plays)}")
    yield "## Recommendations"
    yield """
        A lakehouse as [deployment](deployment.md) creates it is right up to about 100 million
        plays. The repository contains none of the changes below; each needs a test in Azure."""
    yield _table(
        ("from", "change", "where", "reason"),
        (
            (
                "100 million",
                "`liquid_clustered_by: date_key`, no partitions",
                "`fct_streams`; Synapse does not read it",
                "a partition of a day has 1 GB only from "
                f"{_short(p.partition_bytes / p.fact_bytes)} plays a day",
            ),
            (
                "100 million",
                '`delta.enableDeletionVectors: "true"`',
                "`fct_streams`, not the served tables",
                f"saves up to {core[PLAIN][costs.COPY] / costs.HOUR:.0f} core hours a day and "
                f"{_bytes(month(plain.retained_bytes))} of removed files",
            ),
            (
                "1 billion",
                "find new rows without a scan of the log",
                "the models that scan it (issue 18)",
                f"{_percent(core[BOTH][costs.SCAN] / sum(core[BOTH].values()))} of a build with "
                "the two changes above",
            ),
            (
                "1 billion",
                "process old corrections weekly",
                "a filter in the models",
                f"for {_percent(p.old)} of the changes, marts recompute "
                f"{_percent(month(both.affected) / month(both.rows))} of all rows each day",
            ),
            (
                "1 billion",
                "predictive optimization, or OPTIMIZE weekly",
                "schema `silver`",
                f"{month(both.files):,.0f} files instead of {month(unoptimized.files):,.0f}",
            ),
            (
                "1 billion",
                "`delta.parquet.compression.codec: zstd`",
                "`fct_streams`",
                f"{_percent(1 - p.fact_bytes_zstd / p.fact_bytes)} fewer bytes",
            ),
            (
                _short(landed.first_plays),
                "a longer timeout of *Copy rows*, or a first load in parts",
                "`pl_land_file`",
                f"one Copy lands no more in {costs.COPY_HOURS_AT_MOST} hours at the assumed speed",
            ),
            (
                "by size",
                f"`warehouse_size`: {', '.join(choices)}",
                "`databricks.yml`",
                f"a build within {costs.MINUTES_AT_MOST} minutes, with layout and vectors",
            ),
            (
                "any",
                "start `tr_ingest_hourly` only if the lake must be current",
                "Data Factory",
                f"{ingest:,.0f} USD a month; the daily trigger alone {ingest / 24:,.0f}",
            ),
            (
                "any",
                "keep `auto_stop_mins: 5`, `archiveAfterDays: 90`, `DailyTb=1`, plain Delta",
                "as deployed; plain Delta where Synapse reads",
                "they fit the figures above",
            ),
        ),
        ruler="---",
    )


def _named(one: Named) -> str:
    note = f" ({one.note})" if one.note else ""
    return f"`{one.name}` {_value(one.value)} {one.unit}{note}"


def _filled(block: str) -> str:
    """Prose in lines of at most `WIDTH` characters; tables, headings and pictures as they are."""
    text = textwrap.dedent(block).strip()
    if text.startswith(("|", "#", "!")):
        return text
    filled: list[str] = []
    for part in ("\n" + text).split("\n- "):
        bullet = "- " if filled or text.startswith("- ") else ""
        if part.strip():
            filled.append(
                textwrap.fill(
                    bullet + " ".join(part.split()),
                    WIDTH,
                    subsequent_indent=" " * len(bullet),
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
    return "\n".join(filled)


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]], ruler: str = "--:") -> str:
    """A table whose first column is text."""
    rulers = ["---", *[ruler] * (len(heading) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, rulers, *rows))


def _value(value: float) -> str:
    if value >= 10_000:
        return f"{value:,.0f}"
    return f"{value:g}" if value >= 0.001 or value == 0 else f"{value:.2g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.01 else f"{100 * share:.0f} %"


def _short(count: float) -> str:
    """A count with a word for its size."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if count >= size:
            return f"{count / size:.3g} {word}"
    return f"{count:,.0f}"


def _bytes(size: float) -> str:
    """Bytes in decimal units, as prices count them."""
    for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB"), (1000, "kB")):
        if size >= unit:
            return (
                f"{size / unit:,.0f} {name}" if size >= 100 * unit else f"{size / unit:.2g} {name}"
            )
    return f"{size:.0f}"
