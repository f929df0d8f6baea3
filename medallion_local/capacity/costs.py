"""Derives core hours, minutes, bytes and USD from a simulated table and the parameters."""

from dataclasses import dataclass

from medallion_local.capacity.parameters import GB, TB, WAREHOUSES, Parameters, Warehouse
from medallion_local.capacity.table import Run, daily_plays, month

HOUR, DAYS_PER_MONTH, HOURS_PER_MONTH = 3600, 30.4, 730
AUTO_STOP_SECONDS = 300  # databricks.yml
COPIED_TABLES = 5  # pl_ingest copies each table of the source that has changes
ARCHIVE_AFTER_DAYS = 90  # infra/template.json
COPY_HOURS_AT_MOST = 2  # the timeout of each Copy in pl_land_file
MINUTES_AT_MOST = 30
COPY, SCAN = "copy the other rows of their files (MERGE)", "models that scan the whole log"


def build(parameters: Parameters, run: Run) -> dict[str, float]:
    """Core seconds of a daily build in the last month, by part, with a share of OPTIMIZE."""
    changed = month(run.changed)
    return {
        "compute the changed plays": changed * parameters.build_seconds,
        "find their rows (MERGE)": month(run.scanned) * parameters.scan_seconds,
        COPY: month(run.copied) * parameters.copy_seconds,
        "OPTIMIZE": month(run.optimized) * parameters.copy_seconds,
        "other models, changed plays": changed * parameters.other_seconds,
        "marts, affected days": month(run.affected) * parameters.mart_seconds,
        SCAN: month(run.rows) * parameters.history_seconds,
    }


def first_build(parameters: Parameters) -> float:
    """Core seconds to build everything from a landed log of all plays."""
    return parameters.plays * (parameters.build_seconds + parameters.other_seconds)


def minutes(parameters: Parameters, core_seconds: float, warehouse: Warehouse) -> float:
    """How long a build takes on a warehouse."""
    shared = core_seconds / (warehouse.cores * parameters.efficiency)
    return (parameters.fixed_seconds + shared) / 60


def warehouse_usd(parameters: Parameters, core_seconds: float, warehouse: Warehouse) -> float:
    """USD per month for a build each day, with the time until the warehouse stops."""
    hours = minutes(parameters, core_seconds, warehouse) / 60 + AUTO_STOP_SECONDS / HOUR
    return hours * DAYS_PER_MONTH * warehouse.dbu * parameters.dbu_usd


def smallest(parameters: Parameters, run: Run) -> Warehouse | None:
    """The smallest warehouse whose daily build takes at most half an hour."""
    core_seconds = sum(build(parameters, run).values())
    for one in WAREHOUSES:
        if minutes(parameters, core_seconds, one) <= MINUTES_AT_MOST:
            return one
    return None


@dataclass(frozen=True)
class Factory:
    """What Data Factory does at the end of the period."""

    changes_per_hour: float
    copy_seconds: float  # of the plays of an hour
    first_hours: float  # of one Copy of all plays
    first_plays: float  # that one Copy can land before its timeout
    copy_usd: float  # per month
    activity_usd: float  # per month


def landed_per_day(parameters: Parameters) -> float:
    """Changes that the last day lands: an update has two images."""
    return float(daily_plays(parameters)[-1]) * (1 + 2 * parameters.corrected)


def factory(parameters: Parameters) -> Factory:
    """Hourly runs; each Copy is billed by the minute."""
    speed = parameters.diu * parameters.diu_bytes
    hourly = landed_per_day(parameters) / 24
    seconds = hourly * parameters.source_bytes / speed
    billed = max(1, -(-seconds // 60)) + (COPIED_TABLES - 1)
    return Factory(
        hourly,
        seconds,
        parameters.plays * parameters.source_bytes / speed / HOUR,
        COPY_HOURS_AT_MOST * HOUR * speed / parameters.source_bytes,
        billed / 60 * parameters.diu * parameters.diu_usd * HOURS_PER_MONTH,
        parameters.day_activities * HOURS_PER_MONTH * parameters.activity_usd,
    )


def stored(parameters: Parameters, run: Run) -> dict[str, float]:
    """Bytes in the lake at the end of the period."""
    daily = landed_per_day(parameters) * parameters.landed_day_bytes
    changes = parameters.plays * (1 + 2 * parameters.corrected)
    hot = min(daily * ARCHIVE_AFTER_DAYS, changes * parameters.landed_day_bytes)
    return {
        "landed files, 90 days": hot,
        "landed files, archived": changes * parameters.landed_day_bytes - hot,
        "bronze": changes * parameters.bronze_bytes,
        "`fct_streams`": month(run.live_bytes),
        "removed files until VACUUM": month(run.retained_bytes),
        "Delta log of `fct_streams`": month(run.log_bytes),
    }


def monthly(parameters: Parameters, run: Run, warehouse: Warehouse) -> dict[str, float]:
    """USD per month at the end of the period, by service."""
    parts = stored(parameters, run)
    archived = parts.pop("landed files, archived")
    landed = factory(parameters)
    return {
        "SQL warehouse": warehouse_usd(parameters, sum(build(parameters, run).values()), warehouse),
        "Data Factory, activity runs": landed.activity_usd,
        "Data Factory, Copy": landed.copy_usd,
        "ADLS": (sum(parts.values()) * parameters.stored_usd + archived * parameters.archived_usd)
        / GB,
        "Synapse serverless": parameters.queries
        * parameters.query_bytes
        / TB
        * parameters.scanned_usd,
        "private endpoints": parameters.endpoints_usd,
    }
