"""The kinds of events in a scenario, counted so that no test passes on logs without them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise, product
from typing import Any

from conformance.generate import EXTREMES
from conformance.scenario import Change, Scenario
from oracle.changes import AFTER, BEFORE, DELETE, INSERT, KEYS, is_placed, order
from oracle.dimensions import OTHERS, TEXTS
from oracle.facts import EARLIEST_PLAY, broken_rules

MICROSECOND = timedelta(microseconds=1)
MOST_ATTEMPTS = 200  # per scenario number, to generate a missing kind
Events = list[Change]


class LogFacts:
    """A scenario's changes, grouped as the kinds below need them."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.changes = scenario.changes
        self.by_key: dict[tuple[str, Any], Events] = defaultdict(list)
        for change in self.changes:
            if change["_operation"] != BEFORE and is_placed(change):
                self.by_key[change["table"], change[KEYS[change["table"]]]].append(change)
        self.arrivals: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for batch, files in enumerate(scenario.batches):
            for label, rows in files.items():
                for row in rows:
                    self.arrivals[row].append((batch, label))
        self.first = [self.arrivals[place][0][0] for place in range(len(self.changes))]
        self.labels = [set(batch) for batch in scenario.batches]

    def of(self, table: str) -> dict[Any, Events]:
        """The changes of each key of a table, without before-images."""
        return {key: own for (name, key), own in self.by_key.items() if name == table}

    @property
    def keyed(self) -> Iterator[tuple[str, Events]]:
        """The changes of each key of all tables, without NULL keys."""
        return ((table, own) for (table, key), own in self.by_key.items() if key not in (None, -1))

    @property
    def pairs(self) -> Iterator[tuple[str, Change, Change]]:
        """Each change of a key with the previous one."""
        for table, own in self.keyed:
            for before, after in pairwise(own):
                yield table, before, after

    @property
    def plays(self) -> list[Change]:
        """Changes of plays that the rules accept."""
        own = (c for changes in self.of("FactStream").values() for c in changes)
        return [c for c in own if c["_operation"] != DELETE and not broken_rules(c)]

    def boundaries(self, operations: tuple[int, ...]) -> set[tuple[str, Any, datetime]]:
        """The times at which such an operation changed a member that plays name."""
        return {
            (table, change[KEYS[table]], change["_commit_time"])
            for table, own in self.keyed
            if table in ("DimUser", "DimTrack")
            for change in own
            if change["_operation"] in operations
        }

    def plays_at(self, operations: tuple[int, ...], offset: timedelta) -> bool:
        """Whether a play begins at, or next to, such a time of its user or track."""
        at = self.boundaries(operations)
        return any(
            (table, play[KEYS[table]], play["stream_timestamp"] - offset) in at
            for play in self.plays
            for table in ("DimUser", "DimTrack")
        )


def _same_attributes(table: str, one: Change, other: Change) -> bool:
    return all(one[column] == other[column] for column in TEXTS[table] + OTHERS[table])


def _reinserts(facts: LogFacts) -> Iterator[tuple[str, Change, Change]]:
    return (
        pair
        for pair in facts.pairs
        if pair[1]["_operation"] == DELETE and pair[2]["_operation"] != DELETE
    )


def _updates(facts: LogFacts) -> Iterator[tuple[str, Change, Change]]:
    return (
        pair
        for pair in facts.pairs
        if pair[0] in TEXTS and pair[1]["_operation"] != DELETE and pair[2]["_operation"] == AFTER
    )


def _late_dimension(facts: LogFacts) -> bool:
    first: dict[tuple[str, Any], int] = {}
    for place, change in enumerate(facts.changes):
        key = (change["table"], change[KEYS[change["table"]]])
        first[key] = min(first.get(key, facts.first[place]), facts.first[place])
    return any(
        facts.first[place] < first.get((table, change[KEYS[table]]), -1)
        for place, change in enumerate(facts.changes)
        if change["table"] == "FactStream"
        for table in ("DimUser", "DimTrack")
    )


