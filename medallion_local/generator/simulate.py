"""Simulated days of the source: people join, leave and change plans, and plays arrive, some late.

Each day is a few transactions spread over its hours. The changes depend only on the seed, the day
and the current rows, so that equal histories continue equally.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from medallion.errors import MedallionError
from medallion_local.azure_sql import alter, catalog, changelog
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.azure_sql.session import Session
from medallion_local.generator import names
from medallion_local.generator.generate import date_keys, date_rows, moments, require_sample

Counts = dict[str, dict[str, int]]
KINDS = ("inserted", "updated", "deleted")
NEW_PLAYS = 0.02  # share of the plays, per day
LATE = 0.1  # share of the new plays: played up to a week ago
DIRTY = 0.06  # share of the new plays, over six kinds of defects
# Shares of a dimension's rows per day.
JOIN, CHANGE, TOUCH, LEAVE = 0.005, 0.005, 0.002, 0.002
# Shares of the day's new plays.
CORRECTED, REMOVED = 0.1, 0.03


def simulate(path: Path, days: int, seed: int, streams_per_day: int | None = None) -> list[Counts]:
    """Simulate `days` days after the last commit. Returns the counts by table and kind, per day."""
    require_sample()
    source = SourceDatabase.open(path)
    return [_day(source, seed, streams_per_day) for _ in range(days)]


def _day(source: SourceDatabase, seed: int, streams_per_day: int | None) -> Counts:
    last = source.last_commit()
    if last is None:
        raise MedallionError(f"{source.path} has no transaction yet: enable CDC on its tables")
    midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight if last == midnight else midnight + timedelta(days=1)
    with source.session(start) as session:
        day = _Day(session, start, np.random.default_rng([seed, start.toordinal()]))
        plays = streams_per_day or max(10, round(day.count("FactStream") * NEW_PLAYS))
        for hour, happening in enumerate(
            [
                _calendar,
                _people_join,
                _music_arrives,
                lambda d: _plays_arrive(d, plays // 2),
                _people_change,
                _music_changes,
                _nothing_changes,
                _people_leave,
                lambda d: _plays_arrive(d, plays - plays // 2),
                lambda d: _plays_are_corrected(d, plays),
                _people_return,
                _people_waver,
            ]
        ):
            day.at(hour, happening)
    return day.counts


class _Day:
    """The day's session, its clock, its random stream, and its counts so far."""

    def __init__(self, session: Session, start: datetime, rng: np.random.Generator) -> None:
        self.session, self.con, self.start, self.rng = session, session.con, start, rng
        self.now = start
        self.tables = {table.name: table for table in catalog.tables(session.con)}
        self.counts: Counts = {name: dict.fromkeys(KINDS, 0) for name in self.tables}

    def at(self, hour: int, happening: Callable[["_Day"], None]) -> None:
        """Run `happening` as one transaction within a two-hour slot of the day."""
        self.now = self.start + timedelta(
            minutes=hour * 120 + 1, milliseconds=int(self.rng.integers(0, 118 * 60_000))
        )
        self.session.at = self.now
        with self.session.transaction():
            happening(self)

    def count(self, name: str) -> int:
        """The number of rows of the table."""
        row = self.con.execute(f"SELECT count(*) FROM {self.tables[name].sql}").fetchone()
        return int(row[0]) if row else 0

    def share(self, name: str, part: float) -> int:
        """The given part of the table's rows, at least one."""
        return max(1, round(self.count(name) * part))

    def next_id(self, name: str) -> int:
        """An id that no row has or had."""
        table = self.tables[name]
        key = table.keys[0].sql
        row = self.con.execute(
            f"SELECT max(id) FROM (SELECT max({key}) AS id FROM {table.sql} "
            f"UNION ALL SELECT max({key}) FROM {changelog.history(table)})"
        ).fetchone()
        return int(row[0] or 0) + 1 if row else 1

    def pick(self, name: str, count: int) -> np.ndarray:
        """The ids of `count` different rows, or of all when there are fewer."""
        table = self.tables[name]
        key = table.keys[0]
        ids = self.con.execute(f"SELECT {key.sql} FROM {table.sql} ORDER BY 1").fetchnumpy()
        found = np.asarray(ids[key.name])
        return self.rng.choice(found, min(count, len(found)), replace=False)

    def insert(self, name: str, rows: pa.Table) -> None:
        """Insert rows. An added column gets its default; a dropped column is omitted."""
        table = self.tables[name]
        columns = ", ".join(
            c.sql
            if c.name in rows.column_names
            else f"{alter.default_value(self.con, c, self.now)} AS {c.sql}"
            for c in table.columns
        )
        with self._registered(rows) as relation:
            source = f"(SELECT {columns} FROM {relation})"
            self._count(name, "inserted", self.session.insert(table, source))

    def change(self, name: str, ids: np.ndarray, touch: bool = True, **values: pa.Array) -> None:
        """Set the given values in the rows with these ids, and `updated_at` to the current time."""
        table = self.tables[name]
        present = {c.name for c in table.columns}
        values = {column: array for column, array in values.items() if column in present}
        new = {f"_{column}": array for column, array in values.items()}
        with self._registered(pa.table({"_id": ids, **new})) as relation:
            changed = [f"r._{column} AS {catalog.quoted(column)}" for column in values]
            if touch and "updated_at" in present:
                changed.append(f"TIMESTAMP '{self.now}' AS updated_at")
            columns = f"t.* REPLACE ({', '.join(changed)})" if changed else "t.*"
            rows = (
                f"(SELECT {columns} FROM {table.sql} AS t "
                f"INNER JOIN {relation} AS r ON t.{table.keys[0].sql} = r._id)"
            )
            self._count(name, "updated", self.session.update(table, rows))

    def remove(self, name: str, ids: np.ndarray) -> None:
        """Delete the rows with these ids."""
        table = self.tables[name]
        with self._registered(pa.table({table.keys[0].name: ids})) as relation:
            self._count(name, "deleted", self.session.delete(table, relation))

    def restore(self, name: str, count: int) -> None:
        """Insert up to `count` deleted rows again, unchanged except for `updated_at`."""
        table = self.tables[name]
        key = table.keys[0].sql
        columns = ", ".join(
            f"TIMESTAMP '{self.now}' AS updated_at" if c.name == "updated_at" else c.sql
            for c in table.columns
        )
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE _gone AS SELECT {columns} FROM ("
            f"SELECT DISTINCT ON ({key}) * FROM {changelog.history(table)} "
            f"WHERE operation = 1 AND {key} NOT IN (SELECT {key} FROM {table.sql}) "
            f"ORDER BY {key}, start_lsn DESC, seqval DESC) ORDER BY {key} LIMIT {count}"
        )
        self._count(name, "inserted", self.session.insert(table, "_gone"))

    @contextmanager
    def _registered(self, rows: pa.Table) -> Iterator[str]:
        """Register an Arrow table under a name that DuckDB knows."""
        self.con.register("_happening", rows)
        try:
            yield "_happening"
        finally:
            self.con.unregister("_happening")

    def _count(self, name: str, kind: str, rows: int) -> None:
        self.counts[name][kind] += rows


