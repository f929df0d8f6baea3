"""Shrink failing scenarios: many candidates at once, each in its own key range and era."""

from collections.abc import Iterator
from dataclasses import replace

from conformance.compare import KEY_OF, Difference
from conformance.run import Run
from conformance.scenario import Change, Scenario
from oracle.changes import BEFORE, KEYS

FAILURES = 2  # failures of different tables to shrink
CANDIDATES = 60  # per failure and round
ROUNDS = 20
KEPT_COLUMNS = {"table", "_start_lsn", "_seqval", "_operation", "_commit_time", *KEYS.values()}


def shrink(run: Run, failures: int = FAILURES) -> Iterator[tuple[str, Scenario]]:
    """The smallest scenarios that still fail, one per set of differing tables, with their names.

    A scenario that fails only together with others of its era is reported and skipped.
    """
    for tables, numbers in sorted(_signatures(run).items(), key=lambda item: len(item[0]))[
        :failures
    ]:
        suspects = sorted(numbers, key=lambda number: run.world.scenarios[number].size())
        scenarios = [run.world.scenarios[number] for number in suspects[:CANDIDATES]]
        # A row's key identifies its scenario. A row's day does not: a neighbour may have caused it.
        judged = {*tables} & {*KEY_OF} or {*tables}
        small = _shrink_one(run, scenarios, judged)
        if small is None:
            run.report(f"no scenario fails alone in {', '.join(tables)}")
            continue
        seed, number = small.made.get("seed", 0), small.made.get("number", 0)
        name = f"{tables[0].partition('.')[2]}_{seed}_{number}"
        yield name, replace(small, why=f"differed in {', '.join(tables)}")


def _signatures(run: Run) -> dict[tuple[str, ...], set[int]]:
    """The scenarios that differ in the same tables: by key if possible, otherwise by era."""
    by_scenario: dict[int, set[str]] = {}
    for table, numbers in run.tables.items():
        for number in numbers:
            by_scenario.setdefault(number, set()).add(table)
    if any(tables & set(KEY_OF) for tables in by_scenario.values()):
        by_scenario = {n: tables for n, tables in by_scenario.items() if tables & set(KEY_OF)}
    signatures: dict[tuple[str, ...], set[int]] = {}
    for number, tables in by_scenario.items():
        signatures.setdefault(tuple(sorted(tables)), set()).add(number)
    return signatures


def _shrink_one(run: Run, suspects: list[Scenario], judged: set[str]) -> Scenario | None:
    """The smallest failing scenario, reduced from the smallest suspect that fails alone."""
    with_refresh = all("refresh" in one.stage for one in run.differences)
    failing = _try(run, suspects, judged, with_refresh)
    best = min(failing, key=Scenario.size) if failing else None
    droppable: list[set[int]] = []
    for number in range(ROUNDS):
        if best is None:
            break
        proposals = [*_unions(best, droppable), *smaller(best)]
        proposals = [one for one in proposals if one[0].size() < best.size()][:CANDIDATES]
        size = best.size()
        run.report(
            f"shrinking, round {number + 1}: {size[0]} deliveries, {len(proposals)} candidates"
        )
        tried = [one for one, _ in proposals]
        failed = _try(run, tried, judged, with_refresh) if tried else []
        if not failed:
            break
        kept = [dropped for one, dropped in proposals if dropped and any(one is f for f in failed)]
        smallest = min(failed, key=Scenario.size)
        [taken] = [dropped for one, dropped in proposals if one is smallest]
        droppable = [_renumbered(dropped - taken, taken) for dropped in kept if dropped - taken]
        best = smallest
    return best


def _try(
    run: Run, candidates: list[Scenario], judged: set[str], with_refresh: bool
) -> list[Scenario]:
    """The candidates that differ in the judged tables, all of them tried in the same builds.

    They share an era if a row's key identifies its scenario, because each era makes long marts
    longer.
    """
    era, apart = run.world.next_era, not judged <= {*KEY_OF}
    numbers = [run.world.add(one, era + apart * index) for index, one in enumerate(candidates)]
    found: list[Difference] = []
    for batch in range(max(len(one.batches) for one in candidates)):
        run.landing.land(run.world, numbers, batch)
        run.build(f"candidates, batch {batch + 1}")
        found += run.check("with candidates")
    if with_refresh:
        found += run.refresh()
    guilty = set().union(*(one.owners for one in found if one.table in judged))
    return [run.world.scenarios[number] for number in numbers if number in guilty]


