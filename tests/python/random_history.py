"""Random change logs with what real ones hold, and how they land: late, twice, out of order."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from oracle.changes import AFTER, BEFORE, DELETE, INSERT, KEYS, Change, History

START = datetime(2025, 10, 1)
KEYS_PER_TABLE = 5
PLAYS = 40

INT, BIG, TEXT = pa.int32(), pa.int64(), pa.string()
TIME, DAY = pa.timestamp("us"), pa.date32()
CONTROL = {
    "_start_lsn": TEXT,
    "_seqval": TEXT,
    "_operation": INT,
    "_commit_time": TIME,
    "_ingested_at": TIME,
    "_run_id": TEXT,
    "_file": TEXT,
}
COLUMNS = {
    "DimUser": {
        "user_id": INT,
        "user_name": TEXT,
        "country": TEXT,
        "subscription_type": TEXT,
        "start_date": DAY,
        "end_date": DAY,
        "updated_at": TIME,
    },
    "DimArtist": {
        "artist_id": INT,
        "artist_name": TEXT,
        "genre": TEXT,
        "country": TEXT,
        "updated_at": TIME,
    },
    "DimTrack": {
        "track_id": INT,
        "track_name": TEXT,
        "artist_id": INT,
        "album_name": TEXT,
        "duration_sec": INT,
        "release_date": DAY,
        "updated_at": TIME,
    },
    "DimDate": {
        "date_key": INT,
        "date": DAY,
        "day": INT,
        "month": INT,
        "year": INT,
        "weekday": TEXT,
    },
    "FactStream": {
        "stream_id": BIG,
        "user_id": INT,
        "track_id": INT,
        "date_key": INT,
        "listen_duration": INT,
        "device_type": TEXT,
        "stream_timestamp": TIME,
    },
}


def random_log(seed: int, transactions: int = 60) -> History:
    """A change log of some weeks: few keys, so that each has many versions, gaps and ties."""
    dice = random.Random(seed)
    log: History = {table: [] for table in KEYS}
    tables: dict[str, dict] = {table: {} for table in KEYS}
    commit_time = START
    for number in range(1, transactions + 1):
        commit_time += timedelta(hours=dice.choice([0, 0, 1, 7, 24]))
        control = {"_start_lsn": f"0x{number:020X}", "_commit_time": commit_time}
        for place in range(1, dice.randint(1, 6) + 1):
            table = dice.choice([*KEYS, "FactStream", "FactStream", "DimUser"])
            control |= {"_seqval": f"0x{place:020X}"}
            log[table] += [c | control for c in _random_change(dice, table, tables, commit_time)]
    return log


def _random_change(dice: random.Random, table: str, tables: dict, now: datetime) -> list[Change]:
    """A change of one row, as its captured images; it is also made in `tables`."""
    key, rows = KEYS[table], tables[table]
    value = _random_key(dice, table)
    before = rows.get(value)
    after = {key: value} | _random_row(dice, table, now)
    if before is not None and dice.random() < 0.15:
        after = before | ({"updated_at": now} if "updated_at" in before else {})
    if before is None and dice.random() < 0.1:
        return [after | {"_operation": DELETE}]  # of a key that was never seen
    if before is not None and dice.random() < 0.3:
        del rows[value]
        return [before | {"_operation": DELETE}]
    rows[value] = after
    if before is None:
        return [after | {"_operation": INSERT}]
    return [before | {"_operation": BEFORE}, after | {"_operation": AFTER}]


def _random_key(dice: random.Random, table: str) -> int | None:
    if dice.random() < 0.02:
        return None
    if table == "DimDate":
        return 20251001 + dice.randrange(0, 31, 3)
    return dice.randint(1, PLAYS if table == "FactStream" else KEYS_PER_TABLE)


def _random_row(dice: random.Random, table: str, now: datetime) -> Change:
    def text(*choices: str) -> str | None:
        return dice.choice([*choices, "", None]) if dice.random() < 0.3 else dice.choice(choices)

    if table == "DimUser":
        return {
            "user_name": text("Ann", "Bo"),
            "country": text("Norway", "Chile"),
            "subscription_type": text("Free", "Premium"),
            "start_date": date(2024, 1, dice.randint(1, 2)),
            "end_date": dice.choice([None, date(2025, 12, 31)]),
            "updated_at": now,
        }
    if table == "DimArtist":
        return {
            "artist_name": text("The One", "The Other"),
            "genre": text("Rock", "Jazz"),
            "country": text("Norway", "Chile"),
            "updated_at": now,
        }
    if table == "DimTrack":
        return {
            "track_name": text("Song", "Tune"),
            "artist_id": dice.choice([*range(1, KEYS_PER_TABLE + 2), None]),
            "album_name": text("First", "Second"),
            "duration_sec": dice.choice([180, 240, None]),
            "release_date": dice.choice([date(2020, 2, 29), None]),
            "updated_at": now,
        }
    if table == "DimDate":
        day = dice.choice([None, date(2025, 10, 4)])
        return {"date": day, "day": 4, "month": 10, "year": 2025, "weekday": text("Saturday")}
    return {
        "user_id": dice.choice([*range(1, KEYS_PER_TABLE + 2), *([None] * (dice.random() < 0.2))]),
        "track_id": dice.choice([*range(1, KEYS_PER_TABLE + 2), *([None] * (dice.random() < 0.2))]),
        "date_key": 20240101,
        "listen_duration": dice.choice([0, 30, 200, 200, 200, None, -1]),
        "device_type": text("Mobile", "Desktop"),
        "stream_timestamp": dice.choice(
            [
                now - timedelta(hours=dice.randrange(0, 200), microseconds=1000),
                now - timedelta(hours=dice.randrange(0, 48)),
                now,
                now + timedelta(days=1),
                now + timedelta(days=1, microseconds=1000),
                START - timedelta(days=dice.randrange(0, 60)),
                datetime(2005, 12, 31, 23),
                *([None] * (dice.random() < 0.3)),
            ]
        ),
    }


def random_batches(log: History, seed: int, count: int) -> list[History]:
    """The log cut into batches by LSN, of which some changes come later, and some come twice."""
    dice = random.Random(seed)
    last = max(int(change["_start_lsn"], 16) for changes in log.values() for change in changes)
    batches: list[History] = [{table: [] for table in KEYS} for _ in range(count)]
    for table, changes in log.items():
        for change in changes:
            due = (int(change["_start_lsn"], 16) - 1) * count // last
            arrivals = {dice.randrange(due, count) if dice.random() < 0.2 else due}
            if dice.random() < 0.1:
                arrivals.add(dice.randrange(due, count))
            for arrival in arrivals:
                batches[arrival][table].append(change)
    for batch in batches:
        for changes in batch.values():
            dice.shuffle(changes)
    return batches


def land(lake: Path, batch: History, number: int) -> None:
    """Write a batch as the pipelines would: a Parquet file per table that has changes."""
    for table, changes in batch.items():
        if not changes:
            continue
        name = f"batch_{number:04}.parquet"
        extra = {"_ingested_at": START, "_run_id": f"run {number}", "_file": name}
        schema = pa.schema(list((COLUMNS[table] | CONTROL).items()))
        file = lake / "bronze" / "azure_sql" / f"dbo.{table}" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [change | extra for change in changes]
        parquet.write_table(pa.Table.from_pylist(rows, schema=schema), file)


def land_reference_files(lake: Path) -> None:
    """The two files from GitHub, without which the project does not build."""
    for name, text in {
        "markets": "country,iso_code,region,currency\nNorway,NO,Nordics,NOK\n",
        "subscription_plans": "plan,monthly_price,currency,max_devices\nFree,0.00,EUR,1\n",
    }.items():
        file = lake / "bronze" / "github" / name / "run-1.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
