"""The questions that the report asks the lakehouse, one query each.

`{gold.mart_x}` names a model; the manifest says where its table is. A window of days ends at the
newest day of the table, not today: a laptop's days are simulated.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medallion.entities import logged_entities, read_entities
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.lakehouse import rows
from medallion.macros import call_macro

if TYPE_CHECKING:
    from databricks.sql.client import Connection

Rows = list[dict[str, Any]]
DAYS = 120  # of a chart by day
COHORTS = 12  # weeks of a cohort chart, in both directions
PLACES = 10  # of a top chart
LANDINGS = 40  # ingestions in the chart

LANDED_ROWS = """\
select run_id, source_table, mode, sum(rows_written) as table_rows, sum(file_bytes) as table_bytes,
    min(started_at) as began_at, max(ended_at) as finished_at
from {silver.ingestion_windows} group by run_id, source_table, mode"""
PLACE = """\
select week_start, rank, {name}, streams, listeners from {table}
where rank <= {places} and week_start >= (select date_sub(max(week_start), 7) from {table})
order by week_start desc, rank, {name}"""
MOVED = "openings + sign_ups + returns + upgrades + downgrades + switches + departures"

QUERIES: Mapping[str, str] = {
    "reconciliation": """\
select source_table, landed, before_images, redelivered, applied, deleted, collapsed, superseded,
    quarantined from {silver.reconciliation} order by source_table""",
    "windows": """\
select source_table, count(*) as windows, count_if(has_gap) as gaps,
    count_if(has_overlap) as overlaps, count_if(repeats_differ) as differing
from {silver.ingestion_windows} group by source_table order by source_table""",
    "landings": f"""\
select run_id, sum(table_rows) as landed, sum(table_bytes) as bytes, min(began_at) as started_at,
    max(finished_at) as ended_at, bool_or(mode = 'initial') as is_first_load
from ({LANDED_ROWS}) as by_table group by run_id having sum(table_rows) > 0
order by ended_at desc limit {LANDINGS}""",
    "landed_tables": f"""\
select source_table, mode, table_rows as landed, table_bytes as bytes
from ({LANDED_ROWS}) as by_table
where run_id in (select run_id from {{silver.ingestion_windows}} group by run_id
    having sum(rows_written) > 0 order by max(ended_at) desc limit 1)
order by source_table, mode""",
    "first_loads": """\
select source_table, sum(rows_written) as landed, sum(file_bytes) as bytes
from {silver.ingestion_windows} where mode = 'initial' group by source_table""",
    "checked": """\
select source_table as source, max(ended_at) as checked_at, max(last_commit_at) as newest_at
from {silver.ingestion_windows} group by source_table order by source_table""",
    "listening": f"""\
select date_day, sum(streams) as streams, sum(listen_seconds) / 3600 as hours
from {{gold.mart_daily_listening}} where date_day > (
    select date_sub(max(date_day), {DAYS}) from {{gold.mart_daily_listening}})
group by date_day order by date_day""",
    **{
        f"listening_{name}": f"""\
select {column} as label, sum(streams) as streams from {{gold.mart_daily_listening}}
where date_day > (select date_sub(max(date_day), 28) from {{gold.mart_daily_listening}})
group by {column} order by streams desc, label limit {PLACES}"""
        for name, column in (
            ("country", "country"),
            ("plan", "subscription_type"),
            ("device", "device_type"),
        )
    },
    "tracks": PLACE.replace("{name}", "track_name, artist_name")
    .replace("{table}", "{gold.mart_top_tracks_weekly}")
    .replace("{places}", str(PLACES)),
    "artists": PLACE.replace("{name}", "artist_name")
    .replace("{table}", "{gold.mart_top_artists_weekly}")
    .replace("{places}", str(PLACES)),
    "engagement": f"""\
select date_day, daily_active_users, weekly_active_users, monthly_active_users, stickiness,
    is_window_complete from {{gold.mart_user_engagement}} where date_day > (
    select date_sub(max(date_day), {DAYS}) from {{gold.mart_user_engagement}}) order by date_day""",
    "cohorts": f"""\
