"""Simulates the fact table day by day: rows, files, and the work of each MERGE and OPTIMIZE.

The simulation is deterministic. Row counts are whole and are conserved. Counts of files that a
MERGE affects are expected values, because rows of a key lie anywhere in the files of their group.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from medallion_local.capacity.parameters import GB, TB, Parameters

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]

NONE, DAY, LIQUID = "none", "day", "liquid"


@dataclass(frozen=True)
class Design:
    """How the table is stored.

    `layout`: rows lie in any file (`none`), are partitioned by the day of the play (`day`), or are
    clustered by it (`liquid`, in which small days share a file). `vectors`: a MERGE marks replaced
    rows in deletion vectors instead of copying the other rows of their files.
    """

    layout: str
    vectors: bool


@dataclass(frozen=True)
class Batch:
    """The plays that a build adds, and those that it changes, by the day of the play."""

    inserted: Counts
    changed: Counts


@dataclass(frozen=True)
class Run:
    """What the table is after each day, and the work of that day; one value per day."""

    rows: Numbers
    files: Numbers
    excess: Numbers  # files beyond the smallest possible number
    touched: Numbers  # files that the MERGE replaces or marks
    scanned: Numbers  # rows whose keys the MERGE reads
    copied: Numbers  # unchanged rows that the MERGE writes again
    changed: Numbers  # rows inserted or changed
    affected: Numbers  # rows of the affected days, which the marts recompute
    optimized: Numbers  # rows that OPTIMIZE writes
    live_bytes: Numbers
    retained_bytes: Numbers  # of removed files that VACUUM keeps
    log_bytes: Numbers


def spread(total: int, weights: Numbers) -> Counts:
    """Whole parts of `total` in proportion to weights; their sum is `total`."""
    edges = np.rint(np.cumsum(weights) / weights.sum() * total).astype(np.int64)
    return np.diff(edges, prepend=np.int64(0))


def daily_plays(parameters: Parameters) -> Counts:
    """The plays that arrive on each day; their sum is `parameters.plays`."""
    return spread(int(parameters.plays), np.linspace(1.0, parameters.growth, int(parameters.days)))


def ages(parameters: Parameters, day: int) -> Numbers:
    """The share of changed plays by age, from 0 to `day` days."""
    kept = 0.5 ** (1 / parameters.half_life)
    recent = (1 - kept) * kept ** np.arange(day + 1)
    return recent / recent.sum() * (1 - parameters.old) + parameters.old / (day + 1)


@lru_cache(maxsize=4)
def batches(parameters: Parameters) -> tuple[Batch, ...]:
    """The batch of each day. The last element of its arrays is that day."""
    found = []
    for day, plays in enumerate(daily_plays(parameters).tolist()):
        shares = ages(parameters, day)
        late = round(plays * parameters.late) if day else 0
        inserted = np.zeros(day + 1, dtype=np.int64)
        inserted[day] = plays - late
        if late:
            inserted[:day] = spread(late, shares[:-1])[::-1]
        changed = spread(round(plays * parameters.corrected), shares)[::-1]
        found.append(Batch(inserted, changed))
    return tuple(found)


def target_bytes(parameters: Parameters, table_bytes: float) -> float:
    """The file size that Databricks chooses for a table of this size."""
    grown = (table_bytes - 2.56 * TB) / (10 * TB - 2.56 * TB)
    return parameters.file_bytes + min(max(grown, 0), 1) * (GB - parameters.file_bytes)


def touched(files: Numbers, changed: Numbers) -> Numbers:
    """The expected number of files in which the changed rows lie, if all files are alike."""
    several = np.maximum(files, 1)
    return np.minimum(files, several * (1 - (1 - 1 / several) ** changed))


def groups(design: Design, arrived: Counts, file_rows: float) -> Counts:
    """The group of files in which the rows of each day lie."""
    if design.layout == NONE:
        return np.zeros(len(arrived), dtype=np.int64)
    if design.layout == DAY:
        return np.arange(len(arrived), dtype=np.int64)
    before = np.cumsum(arrived) - arrived
    found: Counts = np.unique(before // max(int(file_rows), 1), return_inverse=True)[1]
    return found


class Table:
    """The files of the table by group, which `merge` and `optimize` change."""

    def __init__(self, parameters: Parameters, design: Design, count: int, file_rows: float):
        self.parameters, self.design, self.file_rows = parameters, design, file_rows
        self.rows = np.zeros(count)
        self.dead = np.zeros(count)  # rows that deletion vectors mark
        self.files = np.zeros(count)
        self.loose = np.zeros(count)  # rows in files below the target size

    def merge(self, inserted: Numbers, changed: Numbers) -> dict[str, float]:
        """One MERGE with the rows of a batch by group; returns the work, in rows and files."""
        hit = (inserted + changed) > 0
        physical = self.rows + self.dead
        files = touched(self.files, changed)
        share = np.divide(files, self.files, out=np.zeros_like(files), where=self.files > 0)
        work = {"scanned": physical[hit].sum(), "touched": files.sum()}
        if self.design.vectors:
            written, removed = inserted + changed, np.zeros_like(files)
            self.dead += changed
            copied = 0.0
            actions = 2 * files.sum()  # the file is removed, and added with its vector
        else:
            removed = share * physical
            written = removed + inserted
            copied = (removed - np.minimum(changed, removed)).sum()
            self.files -= files
            self.loose *= 1 - share
            actions = files.sum()
        added = np.ceil(written / self.file_rows)
        self.loose += written % self.file_rows
        self.files += added
        self.rows += inserted
        return work | {
            "copied": copied,
            "removed": removed.sum(),
            "actions": actions + added.sum(),
        }

    def optimize(self) -> dict[str, float]:
        """One OPTIMIZE: joins small files, and rewrites groups with many marked rows."""
        physical = self.rows + self.dead
        least = self.least()
        purged = self.dead > self.parameters.vector_purge * physical
        joined = (self.files > least) & (self.loose > 0) & ~purged
        rewritten = np.where(purged, physical, np.where(joined, self.loose, 0))
        rewritten = np.minimum(rewritten, physical)
        before = self.files[purged | joined].sum()
        self.dead[purged] = 0
        self.files = np.where(purged | joined, self.least(), self.files)
        self.loose[purged | joined] = 0
        return {
            "optimized": rewritten.sum(),
            "removed": rewritten.sum(),
            "actions": before + self.files[purged | joined].sum(),
        }

    def least(self) -> Numbers:
        """The smallest number of files for the stored rows, by group."""
        found: Numbers = np.ceil((self.rows + self.dead) / self.file_rows)
        return found


@lru_cache(maxsize=32)
def simulate(parameters: Parameters, design: Design) -> Run:
    """Every day of the period: one MERGE with the day's batch, and OPTIMIZE in its rhythm."""
    arrived = daily_plays(parameters)
    size = parameters.plays * parameters.fact_bytes
    file_rows = target_bytes(parameters, size) / parameters.fact_bytes
    group = groups(design, arrived, file_rows)
    count = int(group.max()) + 1
    table = Table(parameters, design, count, file_rows)
    by_day = np.zeros(len(arrived))
    records = []
    for day, batch in enumerate(batches(parameters)):
        hit = group[: day + 1]
        inserted = _grouped(hit, batch.inserted, count)
        changed = _grouped(hit, batch.changed, count)
        work = table.merge(inserted, changed)
        by_day[: day + 1] += batch.inserted
        affected = by_day[: day + 1][(batch.inserted + batch.changed) > 0].sum()
        work |= {"optimized": 0.0, "commits": 1.0}
        if (day + 1) % parameters.optimize_days == 0:
            done = table.optimize()
            work["optimized"] = done["optimized"]
            work["removed"] += done["removed"]
            work["actions"] += done["actions"]
            work["commits"] += 1
        work |= {
            "rows": table.rows.sum(),
            "physical": (table.rows + table.dead).sum(),
            "files": table.files.sum(),
            "excess": (table.files - table.least()).sum(),
            "changed": float(batch.inserted.sum() + batch.changed.sum()),
            "affected": affected,
        }
        records.append(work)
    return _run(parameters, {name: np.array([one[name] for one in records]) for name in records[0]})