def _times(day: _Day, count: int) -> pa.Array:
    return pa.array([day.now] * count, pa.timestamp("us"))


def _today(day: _Day, count: int) -> pa.Array:
    return pa.array([day.start.date()] * count, pa.date32())


def _calendar(day: _Day) -> None:
    """Extend DimDate to the current day."""
    if not any(c.name == "date" for c in day.tables["DimDate"].columns):
        return  # the column with the calendar's end was dropped
    row = day.con.execute('SELECT max("date") FROM dbo.DimDate').fetchone()
    last = row[0] if row and row[0] else day.start.date() - timedelta(days=1)
    missing = (day.start.date() - last).days
    # A date far in the past cannot be the calendar's end: add at most one year.
    new = [day.start.date() - timedelta(days=n) for n in range(min(max(missing, 0), 366))]
    if new:
        day.insert("DimDate", date_rows(new))


def _people_join(day: _Day) -> None:
    count = day.share("DimUser", JOIN)
    first = day.next_id("DimUser")
    day.insert(
        "DimUser",
        pa.table(
            {
                "user_id": np.arange(first, first + count),
                "user_name": names.with_nulls(day.rng, names.people(day.rng, count), 0.02),
                "country": names.draw(day.rng, names.COUNTRIES, count),
                "subscription_type": names.draw(day.rng, names.PLANS, count),
                "start_date": _today(day, count),
                "end_date": pa.nulls(count, pa.date32()),
                "updated_at": _times(day, count),
            }
        ),
    )


