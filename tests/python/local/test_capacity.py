"""The simulation of the fact table, the costs that follow from it, and the page."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home
from medallion_local import capacity
from medallion_local.capacity import costs, measure
from medallion_local.capacity.page import DESIGNS, WIDTH, report
from medallion_local.capacity.parameters import GB, MB, TB, WAREHOUSES, Parameters, measured, named
from medallion_local.capacity.table import (
    DAY,
    LIQUID,
    NONE,
    Design,
    Table,
    batches,
    daily_plays,
    files_of,
    groups,
    last,
    month,
    simulate,
    spread,
    target_bytes,
    touched,
)

# A file holds 100 rows. The days have about four files at the end.
SMALL = replace(
    Parameters(), plays=20_000, days=60, fact_bytes=10, file_bytes=1000, corrected=0.05, late=0.1
)
EVERY = [Design(layout, vectors) for layout in (NONE, DAY, LIQUID) for vectors in (False, True)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("docs")
    report(folder)
    yield folder


@pytest.mark.parametrize("total", [0, 1, 7, 1000])
def test_parts_are_whole_and_their_sum_is_the_total(total: int) -> None:
    parts = spread(total, np.array([3.0, 0.1, 0.1, 5.0]))
    assert parts.dtype == np.int64
    assert parts.sum() == total
    assert (parts >= 0).all()


def test_parts_follow_the_weights() -> None:
    assert spread(10, np.array([1.0, 1.0, 3.0])).tolist() == [2, 2, 6]


def test_plays_grow_to_the_given_factor() -> None:
    plays = daily_plays(SMALL)
    assert plays.sum() == SMALL.plays
    assert plays[-1] / plays[0] == pytest.approx(SMALL.growth, rel=0.01)


def test_each_play_arrives_once_and_never_before_its_day() -> None:
    for day, (plays, batch) in enumerate(zip(daily_plays(SMALL), batches(SMALL), strict=True)):
        assert len(batch.inserted) == len(batch.changed) == day + 1
        assert batch.inserted.sum() == plays
        assert batch.changed.sum() == round(plays * SMALL.corrected)
    late = batches(SMALL)[-1].inserted[:-1].sum()
    assert late == round(daily_plays(SMALL)[-1] * SMALL.late)


@pytest.mark.parametrize("design", EVERY, ids=str)
def test_no_row_is_lost_in_any_design(design: Design) -> None:
    run = simulate(SMALL, design)
    assert run.rows.tolist() == np.cumsum(daily_plays(SMALL)).tolist()
    assert (run.files * 100 >= run.rows - 1e-6).all(), "a file has more rows than fit into it"


@pytest.mark.parametrize(
    ("files", "changed", "expected"),
    [(4, 1, 1), (4, 2, 1.75), (1, 5, 1), (4, 0, 0), (0, 3, 0), (2, 1000, 2)],
)
def test_the_files_that_changes_lie_in(files: float, changed: float, expected: float) -> None:
    found = touched(np.array([files]), np.array([changed]))
    assert found[0] == pytest.approx(expected)


def table(vectors: bool) -> Table:
    """Two groups: four full files of ten rows, and none."""
    found = Table(SMALL, Design(DAY, vectors), 2, 10)
    found.rows[0], found.files[0] = 40, 4
    return found


def test_a_merge_that_copies_computed_by_hand() -> None:
    one = table(vectors=False)
    work = one.merge(np.array([0.0, 5.0]), np.array([2.0, 0.0]))
    # Two changed rows lie in 1.75 of four files, with 17.5 rows. They need two new files.
    assert work == pytest.approx(
        {"scanned": 40, "touched": 1.75, "copied": 15.5, "removed": 17.5, "actions": 4.75}
    )
    assert one.files.tolist() == [4.25, 1]
    assert one.rows.tolist() == [40, 5]
    assert one.dead.sum() == 0


def test_a_merge_with_vectors_computed_by_hand() -> None:
    one = table(vectors=True)
    work = one.merge(np.array([0.0, 5.0]), np.array([2.0, 0.0]))
    assert work == pytest.approx(
        {"scanned": 40, "touched": 1.75, "copied": 0, "removed": 0, "actions": 5.5}
    )
    assert one.files.tolist() == [5, 1]
    assert one.dead.tolist() == [2, 0]


def test_optimize_joins_small_files_and_purges_marked_rows() -> None:
    one = table(vectors=True)
    one.merge(np.array([1.0, 3.0]), np.array([1.0, 0.0]))
    one.merge(np.array([0.0, 4.0]), np.array([0.0, 0.0]))
    # Of the first group, 1 of 42 rows is marked: only the file of two rows would be rewritten.
    # The second group has two files that fit into one.
    done = one.optimize()
    assert one.files.tolist() == [5, 1]
    assert done == pytest.approx({"optimized": 7, "removed": 7, "actions": 3})
    one.merge(np.array([0.0, 0.0]), np.array([0.0, 1.0]))
    assert one.optimize()["optimized"] == 8, "more than a twentieth of the group is marked"
    assert one.dead.tolist() == [1, 0]
    assert one.optimize()["optimized"] == 0, "nothing is left to do"


def test_a_layout_and_vectors_reduce_what_a_merge_copies() -> None:
    none, day, vectors = (
        simulate(SMALL, Design(*one)) for one in ((NONE, False), (DAY, False), (DAY, True))
    )
    assert month(none.copied) > 1.5 * month(day.copied) > 0
    assert not vectors.copied.any()
    assert month(none.retained_bytes) > month(day.retained_bytes) > month(vectors.retained_bytes)


def test_older_corrections_cost_more() -> None:
    runs = [simulate(replace(SMALL, old=old), Design(DAY, False)) for old in (0, 0.1, 0.5)]
    for name in ("touched", "copied", "affected", "scanned"):
        values = [month(getattr(run, name)) for run in runs]
        assert values == sorted(values)
        assert values[0] < values[-1], name


def test_files_pile_up_without_optimize() -> None:
    weekly = simulate(SMALL, Design(DAY, True))
    never = simulate(replace(SMALL, optimize_days=10**9), Design(DAY, True))
    assert never.files[-1] > 2 * weekly.files[-1]
    assert (np.diff(never.files) >= 0).all()


def test_liquid_clustering_puts_small_days_into_one_file() -> None:
    arrived = np.array([40, 40, 40, 200, 200])
    assert groups(Design(LIQUID, True), arrived, 100).tolist() == [0, 0, 0, 1, 2]
    assert groups(Design(DAY, True), arrived, 100).tolist() == [0, 1, 2, 3, 4]
    assert groups(Design(NONE, True), arrived, 100).tolist() == [0, 0, 0, 0, 0]
    small = replace(SMALL, plays=600)
    assert len(list(files_of(small, DAY))) == 60
    assert len(list(files_of(small, NONE))) == 6
    assert sum(files_of(small, DAY)) == pytest.approx(sum(files_of(small, NONE)))


def test_the_sum_of_the_last_days() -> None:
    assert last(np.array([1.0, 2.0, 3.0, 4.0]), 2).tolist() == [1, 3, 5, 7]
    assert last(np.array([1.0, 2.0]), 7).tolist() == [1, 3]


def test_the_file_size_follows_the_table_size() -> None:
    sizes = [target_bytes(Parameters(), size) for size in (TB, 2.56 * TB, 6.28 * TB, 20 * TB)]
    assert sizes == pytest.approx([256 * MB, 256 * MB, 628 * MB, GB])


def test_a_larger_warehouse_is_faster_and_the_smallest_sufficient_one_is_chosen() -> None:
    p = replace(Parameters(), fixed_seconds=60, efficiency=0.5)
    assert costs.minutes(p, 4 * 3600, WAREHOUSES[0]) == pytest.approx(61)
    times = [costs.minutes(p, 1e6, one) for one in WAREHOUSES]
    assert times == sorted(times, reverse=True)
    run = simulate(SMALL, Design(DAY, True))
    assert costs.smallest(replace(SMALL, history_seconds=0), run) == WAREHOUSES[0]
    busy = replace(SMALL, history_seconds=1.2)  # 24,000 core seconds: 36 minutes on sixteen cores
    chosen = costs.smallest(busy, run)
    assert chosen is not None
    needed = sum(costs.build(busy, run).values())
    smaller = WAREHOUSES[WAREHOUSES.index(chosen) - 1]
    assert costs.minutes(busy, needed, chosen) <= 30 < costs.minutes(busy, needed, smaller)
    assert costs.smallest(replace(SMALL, history_seconds=1e6), run) is None


def test_data_factory_computed_by_hand() -> None:
    p = replace(
        Parameters(), plays=7200, days=1, corrected=0.5, source_bytes=100, diu=2, diu_bytes=250
    )
    found = costs.factory(p)
    # 7,200 inserts and 7,200 images of updates in a day; 500 bytes per second.
    assert found.changes_per_hour == 600
    assert found.copy_seconds == 120
    assert found.first_hours == pytest.approx(0.4)
    assert found.first_plays == 36_000
    assert found.copy_usd == pytest.approx((2 + 4) / 60 * 2 * 0.25 * 730)


def test_what_is_stored_is_what_landed() -> None:
    stored = costs.stored(SMALL, simulate(SMALL, Design(DAY, True)))
    landed = stored["landed files, 90 days"] + stored["landed files, archived"]
    assert landed == pytest.approx(20_000 * 1.1 * SMALL.landed_day_bytes)


def test_every_parameter_is_used_and_has_a_source() -> None:
    folder = Path(capacity.__file__).parent
    others = [file for file in folder.glob("*.py") if file.name != "parameters.py"]
    text = "\n".join(file.read_text(encoding="utf-8") for file in others)
    for one in named(Parameters()):
        assert one.unit and (one.source or one.kind == "assumed"), one.name
        assert f"p.{one.name}" in text or f"parameters.{one.name}" in text, one.name
    assert {one.kind for one in named(Parameters())} == {
        *("assumed", "measured", "not verified", "public")
    }


def test_every_measure_is_a_parameter() -> None:
    used = {getattr(Parameters(), one.name) for one in fields(Parameters)}
    assert set(measured().values()) <= used


def test_the_page_is_what_the_command_writes(written: Path) -> None:
    stored = (PROJECT_ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert (written / "scale.md").read_text(encoding="utf-8") == stored, (
        "run `python -m medallion_local.capacity`"
    )


def test_the_page_names_every_parameter_and_design_in_short_lines(written: Path) -> None:
    text = (written / "scale.md").read_text(encoding="utf-8")
    for name in [f"`{one.name}`" for one in named(Parameters())] + [f"| {d} |" for d in DESIGNS]:
        assert name in text
    prose = [line for line in text.splitlines() if not line.startswith("|")]
    assert max(map(len, prose)) <= WIDTH
    assert (written / "scale.png").read_bytes().startswith(b"\x89PNG")


def test_a_lakehouse_with_only_its_first_load_is_refused(tmp_path: Path) -> None:
    landed = tmp_path / "lake/bronze/azure_sql/dbo.FactStream"
    landed.mkdir(parents=True)
    (landed / "0x01.parquet").touch()
    with pytest.raises(MedallionError, match="only its first load"):
        measure.measure(Home(tmp_path), tmp_path)


def test_activity_runs_of_the_newest_run_with_those_that_it_started(tmp_path: Path) -> None:
    folder = tmp_path / "factory/runs"
    folder.mkdir(parents=True)
    runs = (
        ("old", None, 1, 9),
        ("new", None, 2, 3),
        ("child", "new", 3, 4),
        ("grandchild", "child", 4, 5),
    )
    for name, parent, start, count in runs:
        run = {"run_id": name, "invoked_by": parent, "started_at": f"2026-01-0{start}"}
        run["activities"] = [{}] * count
        (folder / f"{name}.json").write_text(json.dumps(run), encoding="utf-8")
    assert measure._activity_runs(Home(tmp_path)) == 3 + 4 + 5
