"""Landed files from other generators: values that are cast, and values that are errors."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.streams.files import ReadFiles, stage

UTC = pa.timestamp("us", "UTC")
NOON = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
LAST = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


@pytest.fixture
def read(tmp_path):
    """Read the landed file with `id` or more columns of these types."""
    folder, scratch = tmp_path / "landed", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()

    def rows(**columns: pa.DataType) -> list[dict]:
        source = ReadFiles("abfss://x/landed", folder, "parquet", pa.schema(columns.items()))
        stage(source, source.listing(), scratch)
        table = pq.read_table(scratch / "rows.parquet")
        assert table.schema.names[-1] == "_metadata"
        return table.drop(["_metadata"]).to_pylist()

    rows.folder = folder
    return rows


def _naive(unit: str) -> pa.Array:
    return pa.array([NOON.replace(tzinfo=None)], pa.timestamp(unit))


@pytest.mark.parametrize(
    ("landed", "declared", "value"),
    [
        *((pa.array([7], width), pa.int64(), 7) for width in (pa.int8(), pa.uint16(), pa.int32())),
        (pa.array([7], pa.int64()), pa.int32(), 7),
        (pa.array([7], pa.uint64()), pa.int16(), 7),
        (pa.array([Decimal("12.00")]), pa.int64(), 12),
        (pa.array([12]), pa.decimal128(9, 2), Decimal("12.00")),
        (pa.array([Decimal("1.5")], pa.decimal128(38, 18)), pa.decimal128(9, 2), Decimal("1.50")),
        (pa.array([3.0]), pa.int64(), 3),
        (pa.array([" 12 "]), pa.int64(), 12),
        (pa.array(["a"], pa.large_string()), pa.string(), "a"),
        (pa.array(["a"]).dictionary_encode(), pa.string(), "a"),
        (pa.array([b"a"]), pa.string(), "a"),
        *((_naive(unit), UTC, NOON) for unit in ("s", "ms", "us", "ns")),
        (pa.array([NOON], pa.timestamp("ns", "Asia/Tokyo")), UTC, NOON),
        (pa.array([NOON], pa.timestamp("ms", "Asia/Tokyo")), pa.date32(), dt.date(2024, 7, 1)),
        (pa.array([dt.date(2024, 7, 1)]), UTC, NOON.replace(hour=0)),
        (pa.array([dt.date(2024, 7, 1)], pa.date64()), pa.date32(), dt.date(2024, 7, 1)),
        (pa.nulls(1), UTC, None),
    ],
)
def test_a_value_that_fits_is_cast(read, landed, declared, value):
    pq.write_table(pa.table({"ID": landed}), read.folder / "1.parquet")
    assert read(id=declared) == [{"id": value}]


@pytest.mark.parametrize("time", [NOON, LAST, dt.datetime(1, 1, 1, tzinfo=dt.UTC)])
def test_int96_reads_every_year(read, time):
    table = pa.table({"at": pa.array([time.replace(tzinfo=None)], pa.timestamp("us"))})
    pq.write_table(table, read.folder / "1.parquet", use_deprecated_int96_timestamps=True)
    assert read(at=UTC) == [{"at": time}]


@pytest.mark.parametrize(
    ("landed", "declared", "reported"),
    [
        (pa.array([3_000_000_000]), pa.int32(), "int values: Integer value 3000000000 not in"),
        (pa.array([2**64 - 1], pa.uint64()), pa.int64(), "bigint values"),
        (pa.array([3.5]), pa.int64(), "bigint values: Float value 3.5"),
        (pa.array([Decimal("1.5")]), pa.int64(), "bigint values"),
        (pa.array(["x"]), pa.int64(), "'x'"),
        (pa.array([20240101]), pa.date32(), "date values: they are numbers (bigint)"),
        (pa.array([1_700_000_000]), UTC, "timestamp values: they are numbers (bigint)"),
        (pa.array([10**13], pa.timestamp("s")), UTC, "timestamp values"),
        (pa.array([b"\xff"]), pa.string(), "string values"),
        (pa.array([[1]]), pa.string(), "string values"),
    ],
)
def test_a_value_that_does_not_fit_names_column_and_file(read, landed, declared, reported):
    pq.write_table(pa.table({"id": landed}), read.folder / "1.parquet")
    with pytest.raises(SqlError) as error:
        read(id=declared)
    assert "Column `id` of abfss://x/landed/1.parquet does not hold " in str(error.value)
    assert reported in str(error.value)
    assert "\n" not in str(error.value)


def test_columns_are_matched_by_name(read):
    struct = pa.array([{"id": 7}])
    pq.write_table(pa.table({"more": [1], "s": struct, "Id": [2]}), read.folder / "1.parquet")
    pq.write_table(pa.table({"more": ["x"]}), read.folder / "2.parquet")
    assert read(name=pa.string(), id=pa.int64()) == [
        {"name": None, "id": 2},
        {"name": None, "id": None},
    ]


def test_names_that_differ_only_in_case_are_distinguished_or_refused(read):
    pq.write_table(pa.table({"ID": [1], "id": [2]}), read.folder / "1.parquet")
    assert read(id=pa.int64()) == [{"id": 2}]
    with pytest.raises(SqlError, match=r"1\.parquet has more than one column `Id`"):
        read(Id=pa.int64())


def test_folders_row_groups_and_files_without_rows(read):
    assert read(id=pa.int64()) == []
    (read.folder / "2024" / "07").mkdir(parents=True)
    pq.write_table(
        pa.table({"id": range(1000)}), read.folder / "2024" / "07" / "1.parquet", row_group_size=7
    )
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), read.folder / "2.parquet")
    for name in ("_SUCCESS", ".2.parquet.crc", "3.parquet.tmp", "4.partial"):
        (read.folder / name).write_bytes(b"")
    hidden = read.folder / "_temporary" / "0"
    hidden.mkdir(parents=True)
    (hidden / "5.parquet").write_bytes(b"half")
    assert [row["id"] for row in read(id=pa.int64())] == list(range(1000))
    (read.folder / "6.parquet").write_bytes(b"")
    with pytest.raises(SqlError, match=r"landed/6\.parquet is truncated or is not a parquet file"):
        read(id=pa.int64())