def _music_arrives(day: _Day) -> None:
    """New artists, each with a track, and new tracks of existing artists."""
    count = day.share("DimArtist", JOIN)
    first = day.next_id("DimArtist")
    artists = np.arange(first, first + count)
    day.insert(
        "DimArtist",
        pa.table(
            {
                "artist_id": artists,
                "artist_name": names.people(day.rng, count),
                "genre": names.draw(day.rng, names.GENRES, count),
                "country": names.draw(day.rng, names.COUNTRIES, count),
                "updated_at": _times(day, count),
            }
        ),
    )
    by = np.concatenate([artists, day.pick("DimArtist", count)])
    first = day.next_id("DimTrack")
    day.insert(
        "DimTrack",
        pa.table(
            {
                "track_id": np.arange(first, first + len(by)),
                "track_name": names.titles(day.rng, len(by)),
                "artist_id": by,
                "album_name": names.titles(day.rng, len(by)),
                "duration_sec": day.rng.integers(90, 361, len(by)),
                "release_date": _today(day, len(by)),
                "updated_at": _times(day, len(by)),
            }
        ),
    )


def _people_change(day: _Day) -> None:
    """Changes of plans, countries and names."""
    count = day.share("DimUser", CHANGE)
    plans, countries, renamed = np.array_split(day.pick("DimUser", 3 * count), 3)
    day.change("DimUser", plans, subscription_type=names.draw(day.rng, names.PLANS, len(plans)))
    day.change("DimUser", countries, country=names.draw(day.rng, names.COUNTRIES, len(countries)))
    day.change("DimUser", renamed, user_name=names.people(day.rng, len(renamed)))


def _music_changes(day: _Day) -> None:
    """Renames, genres and durations change; tracks move to other artists; some are deleted."""
    artists = np.array_split(day.pick("DimArtist", 2 * day.share("DimArtist", CHANGE)), 2)
    day.change("DimArtist", artists[0], artist_name=names.people(day.rng, len(artists[0])))
    day.change("DimArtist", artists[1], genre=names.draw(day.rng, names.GENRES, len(artists[1])))
    tracks = np.array_split(day.pick("DimTrack", 3 * day.share("DimTrack", CHANGE)), 3)
    day.change("DimTrack", tracks[0], track_name=names.titles(day.rng, len(tracks[0])))
    day.change(
        "DimTrack", tracks[1], duration_sec=pa.array(day.rng.integers(90, 361, len(tracks[1])))
    )
    day.change("DimTrack", tracks[2], artist_id=pa.array(day.pick("DimArtist", len(tracks[2]))))
    day.remove("DimTrack", day.pick("DimTrack", day.share("DimTrack", LEAVE)))
    day.remove("DimArtist", day.pick("DimArtist", day.share("DimArtist", LEAVE)))


def _nothing_changes(day: _Day) -> None:
    """Updates that change only `updated_at`, and updates that change nothing."""
    for name in ("DimUser", "DimArtist", "DimTrack"):
        updated, same = np.array_split(day.pick(name, 2 * day.share(name, TOUCH)), 2)
        day.change(name, updated)
        day.change(name, same, touch=False)


