"""The published tables as a client of the warehouse sees them, through databricks-sql-connector."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from databricks import sql
from databricks.sql.client import Connection
from ruamel.yaml import YAML

PUBLISHED_COLUMNS = {
    "silver.dim_user": "user_key user_id user_name country subscription_type start_date end_date"
    " valid_from valid_to is_current",
    "silver.dim_artist": "artist_key artist_id artist_name genre country"
    " valid_from valid_to is_current",
    "silver.dim_track": "track_key track_id track_name artist_id album_name duration_sec"
    " release_date valid_from valid_to is_current",
    "silver.dim_date": "date_key date_day day month year weekday iso_week quarter is_weekend",
    "silver.dim_device": "device_key device_type",
    "silver.fct_streams": "stream_id user_key track_key artist_key device_key date_key user_id"
    " track_id streamed_at listen_duration_sec",
    "gold.mart_daily_listening": "date_day country subscription_type device_type streams listeners"
    " listen_seconds",
    "gold.mart_top_tracks_weekly": "week_start rank track_id track_name artist_name streams"
    " listeners",
    "gold.mart_user_engagement": "date_day daily_active_users weekly_active_users"
    " monthly_active_users stickiness",
}
Rows = list[dict]

# Its debug log of every request would bury the differing rows of a failed test.
logging.getLogger("databricks.sql").setLevel(logging.ERROR)
logging.getLogger("databricks.sql.unsafe").setLevel(logging.ERROR)


@contextmanager
def connected(profiles_dir: Path) -> Iterator[Connection]:
    """A connection to the warehouse that the profile `medallion` names by its default target."""
    profile = YAML(typ="safe").load(profiles_dir / "profiles.yml")["medallion"]
    target = profile["outputs"][profile["target"]]
    with sql.connect(
        server_hostname=target["host"],
        http_path=target["http_path"],
        access_token=target["token"],
        catalog=target["catalog"],
        **target.get("connection_parameters", {}),
    ) as connection:
        yield connection


def read_published(profiles_dir: Path) -> dict[str, Rows]:
    """Every published table's rows, with the surrogate keys as they are."""
    with connected(profiles_dir) as connection, connection.cursor() as cursor:
        published = {}
        for table, columns in PUBLISHED_COLUMNS.items():
            names = columns.split()
            cursor.execute(f"select {', '.join(f'`{name}`' for name in names)} from {table}")
            published[table] = [
                dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()
            ]
        return published


def _plain(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return float(value) if isinstance(value, Decimal) else value


def resolve_keys(published: dict[str, Rows]) -> dict[str, Rows]:
    """The tables as the oracle tells them: no surrogate keys, facts name their versions."""
    versions = {
        name: _by_key(published[f"silver.dim_{name}"], f"{name}_key", f"{name}_id", "valid_from")
        for name in ("user", "track", "artist")
    }
    devices = _by_key(published["silver.dim_device"], "device_key", "device_type")
    resolved = {
        table: [{c: value for c, value in row.items() if not _is_surrogate(c)} for row in rows]
        for table, rows in published.items()
    }
    facts = zip(resolved["silver.fct_streams"], published["silver.fct_streams"], strict=True)
    for fact, raw in facts:
        for name, by_key in versions.items():
            fact[f"{name}_version"] = by_key.get(raw[f"{name}_key"], raw[f"{name}_key"])
        (fact["device_type"],) = devices.get(raw["device_key"], (raw["device_key"],))
    return resolved


def _is_surrogate(column: str) -> bool:
    return column.endswith("_key") and column != "date_key"


def _by_key(rows: Rows, key: str, *columns: str) -> dict[str, tuple]:
    named = {row[key]: tuple(row[column] for column in columns) for row in rows}
    if len(named) != len(rows):
        raise AssertionError(f"{len(rows)} rows have only {len(named)} different {key}.")
    return named


def differing_rows(actual: Rows, expected: Rows, shown: int = 5) -> str:
    """Nothing when both hold the same rows; else the counts, and the first rows of only one."""
    here, there = Counter(map(_line, actual)), Counter(map(_line, expected))
    told = [f"{len(actual)} rows, expected {len(expected)}"]
    for name, only in (("expected, but absent", there - here), ("unexpected", here - there)):
        told += [f"{only.total()} {name}:", *(f"  {x}" for x in sorted(only.elements())[:shown])]
    return "" if here == there else "\n".join(told)


def _line(row: dict) -> str:
    told = []
    for column in sorted(row):
        value = round(row[column], 12) if isinstance(row[column], float) else row[column]
        told.append(f"{column}={value!r}")
    return ", ".join(told)
