"""The published tables, read by a client of the warehouse through databricks-sql-connector."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from databricks import sql
from databricks.sql.client import Connection, Cursor
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
    "quarantine.quarantined_plays": "stream_id user_id track_id device_type streamed_at"
    " listen_duration_sec",
    "silver.dim_subscription_plan": "subscription_plan_key plan monthly_price currency max_devices"
    " valid_from valid_to is_current",
    "silver.dim_market": "market_key country iso_code region currency"
    " valid_from valid_to is_current",
    "silver.fct_subscription_changes": "user_key from_plan_key to_plan_key date_key user_id"
    " changed_at movement from_plan to_plan from_monthly_price to_monthly_price"
    " from_currency to_currency",
    "silver.reconciliation": "source_table landed before_images redelivered applied deleted"
    " collapsed superseded quarantined",
    "gold.mart_daily_listening": "date_day country subscription_type device_type streams listeners"
    " listen_seconds",
    "gold.mart_top_tracks_weekly": "week_start rank track_id track_name artist_name streams"
    " listeners",
    "gold.mart_top_artists_weekly": "week_start rank artist_id artist_name streams listeners",
    "gold.mart_user_engagement": "date_day daily_active_users weekly_active_users"
    " monthly_active_users stickiness is_window_complete",
    "gold.mart_user_retention": "cohort_week weeks_since cohort_users active_users retention"
    " is_week_complete",
    "gold.mart_subscription_movements": "date_day plan openings sign_ups returns upgrades"
    " downgrades switches departures cancellations subscribers monthly_price recurring_revenue"
    " currency",
    "gold.mart_catalog_health": "date_day streams tracks_played streams_of_unknown_tracks"
    " streams_of_unknown_artists streams_of_incomplete_tracks streams_longer_than_the_track",
}
Rows = list[dict]

# Its debug log of every request would hide the differing rows of a failed test.
logging.getLogger("databricks.sql").setLevel(logging.ERROR)
logging.getLogger("databricks.sql.unsafe").setLevel(logging.ERROR)


@contextmanager
def connected(profiles_dir: Path) -> Iterator[Connection]:
    """A connection to the warehouse of the default target in the profile `medallion`."""
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
    """Every published table's rows, with their surrogate keys.

    A missing table is omitted, and so are missing columns: the caller reports them.
    """
    with connected(profiles_dir) as connection, connection.cursor() as cursor:
        published = {}
        for table, columns in PUBLISHED_COLUMNS.items():
            there = _columns(cursor, table)
            names = [name for name in columns.split() if name in there]
            if names:
                cursor.execute(f"select {', '.join(f'`{name}`' for name in names)} from {table}")
                published[table] = _rows(names, cursor.fetchall_arrow())
        return published


def _columns(cursor: Cursor, table: str) -> set[str]:
    """The columns of a table; empty if it does not exist."""
    schema, name = table.split(".")
    cursor.columns(schema_name=schema, table_name=name)
    return {row.COLUMN_NAME for row in cursor.fetchall()}


def _rows(names: list[str], content: pa.Table) -> Rows:
    columns = [[_plain(value) for value in column.to_pylist()] for column in content.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


NAMED = {
    "user_key": ("user_version", "silver.dim_user", "user_id"),
    "track_key": ("track_version", "silver.dim_track", "track_id"),
    "artist_key": ("artist_version", "silver.dim_artist", "artist_id"),
    "from_plan_key": ("from_plan_version", "silver.dim_subscription_plan", "plan"),
    "to_plan_key": ("to_plan_version", "silver.dim_subscription_plan", "plan"),
}  # a fact's surrogate key -> the oracle's name, its dimension, and the dimension's natural key


def resolve_keys(published: dict[str, Rows]) -> dict[str, Rows]:
    """The tables in the oracle's form: without surrogate keys; facts name the versions."""
    resolved = {
        table: [{c: value for c, value in row.items() if not _is_surrogate(c)} for row in rows]
        for table, rows in published.items()
    }
    for table in ("silver.fct_streams", "silver.fct_subscription_changes"):
        for key, (name, dimension, number) in NAMED.items():
            if not published.get(table) or key not in published[table][0]:
                continue
            own_key = "subscription_plan_key" if number == "plan" else key
            by_key = _by_key(published.get(dimension, []), own_key, number, "valid_from")
            for row, raw in zip(resolved[table], published[table], strict=True):
                row[name] = by_key.get(raw[key], raw[key])
    devices = _by_key(published["silver.dim_device"], "device_key", "device_type")
    plays = published["silver.fct_streams"]
    for row, raw in zip(resolved["silver.fct_streams"], plays, strict=True):
        row["device_type"] = devices.get(raw["device_key"], (raw["device_key"],))[-1]
    return resolved


def _is_surrogate(column: str) -> bool:
    return column.endswith("_key") and column != "date_key"


def _by_key(rows: Rows, key: str, *columns: str) -> dict[str, tuple]:
    named: dict[str, tuple] = {}
    for row in rows:
        value = tuple(row[column] for column in columns)
        named[row[key]] = ("two rows have the key", row[key]) if row[key] in named else value
    return named


def differing_rows(actual: Rows, expected: Rows, shown: int = 5) -> str:
    """Empty if both have the same rows; else the counts, and the first rows of only one."""
    here, there = Counter(map(_line, actual)), Counter(map(_line, expected))
    reported = [f"{len(actual)} rows, expected {len(expected)}"]
    for name, only in (("expected, but absent", there - here), ("unexpected", here - there)):
        reported += [
            f"{only.total()} {name}:",
            *(f"  {x}" for x in sorted(only.elements())[:shown]),
        ]
    return "" if here == there else "\n".join(reported)


def _line(row: dict) -> str:
    reported = []
    for column in sorted(row):
        value = round(row[column], 12) if isinstance(row[column], float) else row[column]
        reported.append(f"{column}={value!r}")
    return ", ".join(reported)
