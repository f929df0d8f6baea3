"""A generated database with the real dataset's shape and defects. Equal arguments give equal rows.

Unless noted otherwise, a share of defects is a share of the plays. The real dataset's `date_key`
disagrees with `stream_timestamp` in 99.7 % of its plays. Silver's rules name the other defects.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from medallion.entities import logged_entities
from medallion.errors import MedallionError
from medallion_local.azure_sql import catalog, database
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.azure_sql.load import begin_after, fill
from medallion_local.generator import names

SAMPLE = ("DimUser", "DimArtist", "DimTrack", "DimDate", "FactStream")  # the tables with rows
LAST_DAY = date(2025, 10, 6)  # the last in the real dataset's DimDate
DATES = 365
WRONG_DATE_KEY = 0.6
ORPHANS = 0.004  # of users, and again of tracks
TOO_LONG = 0.01
NEGATIVE = 0.001
NULLS = 0.001  # per column
# Users, artists and tracks are equally many, as in the real dataset. Titles stay plausible.
MOST_TRACKS = 100_000


@dataclass(frozen=True)
class Size:
    """How many rows to generate."""

    users: int
    streams_per_day: int
    days: int

    @property
    def titles(self) -> int:
        """The number of artists, and of tracks."""
        return min(self.users, MOST_TRACKS)


def require_sample() -> None:
    """Raise `MedallionError` in a project without the tables that this package fills."""
    known = {entity.landed_as for entity in logged_entities()}
    if lacking := [name for name in SAMPLE if f"dbo.{name}" not in known]:
        raise MedallionError(
            f"This project has no table dbo.{lacking[0]}: generated data and the demo are those of "
            "the music service. `medallion source init --empty` creates your own tables."
        )


def init_generated(
    path: Path,
    users: int,
    streams_per_day: int,
    seed: int,
    days: int = 10,
    force: bool = False,
) -> SourceDatabase:
    """Create the database at `path` with generated rows, then enable change data capture."""
    require_sample()
    rows = generate(Size(users, streams_per_day, days), seed)

    def load(con: duckdb.DuckDBPyConnection) -> datetime:
        for table in catalog.tables(con):
            if table.name not in rows:
                continue  # a table of `medallion new table`
            con.register("_generated", rows[table.name])
            fill(con, table, "_generated")
            con.unregister("_generated")
        return begin_after(con)

    return database.create(path, load, force)


def generate(size: Size, seed: int) -> dict[str, pa.Table]:
    """The rows by table. Each table uses a separate random stream."""
    users, artists, tracks, plays = (np.random.default_rng([seed, n]) for n in range(4))
    track_rows = _tracks(tracks, size)
    return {
        "DimUser": _users(users, size),
        "DimArtist": _artists(artists, size),
        "DimTrack": track_rows,
        "DimDate": date_rows([LAST_DAY - timedelta(days=n) for n in range(DATES)]),
        "FactStream": _plays(plays, size, track_rows["duration_sec"].to_numpy()),
    }


def date_rows(days: list[date]) -> pa.Table:
    """DimDate's rows for the given days."""
    days = sorted(days)
    return pa.table(
        {
            "date_key": pa.array([int(f"{d:%Y%m%d}") for d in days], pa.int32()),
            "date": pa.array(days, pa.date32()),
            "day": pa.array([d.day for d in days], pa.int32()),
            "month": pa.array([d.month for d in days], pa.int32()),
            "year": pa.array([d.year for d in days], pa.int32()),
            "weekday": [WEEKDAYS[d.weekday()] for d in days],
        }
    )


WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def moments(rng: np.random.Generator, first: date, days: int, count: int) -> np.ndarray:
    """`count` times with millisecond precision within `days` days from `first`."""
    offsets = rng.integers(0, days * 86_400_000, count)
    return np.datetime64(first, "ms") + offsets.astype("timedelta64[ms]")


def date_keys(times: np.ndarray) -> np.ndarray:
    """The yyyymmdd number of each time."""
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(int) + 1970
    month = months.astype(int) % 12 + 1
    return years * 10_000 + month * 100 + (days - months).astype(int) + 1


