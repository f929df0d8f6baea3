"""A run: land a batch, build, compare with the oracle; finally refresh and compare again."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.compare import Difference, compare
from conformance.delivery import Backfill, backfills_of_era
from conformance.generate import AT_THE_EDGE, CALENDAR_DAYS, generate
from conformance.kinds import complete
from conformance.land import Landing
from conformance.listings import Delivery, chronicle
from conformance.place import PLAN_GROUPS, World
from conformance.scenario import Scenario
from conformance.target import HomeTarget, Kill, Target
from oracle import PUBLISHED, publish
from support.published_tables import PUBLISHED_COLUMNS, resolve_keys

SHARING = 4  # minimum number of scenarios in an era
MOST_ERAS = 40  # limits marts with a row per two weeks, or per plan and day
FULL_RUN = 100  # number of scenarios from which each kind occurs
CROWD = 40  # scenarios in the first era: its charts exceed 100 rows
JUMPS = (0, 1, -1, 7200, -7200, 10 * 365 * 86_400, -10 * 365 * 86_400)  # of the clock, in seconds
Report = Callable[[str], None]


@dataclass
class Run:
    """The scenarios that run through a project, and the differences found."""

    target: Target
    seed: int
    report: Report
    world: World = field(default_factory=World)
    lists: list[Delivery] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    lacking: set[str] = field(default_factory=set)
    landing: Landing = field(init=False)
    tables: dict[str, set[int]] = field(default_factory=dict)  # table -> differing scenarios
    mismatched: set[str] = field(default_factory=set)  # tables with differing rows of no scenario
    refreshed: bool = False

    def __post_init__(self) -> None:
        self.landing = Landing(self.target.lake)
        self._dice = random.Random(f"{self.seed}/kills")
        self._victims: list[str] = []

    def populate(self, scenarios: int, batches: int, kept: list[Scenario]) -> None:
        """Generate this many scenarios that share eras, and add the kept ones in eras of their own.

        A full run has each kind of scenario, whatever its seed.
        """
        settings: list[tuple[int, list[int], list[Backfill]]] = []
        for era, numbers in enumerate(eras(scenarios)):
            backfills = backfills_of_era(self.seed, era, batches)
            for index in range(len(numbers)):
                own_days = [*range(index, CALENDAR_DAYS, len(numbers))]
                settings.append((era, own_days, backfills))

        def again(number: int, attempt: int = 0) -> Scenario:
            return generate(self.seed, number, batches, *settings[number][1:], attempt=attempt)

        generated = [again(number) for number in range(len(settings))]
        if scenarios >= FULL_RUN:
            complete(generated, again, AT_THE_EDGE)
        for (era, _, _), scenario in zip(settings, generated, strict=True):
            self.world.add(scenario, era)
        for scenario in kept:
            self.world.add(scenario, self.world.next_era)
        self.lists = chronicle(self.seed, self.world, PLAN_GROUPS, batches)

    def play(self, batches: int, kills: int) -> None:
        """Land all batches, build and compare after each one; then refresh and compare again."""
        numbers = [*self.world.scenarios]
        self._victims = [["dbt", "warehouse"][index % 2] for index in range(kills)]
        for batch in range(batches):
            self.landing.land_lists(self.lists, batch)
            self.landing.land(self.world, numbers, batch)
            due = -(-len(self._victims) // (batches - batch))
            self.build(f"batch {batch + 1} of {batches}", due)
            self.check(f"after batch {batch + 1}")
        self.refresh()

    def build(self, name: str, kills: int = 0) -> None:
        """Build. Before that, start and kill `kills` builds, from which this build must recover."""
        for _ in range(kills):
            self._kill_a_build(name, self._victims.pop(0))
        self._jump()
        self.report(f"building {name}")
        self.target.build()

    def _jump(self) -> None:
        """Set the clock wrong: for the whole build, or differently for each of its statements."""
        jumps = self._dice.choices(JUMPS, k=self._dice.choice([1, 1, 7]))
        self.target.set_clock(jumps)
        self.report(f"the clock is ahead by {', '.join(map(str, jumps))} s")

    def _kill_a_build(self, name: str, victim: str) -> None:
        """Kill a build at a random moment. If the build ended before, try an earlier moment."""
        if not isinstance(self.target, HomeTarget):
            raise RuntimeError("Only a build in a home of its own can be killed.")
        self._jump()
        after = self._dice.uniform(0.1, 0.9) * self.target.duration
        while not self.target.build_with_kill(victim, after):
            after *= 0.6
        self.kills.append(Kill(victim, after, name))
        self.report(str(self.kills[-1]))

    def check(self, stage: str) -> list[Difference]:
        """Compare every published table with the oracle's, for all changes landed so far."""
        published = self.target.read()
        expected = publish(self.landing.history, self.landing.listings)
        resolved = resolve_keys(published)
        found = []
        for table in PUBLISHED:
            if table not in resolved:
                self.lacking.add(table)
                continue
            there = resolved[table]
            self.lacking |= _lacking_columns(table, there)
            found += [compare(self.world, table, stage, there, expected[table])]
        return self._note([one for one in found if one is not None])

    def refresh(self) -> list[Difference]:
        """Rebuild everything from the log: every row must stay equal, including surrogate keys."""
        before = self.target.read()
        self._jump()
        self.report("full refresh")
        self.refreshed = self.target.refresh()
        if not self.refreshed:
            return []
        after = self.target.read()
        stage = "after a full refresh"
        found = [
            compare(self.world, table, stage, after.get(table, []), rows)
            for table, rows in before.items()
        ]
        return self._note([one for one in found if one is not None])

    def _note(self, found: list[Difference]) -> list[Difference]:
        self.differences += found
        for one in found:
            self.tables.setdefault(one.table, set()).update(one.owners)
            if not one.owners:
                self.mismatched.add(one.table)
        return found

    @property
    def guilty(self) -> set[int]:
        """The scenarios with a difference in any table."""
        return set().union(*self.tables.values()) if self.tables else set()


def eras(scenarios: int) -> list[list[int]]:
    """The numbers of the scenarios in each era. The first era is crowded."""
    crowd = min(CROWD, scenarios // 2)
    numbers = [*range(scenarios)]
    shared = max(SHARING, -(-scenarios // MOST_ERAS))
    rest = numbers[crowd:]
    first = [numbers[:crowd]] if crowd else []
    return first + [rest[start : start + shared] for start in range(0, len(rest), shared)]


def _lacking_columns(table: str, rows: list[dict]) -> set[str]:
    expected = {c for c in PUBLISHED_COLUMNS[table].split() if not c.endswith("_key")}
    return {f"{table}.{column}" for column in expected - set(rows[0])} if rows else set()