def smaller(scenario: Scenario) -> Iterator[tuple[Scenario, set[int]]]:
    """Smaller scenarios, the largest reduction first, and the changes that each one drops."""
    count = len(scenario.changes)
    for batch in range(len(scenario.batches) - 1):
        yield _joined(scenario, batch), set()
    yield _plainly_delivered(scenario), set()
    if scenario.region != "plain":
        yield replace(scenario, region="plain"), set()
    drops = [{i for i, c in enumerate(scenario.changes) if c["table"] == table} for table in KEYS]
    drops.append({i for i, c in enumerate(scenario.changes) if c["_operation"] == BEFORE})
    size = count // 2
    while size:
        if count // size <= CANDIDATES:
            drops += [{*range(at, min(at + size, count))} for at in range(0, count, size)]
        size //= 2
    for dropped in drops:
        if dropped and len(dropped) < count:
            yield without(scenario, dropped), dropped
    if count <= 8:
        columns = sorted({c for change in scenario.changes for c in change} - KEPT_COLUMNS)
        for emptied in (columns, *(set(columns) - {c} for c in columns), *([c] for c in columns)):
            yield _emptied(scenario, {*emptied}), set()


def without(scenario: Scenario, dropped: set[int]) -> Scenario:
    """The scenario without some of its changes, and without empty batches at its end."""
    places = [place for place in range(len(scenario.changes)) if place not in dropped]
    renumbered = {place: index for index, place in enumerate(places)}
    batches = [
        {
            label: kept
            for label, rows in batch.items()
            if (kept := [renumbered[row] for row in rows if row in renumbered])
        }
        for batch in scenario.batches
    ]
    while len(batches) > 1 and not batches[-1]:
        batches.pop()
    return replace(scenario, changes=[scenario.changes[p] for p in places], batches=batches)


def _unions(scenario: Scenario, droppable: list[set[int]]) -> Iterator[tuple[Scenario, set[int]]]:
    """Changes that could be dropped alone, now dropped together: all, a half, a quarter."""
    for part in (1, 2, 4):
        size = len(droppable) // part
        for start in range(0, len(droppable), size) if size else ():
            dropped = set().union(*droppable[start : start + size])
            if dropped and len(dropped) < len(scenario.changes):
                yield without(scenario, dropped), dropped


def _renumbered(dropped: set[int], gone: set[int]) -> set[int]:
    return {place - sum(other < place for other in gone) for place in dropped}


def _joined(scenario: Scenario, batch: int) -> Scenario:
    """The scenario with a batch and the next one delivered together."""
    first, second = scenario.batches[batch : batch + 2]
    together = {label: first.get(label, []) + second.get(label, []) for label in (*first, *second)}
    batches = [*scenario.batches[:batch], together, *scenario.batches[batch + 2 :]]
    return replace(scenario, batches=batches)


def _plainly_delivered(scenario: Scenario) -> Scenario:
    """The scenario with each change delivered once, in its first batch, in plain files."""
    seen: set[int] = set()
    batches = []
    for batch in scenario.batches:
        rows = sorted({row for rows in batch.values() for row in rows} - seen)
        seen |= {*rows}
        batches.append({"plain": rows} if rows else {})
    while len(batches) > 1 and not batches[-1]:
        batches.pop()
    return replace(scenario, batches=batches)


def _emptied(scenario: Scenario, columns: set[str]) -> Scenario:
    """The scenario with NULL in the given columns."""

    def emptied(change: Change) -> Change:
        return {c: None if c in columns else value for c, value in change.items()}

    return replace(scenario, changes=[emptied(change) for change in scenario.changes])
