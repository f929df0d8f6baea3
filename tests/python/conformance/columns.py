"""The source's columns as they land, and the shapes that a landed file may have over the years."""

from dataclasses import dataclass

import pyarrow as pa

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
NUMBERS = {
    "user_id",
    "artist_id",
    "track_id",
    "stream_id",
}  # each scenario has its own range of these keys
ADDED_LATER = {
    "DimUser": "country",
    "DimArtist": "genre",
    "DimTrack": "release_date",
    "DimDate": "weekday",
    "FactStream": "device_type",
}  # a nullable column of each table that files of the shape `narrow` lack


@dataclass(frozen=True)
class Shape:
    """The types of a landed file's columns, and its additional and missing columns."""

    integers: pa.DataType = INT
    times: pa.DataType = TIME
    added: str | None = None
    narrow: bool = False

    def schema(self, table: str) -> pa.Schema:
        """The Parquet schema of a file of this shape."""
        columns = COLUMNS[table] | CONTROL
        if self.narrow:
            columns = {c: t for c, t in columns.items() if c != ADDED_LATER[table]}
        if self.added:
            columns = columns | {self.added: TEXT}
        typed = {
            c: self.integers if t == INT else self.times if t == TIME else t
            for c, t in columns.items()
        }
        return pa.schema(list(typed.items()))


SHAPES = {
    "plain": Shape(),
    "wide": Shape(BIG, pa.timestamp("us", "UTC"), added="source_note"),
    "nano": Shape(BIG, pa.timestamp("ns")),
    "milli": Shape(INT, pa.timestamp("ms", "UTC")),
    "narrow": Shape(narrow=True),
    "late": Shape(),
    "rerun": Shape(BIG),
    "backfill": Shape(BIG, pa.timestamp("us", "UTC")),
}  # keyed by the first word of a file's label