def _people_leave(day: _Day) -> None:
    """Some subscriptions end, some users are deleted."""
    ended, deleted = np.array_split(day.pick("DimUser", 2 * day.share("DimUser", LEAVE)), 2)
    day.change("DimUser", ended, end_date=_today(day, len(ended)))
    day.remove("DimUser", deleted)


def _people_return(day: _Day) -> None:
    """Deleted keys are inserted again, one per table."""
    for name in ("DimUser", "DimArtist", "DimTrack", "FactStream"):
        day.restore(name, 1 if day.rng.random() < 0.7 else 0)


def _people_waver(day: _Day) -> None:
    """In one transaction: a plan changes twice, and a user is deleted and inserted again."""
    ids = day.pick("DimUser", 2)
    if len(ids) < 2:
        return
    for plan in names.draw(day.rng, names.PLANS, 2).to_pylist():
        day.change("DimUser", ids[:1], subscription_type=pa.array([plan]))
    with day.session.transaction():
        rows = day.con.execute(
            "SELECT * FROM dbo.DimUser WHERE user_id = ?", [int(ids[1])]
        ).to_arrow_table()
        day.remove("DimUser", ids[1:])
        day.insert("DimUser", rows)


def _plays_arrive(day: _Day, count: int) -> None:
    """New plays: most from the last hours, some late, a few with defects."""
    rng = day.rng
    users, tracks = day.pick("DimUser", 2**31), day.pick("DimTrack", 2**31)
    if not count or not len(users) or not len(tracks):
        return
    first = day.next_id("FactStream")
    hours = np.timedelta64(6, "h")
    now = np.datetime64(day.now, "ms")
    times = now - (rng.random(count) * hours.astype("timedelta64[ms]").astype(int)).astype(
        "timedelta64[ms]"
    )
    late = moments(rng, day.start.date() - timedelta(days=7), 6, count)
    times = np.where(rng.random(count) < LATE, late, times)
    keys = np.where(rng.random(count) < 0.1, date_keys(late), date_keys(times))
    fault = rng.choice(7, count, p=[1 - DIRTY, *[DIRTY / 6] * 6])
    fault[rng.integers(count)] = rng.choice([3, 5, 6])  # even a small day has a defect
    listened = rng.integers(5, 300, count)
    # Orphans of users who may join tomorrow: the fact must then find them.
    soon = day.next_id("DimUser") + rng.integers(0, 3, count)
    user_ids = np.where(fault == 1, soon, rng.choice(users, count))
    track_ids = np.where(fault == 2, 9_000_000, rng.choice(tracks, count))
    listened = np.where(fault == 3, -listened, listened)
    listened = np.where(fault == 4, 1_000, listened)
    times = np.where(fault == 5, now + np.timedelta64(3, "D"), times)
    missing = pa.array(fault == 6)
    day.insert(
        "FactStream",
        pa.table(
            {
                "stream_id": np.arange(first, first + count),
                "user_id": pc.if_else(missing, None, pa.array(user_ids)),
                "track_id": track_ids,
                "date_key": keys,
                "listen_duration": listened,
                "device_type": names.with_nulls(rng, names.draw(rng, names.DEVICES, count), 0.01),
                "stream_timestamp": times,
            }
        ),
    )


def _plays_are_corrected(day: _Day, plays: int) -> None:
    """Correct durations, users and times of older plays; delete some plays."""
    corrected, removed = max(3, round(plays * CORRECTED)), max(1, round(plays * REMOVED))
    ids = day.pick("FactStream", corrected + removed)
    durations, users, times = np.array_split(ids[removed:], 3)
    day.change(
        "FactStream",
        durations,
        listen_duration=pa.array(day.rng.integers(5, 300, len(durations))),
    )
    known = day.pick("DimUser", 2**31)
    if len(known):
        day.change("FactStream", users, user_id=pa.array(day.rng.choice(known, len(users))))
    when = moments(day.rng, day.start.date() - timedelta(days=7), 7, len(times))
    day.change("FactStream", times, stream_timestamp=pa.array(when))
    day.remove("FactStream", ids[:removed])
