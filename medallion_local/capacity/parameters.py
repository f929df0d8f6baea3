"""Every figure that the calculation starts from, with its unit and its source."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

FILE = Path(__file__).with_name("measured.json")
MB, GB, TB = 10**6, 10**9, 10**12
MEASURED, PUBLIC, UNVERIFIED, ASSUMED = "measured", "public", "not verified", "assumed"
HERE = "`python -m medallion_local.capacity measure`: 200,000 plays of 20,000 users, and a day"
ISSUE = "issue 18, 2026-11-28: 2 quiet cores, 24 GiB, 1 and 10 million plays"
PROPERTIES = "[table properties](https://docs.delta.io/table-properties), defaults"
SAMPLE = "a sample of Microsoft's, called fictitious there"
LIST = "third-party lists of April 2026 for a US region"


def measured() -> dict[str, float]:
    """The stored measures, by name."""
    stored: dict[str, float] = json.loads(FILE.read_text(encoding="utf-8"))
    return stored


def _given(value: float, unit: str, kind: str, source: str, note: str = "") -> float:
    metadata = {"unit": unit, "kind": kind, "source": source, "note": note}
    found: float = field(default=value, metadata=metadata)
    return found


def _assumed(value: float, unit: str, note: str = "") -> float:
    return _given(value, unit, ASSUMED, "", note)


def _here(name: str, unit: str, note: str = "") -> float:
    return _given(measured()[name], unit, MEASURED, HERE, note)


def _issue(value: float, unit: str, note: str) -> float:
    return _given(value, unit, MEASURED, ISSUE, note)


@dataclass(frozen=True)
class Parameters:
    """The parameters by name; `dataclasses.replace` varies one of them."""

    # The workload.
    plays: float = _assumed(10e9, "plays at the end")
    days: float = _assumed(1095, "days")
    growth: float = _assumed(2, "last day / first day", "linear")
    late: float = _assumed(0.02, "of a day's plays", "they began on an earlier day")
    corrected: float = _assumed(0.01, "of a day's plays", "updated, deleted, or with other keys")
    half_life: float = _assumed(2, "days", "age of late and corrected plays")
    old: float = _assumed(0.001, "of late and corrected plays", "of any age")

    # Bytes.
    landed_day_bytes: float = _here("landed_day_bytes", "bytes/change", "a day's landed file")
    bronze_bytes: float = _here("bronze_bytes", "bytes/change")
    fact_bytes_few_keys: float = _here("fact_bytes_few_keys", "bytes/row", "20,000 users")
    fact_bytes: float = _here("fact_bytes", "bytes/row", "no key of user or track twice, Snappy")
    fact_bytes_zstd: float = _here("fact_bytes_zstd", "bytes/row", "the same in zstd")
    user_bytes: float = _here("user_bytes", "bytes/row", "`dim_user`")
    action_bytes: float = _here("action_bytes", "bytes/action", "of a Delta log")

    # Speed. A core second of the laptop is taken for one of the warehouse.
    build_seconds: float = _issue(93 * 2 / 10e6, "core s/change", "`fct_streams` first: 93 s")
    copy_seconds: float = _issue(
        (63 * 2 - 226e3 * 93 * 2 / 10e6) / 10e6, "core s/row", "a MERGE that copies all: 63 s"
    )
    other_seconds: float = _issue((199 - 93) * 2 / 10e6, "core s/change", "other models: 106 s")
    mart_seconds: float = _issue(30 * 2 / 10e6, "core s/row", "marts of all days: 25–35 s")
    history_seconds: float = _issue(
        (45 - 26) * 2 / 9e6, "core s/row", "nothing new: 45 s, and 26 s at 1 million"
    )
    fixed_seconds: float = _issue(26, "s/build", "nothing new")
    copy_seconds_bound: float = _here("copy_seconds", "core s/row", "read and write Parquet")
    scan_seconds: float = _here("scan_seconds", "core s/row", "read the keys of the MERGE")
    efficiency: float = _assumed(0.7, "of the cores", "what many cores share")

    # Delta.
    file_bytes: float = _given(
        *(256 * MB, "bytes/file", PUBLIC),
        "[file size](https://docs.databricks.com/en/delta/tune-file-size.html)",
        "below 2.56 TB; linear to 1 GB at 10 TB",
    )
    partition_bytes: float = _given(
        *(GB, "bytes/partition", PUBLIC),
        "[partitions](https://learn.microsoft.com/en-gb/azure/databricks/tables/partitions)",
        "none in tables below 1 TB; newer versions: below 100 TB",
    )
    vacuum_days: float = _given(7, "days", PUBLIC, PROPERTIES, "removed files")
    log_days: float = _given(30, "days", PUBLIC, PROPERTIES, "log")
    checkpoint_commits: float = _given(10, "commits", PUBLIC, PROPERTIES)
    optimize_days: float = _assumed(7, "days", "between two OPTIMIZE")
    vector_purge: float = _assumed(0.05, "of the rows", "more marked rows: OPTIMIZE removes them")

    # Data Factory.
    day_activities: float = _here("day_activities", "activity runs", "of an hourly run")
    diu: float = _given(
        *(4, "DIU/Copy", PUBLIC),
        "[Copy](https://learn.microsoft.com/azure/data-factory/copy-activity-performance-features)",
        "default and maximum without partitions",
    )
    source_bytes: float = _assumed(60, "bytes/change", "that Copy reads from Azure SQL")
    diu_bytes: float = _assumed(5 * MB, "bytes/s/DIU", "no public figure for this source")

    # Synapse.
    mart_day_bytes: float = _given(
        *(92e3, "bytes/day", MEASURED), "[Synapse](synapse.md)", "`mart_daily_listening`"
    )
    users: float = _assumed(20e6, "users")
    queries: float = _assumed(20_000, "queries/month", "of reports, each for some days")
    query_bytes: float = _given(
        *(10 * MB, "bytes/query", PUBLIC),
        "[data processed](https://learn.microsoft.com/azure/synapse-analytics/sql/data-processed)",
        "the least that is billed",
    )

    # Prices.
    dbu_usd: float = _given(0.70, "USD/DBU", UNVERIFIED, LIST, "serverless SQL")
    diu_usd: float = _given(0.25, "USD/DIU hour", UNVERIFIED, LIST)
    activity_usd: float = _given(0.001, "USD/activity run", UNVERIFIED, LIST)
    scanned_usd: float = _given(5, "USD/TB", UNVERIFIED, LIST, "Synapse serverless")
    stored_usd: float = _given(0.0208, "USD/GB month", UNVERIFIED, SAMPLE, "hot")
    archived_usd: float = _given(0.002, "USD/GB month", UNVERIFIED, SAMPLE, "archive")
    endpoints_usd: float = _given(112, "USD/month", UNVERIFIED, "[costs](costs.md), from memory")


@dataclass(frozen=True)
class Named:
    """A parameter as the page shows it."""

    name: str
    value: float
    unit: str
    kind: str
    source: str
    note: str


def named(parameters: Parameters) -> Iterator[Named]:
    """All parameters with their values, units and sources, in order."""
    for one in fields(parameters):
        value: float = getattr(parameters, one.name)
        yield Named(one.name, value, **one.metadata)


@dataclass(frozen=True)
class Warehouse:
    """A size of a SQL warehouse."""

    size: str
    workers: int
    dbu: float

    @property
    def cores(self) -> int:
        """Virtual cores of the workers, each of which has eight."""
        return 8 * self.workers


# Workers: the page of Azure Databricks about the behaviour of SQL warehouses. DBU per hour: several
# public calculators agree; Databricks' own price page could not be read here.
WAREHOUSES = (
    Warehouse("2X-Small", 1, 4),
    Warehouse("X-Small", 2, 6),
    Warehouse("Small", 4, 12),
    Warehouse("Medium", 8, 24),
    Warehouse("Large", 16, 40),
    Warehouse("X-Large", 32, 80),
)
