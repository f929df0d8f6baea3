"""`docs/benchmarks.md`: the figures of every measured size, and their ratios with the targets."""

from pathlib import Path

from medallion.console import out
from medallion_local.bench.machine import machine
from medallion_local.bench.measured import GIB
from medallion_local.bench.scale import picture, results
from medallion_local.bench.scale.landing import DAY_SHARE, DAY_WITHIN, WORST_SHARE
from medallion_local.bench.scale.results import (
    DAY,
    ENGINES,
    FIRST,
    NOTHING,
    STEPS,
    TESTS,
    WORST,
    Result,
    Runs,
)

MIB = 1024**2
MILLION = 1_000_000
_NAMES = {
    "sail": "this project on Sail",
    "spark": "this project on Spark with Delta",
    "duckdb": "the same SQL in DuckDB",
}
_STEP_HEADINGS = (
    *("step", "engine", "runs", "s: min", "median", "max", "rows/s"),
    *("CPU-s", "dbt", "warehouse", "engine", "peak GiB", "MiB written"),
)


def report(new: Result, docs: Path) -> list[Path]:
    """Add a result to `benchmarks.json`, and write the page and a chart per size."""
    docs.mkdir(parents=True, exist_ok=True)
    file = docs / "benchmarks.json"
    known = results.read(file)
    known[new.plays] = results.merged(known.get(new.plays), new)
    results.write(known, file)
    (docs / "benchmarks.md").write_text(markdown(known), encoding="utf-8")
    for plays, result in known.items():
        picture.draw(result, docs / chart(plays))
    return [docs / "benchmarks.md", file, *(docs / chart(plays) for plays in known)]


def show(written: list[Path]) -> None:
    """Print the files that were written."""
    out.print(f"Written: {', '.join(map(str, written))}", markup=False, soft_wrap=True)


def chart(plays: int) -> str:
    """The file name of a size's chart."""
    return f"benchmarks_{_millions(plays)}.png"


def markdown(known: dict[int, Result]) -> str:
    """The whole page."""
    sizes = [known[plays] for plays in sorted(known)]
    return "\n".join(
        [
            _INTRODUCTION.format(machine=machine()),
            "## Ratios\n",
            *_ratios(sizes),
            *(line for one in sizes for line in _size(one)),
            _METHOD.format(
                share=f"{100 * DAY_SHARE:g} %",
                days=DAY_WITHIN.days,
                worst=f"{100 * WORST_SHARE:g} %",
            ),
        ]
    )


def _ratios(sizes: list[Result]) -> list[str]:
    headings = ["measure", "target", *(f"{_millions(one.plays)} M plays" for one in sizes)]
    lines = [_row(headings), _row(["---", "---", *("--:" for _ in sizes)])]
    small = sizes[0].engines.get("sail", {}).get(NOTHING)
    for name, target, ratio in (
        ("first build, CPU-s relative to DuckDB", "≤ 1.5", lambda one: _over(one, "duckdb")),
        ("first build on Spark, CPU-s relative to Sail", "≥ 5", lambda one: _under(one, "spark")),
        (
            f"nothing new, CPU-s relative to {_millions(sizes[0].plays)} M plays",
            "≤ 1.1",
            lambda one: _divided(_work(one, NOTHING), small.work if small else None),
        ),
        (
            "day minus nothing new, CPU-s as a share of the first build",
            "≤ 0.05",
            lambda one: _divided(_minus(_work(one, DAY), _work(one, NOTHING)), _work(one, FIRST)),
        ),
        (
            "worst day, CPU-s as a share of the first build",
            "≤ 0.40",
            lambda one: _divided(_work(one, WORST), _work(one, FIRST)),
        ),
        (
            "worst day minus nothing new, CPU-s as a share of the first build",
            "",
            lambda one: _divided(_minus(_work(one, WORST), _work(one, NOTHING)), _work(one, FIRST)),
        ),
    ):
        cells = [ratio(one) for one in sizes]
        lines.append(_row([name, target, *("–" if one is None else f"{one:.2f}" for one in cells)]))
    for name, target, steps in (
        ("peak memory of the builds, GiB", "≤ 4", (FIRST, NOTHING, DAY, WORST)),
        ("peak memory of the tests, GiB", "≤ 4", (TESTS,)),
    ):
        cells = [_peak(one, steps) for one in sizes]
        lines.append(_row([name, target, *("–" if one is None else f"{one:.1f}" for one in cells)]))
    return [*lines, ""]