select cohort_week, weeks_since, cohort_users, active_users, retention, is_week_complete
from {{gold.mart_user_retention}} where weeks_since < {COHORTS} and cohort_week > (
    select date_sub(max(cohort_week), {7 * COHORTS}) from {{gold.mart_user_retention}})
order by cohort_week, weeks_since""",
    "revenue": f"""\
with moved as (select max(date_day) as last_day from {{gold.mart_subscription_movements}}
    where {MOVED} + cancellations > 0)
select date_day, plan, subscribers, recurring_revenue, currency, sign_ups + returns as gained,
    upgrades, downgrades, cancellations
from {{gold.mart_subscription_movements}} cross join moved
where date_day <= last_day and date_day > date_sub(last_day, {DAYS}) order by date_day, plan""",
    "catalogue": f"""\
select sum(streams) as streams, sum(streams_of_unknown_tracks) as unknown_tracks,
    sum(streams_of_unknown_artists) as unknown_artists,
    sum(streams_of_incomplete_tracks) as incomplete, sum(streams_longer_than_the_track) as longer
from {{gold.mart_catalog_health}} where date_day > (
    select date_sub(max(date_day), {DAYS}) from {{gold.mart_catalog_health}})""",
}


def newest_files() -> str:
    """A query for the landing time of each reference file."""
    parts = [
        f"select '{one.landed_as}.csv' as source, max(_ingested_at) as newest_at "
        f"from {{bronze.{one.bronze}}}"
        for one in read_entities()
        if one.history == "lists"
    ]
    return " union all ".join(parts)


def source_rows() -> str:
    """A query for the current rows of each source table, as far as the lakehouse has them."""
    parts, unknown = [], call_macro("unknown_key")
    for one in logged_entities():
        of_table = f"select '{one.landed_as}' as source_table, count(*) as source_rows from "
        of_table += f"{{silver.{one.published}}}"
        if one.history == "versions":
            of_table += f" where is_current and {one.name}_key != {unknown}"
        parts.append(of_table)
    return " union all ".join(parts)


def named(query: str, relations: Mapping[str, str]) -> str:
    """A query with the tables' names of the manifest, or `schema.table` if it lacks a table."""
    return re.sub(r"\{(\w+)\.(\w+)\}", lambda to: relations.get(to[2], f"{to[1]}.{to[2]}"), query)


def answer(connection: "Connection", query: str) -> Rows:
    """The rows of a query as JSON has them. Raises `MedallionError` with the warehouse's reason."""
    from databricks.sql.exc import Error  # slow to import

    try:
        found = rows(connection, query)
    except Error as error:
        raise MedallionError(_reason(str(error))) from error
    return [{name: plain(value) for name, value in row.items()} for row in found]


def ask(connection: "Connection", relations: Mapping[str, str]) -> Mapping[str, Callable[[], Rows]]:
    """Each question by its name; it is asked when it is called."""

    def question(query: str) -> Callable[[], Rows]:
        return lambda: answer(connection, named(query, relations))

    queries = {name: query for name, query in QUERIES.items() if is_asked(query)}
    listed = {"files": newest_files(), "source_rows": source_rows()}
    return {name: question(query) for name, query in queries.items()} | {
        name: question(query) if query else list for name, query in listed.items()
    }


def is_asked(query: str, models: Path = PROJECT_ROOT / "models") -> bool:
    """Whether the project has every model of the query: another project has other marts."""
    return all(list(models.rglob(f"{name}.sql")) for name in re.findall(r"\{\w+\.(\w+)\}", query))


def plain(value: object) -> Any:
    """A value as JSON has it: times are UTC, decimals are floats."""
    if isinstance(value, dt.datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return zoned.astimezone(dt.UTC).isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _reason(message: str) -> str:
    """The first line of an error of the warehouse; a missing table is named."""
    if missing := re.search(r"TABLE_OR_VIEW_NOT_FOUND\].*?`?([\w.`]+)`? cannot be found", message):
        return f"The table {missing[1].replace('`', '')} is not built."
    return message.strip().splitlines()[0][:300]