def _deleted_while_played(facts: LogFacts) -> bool:
    played = {play["user_id"] for play in facts.plays}
    return any(
        own[-1]["_operation"] == DELETE and key in played
        for key, own in facts.of("DimUser").items()
    )


def _versions_in_a_batch(facts: LogFacts) -> bool:
    together: dict[tuple, set] = defaultdict(set)
    for place, change in enumerate(facts.changes):
        if change["table"] in TEXTS and change["_operation"] != BEFORE:
            key = (change["table"], change[KEYS[change["table"]]], facts.first[place])
            together[key].add(change["_commit_time"])
    return any(len(times) > 2 for times in together.values())


def _out_of_order(facts: LogFacts) -> bool:
    arrived: dict[tuple, int] = {}
    for place, change in enumerate(facts.changes):
        if change["_operation"] == BEFORE:
            continue
        key = (change["table"], change[KEYS[change["table"]]])
        if facts.first[place] < arrived.get(key, -1):
            return True
        arrived[key] = max(arrived.get(key, -1), facts.first[place])
    return False


def _first_load(facts: LogFacts) -> bool:
    together: dict[tuple, set] = defaultdict(set)
    for table, own in facts.keyed:
        for change in own:
            together[table, order(change)].add(change[KEYS[table]])
    return any(len(keys) > 1 for keys in together.values())


def _has_null(table: str, column: str) -> Callable[[LogFacts], bool]:
    return lambda facts: any(
        change["table"] == table and change[column] is None and change["_operation"] != BEFORE
        for change in facts.changes
    )


def _shaped(shape: str) -> Callable[[LogFacts], bool]:
    return lambda facts: any(label.startswith(shape) for labels in facts.labels for label in labels)


def _rest_beside_the_whole(facts: LogFacts) -> bool:
    """What is left of a range lands beside the file that the range had before the cleanup."""
    whole: set[str] = set()
    for labels in facts.labels:
        whole |= {
            label for label in labels if label.startswith("backfill") and "since" not in label
        }
        rests = {label.partition("_since_")[0] for label in labels if _is_rest(label)}
        if rests & whole:
            return True
    return False


def _is_rest(label: str) -> bool:
    return label.startswith("backfill") and "_since_" in label


def _first_in_a_rest(facts: LogFacts) -> bool:
    """A change that no other file has brought when what is left of its range lands."""
    return any(
        {label for batch, label in came if batch == came[0][0]} == {came[0][1]}
        and _is_rest(came[0][1])
        for came in facts.arrivals.values()
    )


def _removed_then_late(facts: LogFacts) -> bool:
    """A change that a cleanup removed and a backfill therefore lacks lands in a later batch."""
    return any(
        facts.first[place] > batch
        and is_placed(change)
        and change["_start_lsn"] < int(label.rpartition("_")[2])
        for batch, labels in enumerate(facts.labels)
        for label in labels
        if "_since_" in label
        for place, change in enumerate(facts.changes)
    )


def _play(claim: Callable[[Change], bool]) -> Callable[[LogFacts], bool]:
    return lambda facts: any(claim(play) for play in facts.plays)


def _is_midnight(moment: datetime) -> bool:
    return moment.time() == datetime.min.time()


def _is_extreme(change: Change) -> bool:
    return change.get("stream_timestamp") in EXTREMES


def _turned_extreme(claim: Callable[[Change, Change], bool]) -> Callable[[LogFacts], bool]:
    return lambda facts: any(
        claim(before, after) for table, before, after in facts.pairs if table == "FactStream"
    )


def _quarantined(claim: Callable[[bool, bool], bool]) -> Callable[[LogFacts], bool]:
    return lambda facts: any(
        claim(bool(broken_rules(before)), bool(broken_rules(after)))
        for table, before, after in facts.pairs
        if table == "FactStream" and DELETE not in (before["_operation"], after["_operation"])
    )