def _grouped(group: Counts, rows: Counts, count: int) -> Numbers:
    return np.bincount(group, weights=rows, minlength=count).astype(np.float64, copy=False)


def _run(parameters: Parameters, days: dict[str, Numbers]) -> Run:
    kept = last(days["removed"], parameters.vacuum_days)
    tombstones = last(days["actions"], parameters.vacuum_days)
    checkpoint = (days["files"] + tombstones) * days["commits"] / parameters.checkpoint_commits
    names = [name for name in Run.__dataclass_fields__ if not name.endswith("_bytes")]
    return Run(
        **{name: days[name] for name in names},
        live_bytes=days["physical"] * parameters.fact_bytes,
        retained_bytes=kept * parameters.fact_bytes,
        log_bytes=last(days["actions"] + checkpoint, parameters.log_days) * parameters.action_bytes,
    )


def last(values: Numbers, days: float) -> Numbers:
    """For each day, the sum of its value and of those of the `days` - 1 days before it."""
    sums: Numbers = np.cumsum(values)
    before = np.concatenate([np.zeros(int(days)), sums])[: len(sums)]
    found: Numbers = sums - before
    return found


def month(values: Numbers) -> float:
    """The mean of the last 28 days: four weeks, each with its OPTIMIZE."""
    return float(values[-28:].mean())


def files_of(parameters: Parameters, layout: str) -> Iterator[float]:
    """Bytes of each file right after OPTIMIZE, without any simulation."""
    size = parameters.plays * parameters.fact_bytes
    target = target_bytes(parameters, size)
    parts = [size]
    if layout == DAY:
        parts = (daily_plays(parameters) * parameters.fact_bytes).tolist()
    for part in parts:
        count = int(np.ceil(part / target))
        yield from [part / count] * count