def _days(rng: np.random.Generator, first: date, days: int, count: int) -> pa.Array:
    return pa.array(
        np.datetime64(first, "D") + rng.integers(0, days, count).astype("timedelta64[D]")
    )


def _updated(rng: np.random.Generator, count: int) -> pa.Array:
    return pa.array(moments(rng, LAST_DAY - timedelta(days=30), 30, count))


def _users(rng: np.random.Generator, size: Size) -> pa.Table:
    count = size.users
    return pa.table(
        {
            "user_id": np.arange(1, count + 1),
            "user_name": names.with_nulls(rng, names.people(rng, count), NULLS),
            "country": names.with_nulls(rng, names.draw(rng, names.COUNTRIES, count), NULLS),
            "subscription_type": names.draw(rng, names.PLANS, count),
            "start_date": _days(rng, LAST_DAY - timedelta(days=730), 730, count),
            "end_date": pa.nulls(count, pa.date32()),
            "updated_at": _updated(rng, count),
        }
    )


def _artists(rng: np.random.Generator, size: Size) -> pa.Table:
    count = size.titles
    return pa.table(
        {
            "artist_id": np.arange(1, count + 1),
            "artist_name": names.with_nulls(rng, names.people(rng, count), NULLS),
            "genre": names.draw(rng, names.GENRES, count),
            "country": names.draw(rng, names.COUNTRIES, count),
            "updated_at": _updated(rng, count),
        }
    )


def _tracks(rng: np.random.Generator, size: Size) -> pa.Table:
    count = size.titles
    return pa.table(
        {
            "track_id": np.arange(1, count + 1),
            "track_name": names.titles(rng, count),
            "artist_id": _some_beyond(rng, rng.integers(1, count + 1, count), count),
            "album_name": names.with_nulls(rng, names.titles(rng, count), NULLS),
            "duration_sec": rng.integers(90, 361, count),
            "release_date": _days(rng, LAST_DAY - timedelta(days=1825), 1825, count),
            "updated_at": _updated(rng, count),
        }
    )


def _plays(rng: np.random.Generator, size: Size, durations: np.ndarray) -> pa.Table:
    count = size.streams_per_day * size.days
    first = LAST_DAY - timedelta(days=size.days - 1)
    times = np.sort(moments(rng, first, size.days, count))
    # A few tracks have most of the plays: the cube of a uniform draw.
    tracks = (rng.random(count) ** 3 * size.titles).astype(np.int64) + 1
    listened = (durations[tracks - 1] * rng.uniform(0.1, 1.0, count)).astype(np.int64)
    listened = np.where(
        rng.random(count) < TOO_LONG, durations[tracks - 1] * 13 // 10 + 1, listened
    )
    listened = np.where(rng.random(count) < NEGATIVE, -listened - 1, listened)
    other_days = moments(rng, LAST_DAY - timedelta(days=DATES - 1), DATES, count)
    keyed = np.where(rng.random(count) < WRONG_DATE_KEY, other_days, times)
    users = _some_beyond(rng, rng.integers(1, size.users + 1, count), size.users)
    tracks = _some_beyond(rng, tracks, size.titles)
    return pa.table(
        {
            "stream_id": np.arange(1, count + 1),
            "user_id": names.with_nulls(rng, pa.array(users), NULLS),
            "track_id": names.with_nulls(rng, pa.array(tracks), NULLS),
            "date_key": names.with_nulls(rng, pa.array(date_keys(keyed)), NULLS),
            "listen_duration": names.with_nulls(rng, pa.array(listened), NULLS),
            "device_type": names.with_nulls(rng, names.draw(rng, names.DEVICES, count), NULLS),
            "stream_timestamp": names.with_nulls(rng, pa.array(times), NULLS),
        }
    )


def _some_beyond(rng: np.random.Generator, ids: np.ndarray, last: int) -> np.ndarray:
    """Replace some ids by ids that no row has: orphans."""
    return np.where(rng.random(len(ids)) < ORPHANS, last + 1_000_000 + ids, ids)