def _against_the_clock(facts: LogFacts) -> Iterator[tuple[str, Change, Change]]:
    """Changes of a member whose commit time is before that of the previous change."""
    return (
        pair
        for pair in facts.pairs
        if pair[0] in TEXTS and pair[1]["_commit_time"] > pair[2]["_commit_time"]
    )


def _late_and_against_the_clock(facts: LogFacts) -> bool:
    """A change arrives after its successor in the log, and delays the successor's effect."""
    places = {id(change): place for place, change in enumerate(facts.changes)}
    return any(
        facts.first[places[id(before)]] > facts.first[places[id(after)]]
        for _, before, after in _against_the_clock(facts)
    )


def _first_seen(days: int) -> Callable[[LogFacts], bool]:
    """A user whose first change, in log order, is this many days after the account began."""

    def has(facts: LogFacts) -> bool:
        first = (own[0] for key, own in facts.of("DimUser").items() if key not in (None, -1))
        return any(
            change["start_date"] is not None
            and change["end_date"] is None
            and (change["_commit_time"].date() - change["start_date"]).days == days
            for change in first
        )

    return has


ALL: dict[str, Callable[[LogFacts], bool]] = {
    "a commit time before that of the previous change": lambda facts: any(
        _against_the_clock(facts)
    ),
    "deleted before it was inserted, by the clock": lambda facts: any(
        before["_operation"] == INSERT and after["_operation"] == DELETE
        for _, before, after in _against_the_clock(facts)
    ),
    "reinserted before it was deleted, by the clock": lambda facts: any(
        before["_operation"] == DELETE for _, before, after in _against_the_clock(facts)
    ),
    "a late change that delays its successor in the log": _late_and_against_the_clock,
    "two transactions of a key with one commit time": lambda facts: any(
        before["_commit_time"] == after["_commit_time"]
        and before["_start_lsn"] != after["_start_lsn"]
        for _, before, after in facts.pairs
    ),
    "two changes of a key in a transaction": lambda facts: any(
        before["_start_lsn"] == after["_start_lsn"] for _, before, after in facts.pairs
    ),
    "two operations at one position of the log": lambda facts: any(
        order(before)[:2] == order(after)[:2] for _, before, after in facts.pairs
    ),
    "out of order": _out_of_order,
    "delivered twice": lambda facts: any(len({*came}) > 1 for came in facts.arrivals.values()),
    "twice in one file": lambda facts: any(len({*c}) < len(c) for c in facts.arrivals.values()),
    "a file overwritten with more": lambda facts: (
        sum("rerun" in labels for labels in facts.labels) > 1
    ),
    "a backfill": _shaped("backfill"),
    "a backfill refused after a cleanup": _shaped("refused"),
    "the rest of a backfill after a cleanup": lambda facts: any(
        _is_rest(label) for labels in facts.labels for label in labels
    ),
    "the rest of a backfill beside the whole file": _rest_beside_the_whole,
    "a change that first lands in the rest of a backfill": _first_in_a_rest,
    "a change that was removed before a backfill, and lands later": _removed_then_late,
    "deleted": lambda facts: any(c["_operation"] == DELETE for c in facts.changes),
    "reinserted": lambda facts: any(_reinserts(facts)),
    "reinserted in the transaction of the delete": lambda facts: any(
        before["_start_lsn"] == after["_start_lsn"] for _, before, after in _reinserts(facts)
    ),
    "reinserted by another transaction at the time of the delete": lambda facts: any(
        before["_start_lsn"] != after["_start_lsn"]
        and before["_commit_time"] == after["_commit_time"]
        for _, before, after in _reinserts(facts)
    ),
    "a key reused for another row": lambda facts: any(
        table in TEXTS
        and before["_commit_time"] < after["_commit_time"]
        and not _same_attributes(table, before, after)
        for table, before, after in _reinserts(facts)
    ),
    "an update that changes nothing": lambda facts: any(
        _same_attributes(*pair) and pair[1].get("updated_at") == pair[2].get("updated_at")
        for pair in _updates(facts)
    ),
    "an update of updated_at alone": lambda facts: any(
        _same_attributes(*pair) and pair[1].get("updated_at") != pair[2].get("updated_at")
        for pair in _updates(facts)
    ),
    "a delete of an unknown key": lambda facts: any(
        own[0]["_operation"] == DELETE for _, own in facts.keyed
    ),
    "an insert over an existing row": lambda facts: any(
        before["_operation"] != DELETE and after["_operation"] == INSERT
        for _, before, after in facts.pairs
    ),
    "a dimension later than its plays": _late_dimension,
    "a dimension deleted while its plays exist": _deleted_while_played,
    "a track changes its artist": lambda facts: any(
        table == "DimTrack" and before["artist_id"] != after["artist_id"]
        for table, before, after in _updates(facts)
    ),
    "several versions in a batch": _versions_in_a_batch,
    "a first load": _first_load,
    "an empty string": lambda facts: any("" in change.values() for change in facts.changes),
    "a text that is Unknown": lambda facts: any("Unknown" in c.values() for c in facts.changes),
    "the reserved key": lambda facts: any(key == -1 for _, key in facts.by_key),
    "a track of the reserved artist": lambda facts: any(
        change["artist_id"] == -1 for own in facts.of("DimTrack").values() for change in own
    ),
    "a change without a position in the log": lambda facts: not all(map(is_placed, facts.changes)),
    "an account of the day before it was seen": _first_seen(1),
    "an account of two days before it was seen": _first_seen(2),
    "no user_id of a user": _has_null("DimUser", "user_id"),
    "no country": _has_null("DimUser", "country"),
    "no subscription_type": _has_null("DimUser", "subscription_type"),
    "no artist_id of a track": _has_null("DimTrack", "artist_id"),
    "no duration of a track": _has_null("DimTrack", "duration_sec"),
    "no stream_id": _has_null("FactStream", "stream_id"),
    "no user_id of a play": _has_null("FactStream", "user_id"),
    "no track_id of a play": _has_null("FactStream", "track_id"),
    "no stream_timestamp": _has_null("FactStream", "stream_timestamp"),
    "no listen_duration": _has_null("FactStream", "listen_duration"),
    "no device_type": _has_null("FactStream", "device_type"),
    "no date_key of a day": _has_null("DimDate", "date_key"),
    "no date of a day": _has_null("DimDate", "date"),
    "a negative listen_duration": lambda facts: any(
        (change.get("listen_duration") or 0) < 0 for change in facts.changes
    ),
    "a good play made bad": _quarantined(lambda before, after: after and not before),
    "a bad play corrected": _quarantined(lambda before, after: before and not after),
    "a play in the first moment of 2006": _play(lambda p: p["stream_timestamp"] == EARLIEST_PLAY),
    "a play before 2006": lambda facts: any(
        (change.get("stream_timestamp") or EARLIEST_PLAY) < EARLIEST_PLAY
        for change in facts.changes
    ),
    "a play at the beginning of time": lambda facts: any(
        change.get("stream_timestamp") == datetime.min for change in facts.changes
    ),
    "a play at the end of time": lambda facts: any(
        change.get("stream_timestamp") == datetime.max for change in facts.changes
    ),
    "a good play made extreme": _turned_extreme(
        lambda before, after: _is_extreme(after) and not broken_rules(before)
    ),
    "an extreme play corrected": _turned_extreme(
        lambda before, after: (
            _is_extreme(before) and after["_operation"] != DELETE and not broken_rules(after)
        )
    ),
    "an extreme play deleted": _turned_extreme(
        lambda before, after: _is_extreme(before) and after["_operation"] == DELETE
    ),
    "an extreme play that remains": lambda facts: any(
        _is_extreme(own[-1]) for own in facts.of("FactStream").values()
    ),
    "a play a day after its commit": _play(
        lambda p: p["stream_timestamp"] - p["_commit_time"] == timedelta(days=1)
    ),
    "a play a little more than a day after its commit": lambda facts: any(
        timedelta(days=1)
        < change["stream_timestamp"] - change["_commit_time"]
        <= timedelta(days=1, seconds=1)
        for change in facts.changes
        if change.get("stream_timestamp") and change["_commit_time"]
    ),
    "a play when a version begins": lambda facts: facts.plays_at((INSERT, AFTER), timedelta()),
    "a play a microsecond before": lambda facts: facts.plays_at((INSERT, AFTER), -MICROSECOND),
    "a play a microsecond after": lambda facts: facts.plays_at((INSERT, AFTER), MICROSECOND),
    "a play when a member is deleted": lambda facts: facts.plays_at((DELETE,), timedelta()),
    "a play a microsecond before the delete": lambda facts: facts.plays_at((DELETE,), -MICROSECOND),
    "a play at midnight": _play(lambda p: _is_midnight(p["stream_timestamp"])),
    "a play as a week begins": _play(
        lambda p: _is_midnight(p["stream_timestamp"]) and p["stream_timestamp"].weekday() == 0
    ),
    "a play a microsecond before midnight": _play(
        lambda p: _is_midnight(p["stream_timestamp"] + MICROSECOND)
    ),
    "a play longer than its track, or just not": _play(
        lambda p: p["listen_duration"] in (198, 199, 264)
    ),
    "a play moved to another day": lambda facts: any(
        None not in (before["stream_timestamp"], after["stream_timestamp"])
        and before["stream_timestamp"].date() != after["stream_timestamp"].date()
        and not broken_rules(before) + broken_rules(after)
        for table, before, after in facts.pairs
        if table == "FactStream"
    ),
    "a day of the calendar corrected": lambda facts: any(
        table == "DimDate" and after["_operation"] == AFTER for table, _, after in facts.pairs
    ),
    "a day of the calendar deleted": lambda facts: any(
        own[-1]["_operation"] == DELETE for own in facts.of("DimDate").values()
    ),
    "a number that is not a date": lambda facts: any(
        key is not None and 0 <= key < 100 for key in facts.of("DimDate")
    ),
    "a file with an additional column and wider integers": _shaped("wide"),
    "a file with nanoseconds": _shaped("nano"),
    "a file with milliseconds": _shaped("milli"),
    "a file without a column": _shaped("narrow"),
    "a file of repeated changes": _shaped("late"),
    "keys below zero": lambda facts: facts.scenario.region == "negative",
    "the largest keys": lambda facts: facts.scenario.region == "huge",
    "key 0": lambda facts: (
        facts.scenario.made.get("number") == 0 and any(key == 0 for _, key in facts.by_key)
    ),  # the first scenario's keys begin at 0
}


def kinds_of(scenario: Scenario) -> set[str]:
    """The names of the kinds that occur in a scenario."""
    facts = LogFacts(scenario)
    return {kind for kind, has in ALL.items() if has(facts)}


def complete(
    scenarios: list[Scenario], again: Callable[[int, int], Scenario], replaceable: int
) -> None:
    """Replace some of the first `replaceable` scenarios, so that every kind occurs.

    `again(number, attempt)` generates another scenario for a number. Raises `RuntimeError` for a
    kind that occurs in no attempt.
    """
    counts = Counter(kind for one in scenarios for kind in kinds_of(one))
    for lacking in [kind for kind in ALL if not counts[kind]]:
        for attempt, number in product(range(1, MOST_ATTEMPTS), range(replaceable)):
            candidate = again(number, attempt)
            if not ALL[lacking](LogFacts(candidate)):
                continue
            had, has = kinds_of(scenarios[number]), kinds_of(candidate)
            if all(counts[kind] > 1 for kind in had - has):
                scenarios[number] = candidate
                counts.subtract(had)
                counts.update(has)
                break
        else:
            raise RuntimeError(f"No generated scenario has the kind {lacking!r}.")