def _size(one: Result) -> list[str]:
    size = _millions(one.plays)
    engines = [engine for engine in ENGINES if engine in one.engines]
    lines = [
        f"## {size} million plays\n",
        f"Measured on {one.measured_on} at commit {one.commit}: {one.users:,} users, {one.days} "
        f"days, seed {one.seed}, by\n",
        *(
            f"- `{command}` ("
            + ", ".join(
                f"{_NAMES[engine]}; load of the machine {one.load[engine]}"
                for engine in engines
                if one.commands.get(engine) == command
            )
            + ")"
            for command in dict.fromkeys(one.commands.values())
        ),
        "\nThe load is that of the last 15 minutes at the end; two cores are fully used at 2.\n",
        f"![CPU seconds of each step and engine]({chart(one.plays)})\n",
        _row(_STEP_HEADINGS),
        _row(["---", "---", *["--:"] * (len(_STEP_HEADINGS) - 2)]),
    ]
    for step in STEPS:
        for engine in engines:
            if step in one.engines[engine]:
                lines.append(_row(_cells(one, step, engine)))
    lines += ["", _row(["landed", "plays", "rows", "bytes", "s of `medallion ingest`"])]
    lines.append(_row(["---", "--:", "--:", "--:", "--:"]))
    base = {"plays": 0, "rows": 0, "bytes": 0}
    for step, name in (("first", FIRST), ("day", DAY), ("worst", WORST)):
        found = {
            "plays": one.landed_plays[step] - base["plays"],
            "rows": one.landed_rows[step] - base["rows"],
            "bytes": one.landed_bytes[step] - base["bytes"],
        }
        base = found if step == "first" else base
        cells = [f"{value:,}" for value in found.values()]
        lines.append(_row([name, *cells, f"{one.ingest_seconds[step]:.1f}"]))
    lines.append("")
    lines += [*_compared(one), *_approaches(one)]
    return lines


def _cells(one: Result, step: str, engine: str) -> list[str]:
    runs: Runs = one.engines[engine][step]
    cpu = runs.parts
    rows = one.landed_rows["first"] if step == FIRST else None
    if engine == "duckdb":
        rows = one.landed_rows[{FIRST: "first", DAY: "day", WORST: "worst"}[step]]
    return [
        step,
        _NAMES[engine],
        str(len(runs.seconds)),
        *(f"{value:.1f}" for value in (min(runs.seconds), runs.median, max(runs.seconds))),
        f"{rows / runs.median:,.0f}" if rows else "–",
        *(f"{value:.1f}" for value in (runs.work, cpu.command, cpu.warehouse, cpu.engine)),
        f"{runs.peak_bytes / GIB:.2f}",
        f"{runs.bytes / MIB:,.1f}" if runs.bytes else "–",
    ]


def _compared(one: Result) -> list[str]:
    lines = []
    for engine, steps in one.differing.items():
        differing = {step: names for step, names in steps.items() if names}
        found = (
            "no table differs"
            if not differing
            else "; ".join(
                f"{step}: {', '.join(names)} differ" for step, names in differing.items()
            )
        )
        lines.append(
            f"Row counts and checksums of 15 published tables after each step, {_NAMES[engine]} "
            f"compared with Sail: {found}.\n"
        )
    return lines


