"""The tables equal the oracle's, even if the log is cut, redelivered or late, or builds are killed.

`make conformance N=10000 KILLS=20` runs more of it; `SEED=…` repeats a run.
"""

import secrets
from collections import Counter

import pytest

from conformance.__main__ import REGRESSIONS, play, reporter
from conformance.generate import generate
from conformance.kinds import ALL, LogFacts, kinds_of
from conformance.listings import LIST_KINDS, kinds_of_lists
from conformance.run import FULL_RUN, Run
from conformance.scenario import from_json, read_all, to_json
from conformance.shrink import shrink
from conformance.target import HomeTarget
from oracle import publish
from oracle.changes import AFTER, DELETE, INSERT
from support.oracle_target import OracleTarget

SCENARIOS, BATCHES, KILLS = 1000, 3, 3
SEED = secrets.randbelow(2**31)


def silent(line: str) -> None:
    pass


def few(tmp_path, spoil, seed=7, scenarios=12) -> Run:
    run = Run(OracleTarget(tmp_path, spoil), seed, silent)
    run.populate(scenarios, BATCHES, [])
    run.play(BATCHES, kills=0)
    return run


def test_generated__scenarios_have_every_kind(tmp_path):
    """Guards the test below against logs without difficult events."""
    print(f"seed {SEED}")
    run = Run(OracleTarget(tmp_path, dict), SEED, silent)
    run.populate(SCENARIOS, BATCHES, [*read_all(REGRESSIONS).values()])
    counts = Counter(kind for one in run.world.scenarios.values() for kind in kinds_of(one))
    assert not [kind for kind in ALL if not counts[kind]]
    assert kinds_of_lists(run.lists) == LIST_KINDS
    for batch in range(BATCHES):
        run.landing.land_lists(run.lists, batch)
        run.landing.land(run.world, [*run.world.scenarios], batch)
    published = publish(run.landing.history, run.landing.listings)
    movements = {row["movement"] for row in published["silver.fct_subscription_changes"]}
    assert len(movements) == 7
    for chart in ("gold.mart_top_tracks_weekly", "gold.mart_top_artists_weekly"):
        assert max(row["rank"] for row in published[chart]) == 100
    assert all(published.values())


@pytest.mark.parametrize("seed", [1, 3])  # seed 2 needs no replacement
def test_few_scenarios__have_every_kind_for_any_seed(tmp_path, seed):
    run = Run(OracleTarget(tmp_path, dict), seed, silent)
    run.populate(FULL_RUN, BATCHES, [])
    had = Counter(kind for one in run.world.scenarios.values() for kind in kinds_of(one))
    assert [*ALL] == [kind for kind in ALL if had[kind]]
    assert any("attempt" in one.made for one in run.world.scenarios.values())
    assert len(run.world.scenarios) == FULL_RUN


def test_logs_without_an_own_day__exist_in_large_runs(tmp_path):
    """An era has fewer days than a run of thousands has scenarios in an era."""
    made = [generate(SEED, number, BATCHES, [], []) for number in range(50)]
    days = {c["date_key"] for one in made for c in one.changes if c["table"] == "DimDate"}
    assert days - {None, -1} <= {0, 1, 2}


@pytest.mark.long
def test_thousand_logs__in_batches_killed_and_rebuilt_equal_the_oracle(tmp_path, capsys):
    target = HomeTarget(tmp_path)
    run = Run(target, SEED, reporter())
    try:
        target.up()
        same = play(run, SCENARIOS, BATCHES, KILLS, tmp_path / "shrunk")
    finally:
        target.down()
    assert run.refreshed
    assert len(run.kills) == KILLS
    assert same, capsys.readouterr().out


# --- the suite can fail -----------------------------------------------------------------------


def test_suite__agrees_with_the_oracle_itself(tmp_path):
    run = few(tmp_path, dict)
    assert not run.differences
    assert run.lacking == {"silver.reconciliation"}


def without(table, claim):
    return lambda history: history | {table: [c for c in history[table] if not claim(c)]}


@pytest.mark.parametrize(
    ("spoil", "table", "most_changes"),
    [
        pytest.param(
            without("DimUser", lambda change: change["_operation"] == DELETE),
            "silver.dim_user",
            2,
            id="deletes of users are ignored",
        ),
        pytest.param(
            without("FactStream", lambda change: change["_operation"] == AFTER),
            "silver.fct_streams",
            1,
            id="updates of plays are ignored",
        ),
    ],
)
def test_suite__finds_and_shrinks_an_injected_fault(
    tmp_path, monkeypatch, spoil, table, most_changes
):
    monkeypatch.setattr("conformance.shrink.CANDIDATES", 20)
    run = few(tmp_path, spoil)
    assert run.tables[table]
    shrunk = [scenario for _, scenario in shrink(run, failures=1)]
    assert min(len(scenario.changes) for scenario in shrunk) <= most_changes
    again = Run(OracleTarget(tmp_path / "again", spoil), 1, silent)
    again.populate(0, BATCHES, [from_json(to_json(scenario)) for scenario in shrunk])
    again.play(BATCHES, kills=0)
    assert again.guilty == {*range(len(shrunk))}


def test_suite__finds_a_single_change_that_did_not_land(tmp_path):
    run = Run(OracleTarget(tmp_path, dict), 7, silent)
    run.populate(60, BATCHES, [])
    lost = next(
        (number, change)
        for number, scenario in run.world.scenarios.items()
        for (table, key), own in LogFacts(scenario).by_key.items()
        for change in own
        if table == "DimArtist"
        and key not in (None, -1)
        and len(own) == 1
        and change["_operation"] == INSERT
    )
    number, change = lost
    row = run.world.places[number].row(change)
    identity = [row[c] for c in ("artist_id", "_start_lsn", "_seqval")]
    run.landing.dropped = lambda table, one: (
        table == "DimArtist"
        and [one[c] for c in ("artist_id", "_start_lsn", "_seqval")] == identity
    )
    run.play(BATCHES, kills=0)
    assert number in run.tables["silver.dim_artist"]


def test_scenario__is_equal_after_saving_and_loading():
    for scenario in read_all(REGRESSIONS).values():
        assert from_json(to_json(scenario)) == scenario