def _approaches(one: Result) -> list[str]:
    if not one.approaches:
        return []
    lines = [
        "The approaches that others use, on the same files:\n",
        _row(["approach", "step", "s", "rows", "wrong rows", "missing rows"]),
        _row(["---", "---", "--:", "--:", "--:", "--:"]),
    ]
    for each in one.approaches:
        name = f"`{each.name}`"
        name = f"this project: {name}" if each.name in ("dim_user", "fct_streams") else name
        lines.append(
            _row(
                [
                    name,
                    each.step,
                    f"{each.seconds:.1f}",
                    *(f"{value:,}" for value in (each.rows, each.wrong, each.missing)),
                ]
            )
        )
    return [*lines, ""]


def _work(one: Result, step: str) -> float | None:
    runs = one.engines.get("sail", {}).get(step)
    return runs.work if runs else None


def _over(one: Result, engine: str) -> float | None:
    runs = one.engines.get(engine, {}).get(FIRST)
    return _divided(_work(one, FIRST), runs.work if runs else None)


def _under(one: Result, engine: str) -> float | None:
    runs = one.engines.get(engine, {}).get(FIRST)
    return _divided(runs.work if runs else None, _work(one, FIRST))


def _peak(one: Result, steps: tuple[str, ...]) -> float | None:
    found = [
        runs.peak_bytes / GIB for step, runs in one.engines.get("sail", {}).items() if step in steps
    ]
    return max(found) if found else None


def _divided(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _minus(one: float | None, other: float | None) -> float | None:
    return one - other if one is not None and other is not None else None


def _millions(plays: int) -> str:
    return f"{plays / MILLION:g}"


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


_INTRODUCTION = """\
# Benchmarks

`make bench SIZE=…` measured these figures and wrote this page; SIZE is in millions of plays.
`make bench SIZE=… ONLY=scale` repeats only these. `benchmarks.json` contains every run.

The same landed files go through this project on Sail, through this project on Spark with Delta,
and through the same SQL in plain DuckDB. DuckDB is the lower bound: it writes no Delta, runs no
dbt, keeps no increment, and computes everything in each step. Wall-clock seconds depend on the
other work of the machine, so the ratios compare CPU seconds. The machine: {machine}
"""

_METHOD = """\
## How it was measured

- **The landed files** are those of `medallion ingest` from a generated source. *Day*: {share} of
  the rows of every table change: 60 % get another value in one column, 30 % are new, 10 % are
  deleted. The changed and deleted plays are those of the last {days} days. *Worst day*: {worst} of
  the rows of every table change, the plays anywhere in history; a simulated day follows before the
  build.
- **Each run** starts a warehouse on the state that the first build left. The command of *first
  build*, *nothing new*, *day* and *worst day* is
  `dbt build --exclude-resource-types test unit_test`; that of *tests* is
  `dbt test --exclude-resource-type unit_test`. A step has at most as many runs as `--runs`
  says, and only one if it takes more than two minutes.
- **DuckDB**: `python -m medallion_local.bench.scale.lower_bound MANIFEST LAKE DATABASE` translates
  the compiled models with sqlglot and runs them as `CREATE TABLE AS` in a database file, without
  dbt. Its timestamps have no time zone. `conv` and `xxhash64` are replaced by functions of DuckDB.
- **CPU seconds** are those of the processes. The engine's are those of Sail's threads in the
  warehouse's process, or of Spark's process. **Peak memory** is the resident memory of dbt, the
  warehouse and the engine together, sampled every 0.2 s. **MiB written** counts all files of the
  tables that the step added.
- **Row counts and checksums** cover all columns, except those that say when a build ran.
- **The approaches** are the dbt project `medallion_local/bench/scale/others`. *Wrong* rows are in
  the approach's table but not in the true one; *missing* rows are only in the true one. Rows are
  compared by their values and by which version is current, not by the times of versions. The true
  tables are `dim_user` and `fct_streams`. Seconds are those of the model in a dbt run with one
  thread. `users_by_version_key` merges versions by user and beginning. `users_by_snapshot` is
  dbt's snapshot of the current state. The others merge the rows of the current state that are
  newer than a watermark: the newest `updated_at`, or the newest play.
"""
