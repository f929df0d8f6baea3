"""The T-SQL of the pipelines: the same text runs on Azure SQL and here."""

import hashlib
import random
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from medallion.errors import MedallionError
from medallion_local.azure_sql import database
from medallion_local.azure_sql.database import SourceDatabase
from support.source_users import enable, five_users, lsn, rows, scalar

TEXTS = ["abc", "", "é", "😀 a", "naïve|ünï", "x" * 199]


@pytest.fixture
def source(tmp_path: Path) -> SourceDatabase:
    return five_users(tmp_path)


def test_open_json_gives_keys_values_and_types(source: SourceDatabase) -> None:
    document = '[1, "a", null, true, {"b": [1]}, [2], "it\'\'s"]'
    found = rows(source, f"SELECT j.[key], j.value, j.type FROM OPENJSON(N'{document}') AS j")
    assert [tuple(r.values()) for r in sorted(found, key=lambda r: str(r["key"]))] == [
        ("0", "1", 2),
        ("1", "a", 1),
        ("2", None, 0),
        ("3", "true", 3),
        ("4", '{"b":[1]}', 5),
        ("5", "[2]", 4),
        ("6", "it's", 1),
    ]
    found = rows(source, "SELECT j.[key] AS k, j.value FROM OPENJSON(N'{\"a\": 1}') AS j")
    assert found == [{"k": "a", "value": "1"}]


def test_open_json_joins(source: SourceDatabase) -> None:
    joined = rows(
        source,
        'SELECT c.value AS name, t.value AS kind FROM OPENJSON(N\'["user_id", "nope"]\') AS c '
        "LEFT JOIN OPENJSON(N'[\"int\"]') AS t ON c.[key] = t.[key] "
        "WHERE NOT EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.COLUMNS AS i "
        "WHERE i.TABLE_NAME = N'DimUser' AND i.COLUMN_NAME = c.value)",
    )
    assert joined == [{"name": "nope", "kind": None}]
    applied = rows(
        source,
        "SELECT u.user_id, j.value FROM dbo.DimUser AS u "
        "CROSS APPLY OPENJSON(CONCAT(N'[', u.user_id, N']')) AS j WHERE u.user_id <= 2 "
        "ORDER BY u.user_id",
    )
    assert applied == [{"user_id": 1, "value": "1"}, {"user_id": 2, "value": "2"}]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("algorithm", "function"),
    [("SHA2_256", hashlib.sha256), ("SHA1", hashlib.sha1), ("MD5", hashlib.md5)],
)
def test_hashbytes_hashes_the_bytes_of_its_type(
    source: SourceDatabase, text: str, algorithm: str, function: object
) -> None:
    # varchar has the bytes of code page 1252. A text that it cannot hold is an error.
    wide, narrow = text.encode("utf-16-le"), text.encode("cp1252", "ignore")
    in_varchar = {f"'{text}'", "CONVERT(varchar(400), u.user_name)"}
    source.execute(f"UPDATE dbo.DimUser SET user_name = N'{text}' WHERE user_id = 1")
    for expression, expected in {
        f"N'{text}'": wide,
        f"'{text}'": narrow,
        "u.user_name": wide,
        "UPPER(u.user_name)": text.upper().encode("utf-16-le"),
        "CONVERT(varchar(400), u.user_name)": narrow,
        "CONCAT(u.user_id, '|', 5)": b"1|5",
        "CONCAT(u.user_id, '|', u.user_name)": ("1|" + text).encode("utf-16-le"),
        "u.user_name + '!'": (text + "!").encode("utf-16-le"),
        "CASE WHEN u.user_id = 1 THEN 'a' ELSE N'b' END": "a".encode("utf-16-le"),
        "COALESCE(CAST(u.end_date AS varchar(10)), 'none')": b"none",
        "0x0102": b"\x01\x02",
        "(SELECT v.user_name FROM dbo.DimUser AS v WHERE v.user_id = u.user_id)": wide,
    }.items():
        query = f"SELECT HASHBYTES('{algorithm}', {expression}) AS h FROM dbo.DimUser AS u "
        if expression in in_varchar and narrow.decode("cp1252") != text:
            with pytest.raises(MedallionError, match="code page 1252"):
                rows(source, query)
            continue
        (row,) = rows(source, query + "WHERE u.user_id = 1")
        assert row["h"] == function(expected).digest(), expression  # type: ignore[operator]


def test_hashbytes_finds_the_type_through_queries(source: SourceDatabase) -> None:
    source.execute("UPDATE dbo.DimUser SET user_name = N'z' WHERE user_id = 1")
    wide, narrow = hashlib.md5(b"z\0").digest(), hashlib.md5(b"z").digest()
    window = (
        "cdc.fn_cdc_get_all_changes_dbo_DimUser(sys.fn_cdc_get_min_lsn(N'dbo_DimUser'), "
        "sys.fn_cdc_get_max_lsn(), N'all')"
    )
    for query, expected in {
        "WITH n AS (SELECT u.user_name AS x FROM dbo.DimUser AS u) SELECT {} FROM n": wide,
        f"SELECT {{}} FROM (SELECT c.user_name AS x FROM {window} AS c) AS n": wide,
        "SELECT {} FROM (SELECT n.*, 1 AS one FROM (SELECT c.user_name AS x FROM "
        "cdc.[dbo_DimUser_CT] AS c) AS n) AS m": wide,
        "SELECT {} FROM OPENJSON(N'[\"z\"]') AS j CROSS APPLY (SELECT j.value AS x) AS n": wide,
        "SELECT {} FROM (VALUES ('z'), ('y')) AS n (x)": narrow,
        "SELECT {} FROM (SELECT 'z' AS x UNION ALL SELECT 'y') AS n": narrow,
    }.items():
        found = rows(source, query.format("HASHBYTES('MD5', x) AS h"))
        assert expected in [r["h"] for r in found], query


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT HASHBYTES('SHA2_512', N'x') AS h", "SHA2_512"),
        ("SELECT HASHBYTES('MD5', u.user_id) AS h FROM dbo.DimUser AS u", "8116.*user_id"),
        ("SELECT * FROM OPENJSON(N'{}', '$.a') AS j", "OPENJSON"),
        ("SELECT * FROM OPENJSON(N'{}') WITH (a int) AS j", "OPENJSON"),
        ("SELECT * FROM INFORMATION_SCHEMA.VIEWS AS v", "INFORMATION_SCHEMA.VIEWS"),
        ("SELECT SUM(CAST(9000000000000000000 AS bigint)) AS s FROM dbo.DimUser AS u", "8115"),
    ],
)
def test_unsupported_tsql_is_one_sentence(source: SourceDatabase, query: str, message: str) -> None:
    with pytest.raises(MedallionError, match=message):
        rows(source, query)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST(0x0100 AS bigint)", 256),
        ("CAST(0xFFFFFFFFFFFFFFFE AS bigint)", -2),
        ("CAST(0x0AFFFFFFFF AS int)", -1),
        ("CAST(0x01FF AS tinyint)", 255),
        ("CONVERT(smallint, 0x7FFF)", 32767),
        ("CAST(CAST(-2 AS binary(8)) AS bigint)", -2),
        ("SUBSTRING(0x0102030405, 2, 3)", b"\x02\x03\x04"),
        ("SUBSTRING(0x0102030405, 0, 2)", b"\x01"),
        ("SUBSTRING(0x0102, 2, 9)", b"\x02"),
        ("SUBSTRING(N'abc', 2, 1)", "b"),
        ("IIF(1 = 2, N'a', N'b')", "b"),
        ("CONCAT('a', NULL, 1, CAST(1 AS bit))", "a11"),
        ("CONCAT_WS(N', ', N'a', NULL, 2)", "a, 2"),
        ("CAST('2025-01-02' AS datetime2)", datetime(2025, 1, 2)),
    ],
)
def test_expressions(source: SourceDatabase, expression: str, expected: object) -> None:
    assert scalar(source, expression) == expected


def test_text_columns_join_by_plus(source: SourceDatabase) -> None:
    (row,) = rows(
        source,
        "SELECT n.a + n.b AS both, n.c + 1 AS number FROM (SELECT u.user_name AS a, "
        "u.country AS b, u.user_id AS c FROM dbo.DimUser AS u WHERE u.user_id = 1) AS n",
    )
    assert row == {"both": "u1DE", "number": 2}


def test_string_agg_in_its_own_order(source: SourceDatabase) -> None:
    listed = (
        "STRING_AGG(u.user_name, N', ') WITHIN GROUP (ORDER BY u.user_id DESC) AS names, "
        "SUM(CAST(9000000000000000000 AS decimal(38, 0))) AS total, SUM(u.user_id) AS ids"
    )
    reader = source.query(f"SELECT {listed} FROM dbo.DimUser AS u")
    assert [str(t) for t in reader.schema.types] == ["string", "decimal128(38, 0)", "int32"]
    (row,) = reader.read_all().to_pylist()
    assert (row["names"], int(row["total"]), row["ids"]) == (
        "u5, u4, u3, u2, u1",
        45_000_000_000_000_000_000,
        15,
    )


def pinned(source: SourceDatabase, pin: str, changes: str) -> list[tuple[object, ...]]:
    """The state of dbo.DimUser at an LSN, from the table and the later changes in `changes`."""
    found = rows(
        source,
        "SELECT c.[user_id], c.[user_name], CONVERT(varchar(22), CAST(ROW_NUMBER() OVER ("
        "ORDER BY c.[user_id]) AS binary(10)), 1) AS _seqval, 2 AS _operation FROM ("
        "SELECT t.[user_id], t.[user_name] FROM [dbo].[DimUser] AS t WHERE NOT EXISTS ("
        f"SELECT 1 FROM {changes} AS x WHERE x.[user_id] = t.[user_id]) UNION ALL "
        "SELECT f.[user_id], f.[user_name] FROM (SELECT x.[user_id], x.[user_name], "
        "x.[__$operation], ROW_NUMBER() OVER (PARTITION BY x.[user_id] ORDER BY "
        "x.[__$start_lsn], x.[__$seqval], x.[__$operation]) AS place "
        f"FROM {changes} AS x) AS f WHERE f.place = 1 AND f.[__$operation] IN (1, 3)) AS c",
    )
    assert [r["_seqval"] for r in found] == [f"0x{n:020X}" for n in range(1, len(found) + 1)]
    return [(r["user_id"], r["user_name"]) for r in found]


@pytest.mark.parametrize("seed", range(4))
def test_the_state_at_a_claimed_lsn_is_exact(source: SourceDatabase, seed: int) -> None:
    rng = random.Random(seed)
    enable(source, "v2")
    states: dict[str, list[tuple[object, ...]]] = {}
    for step in range(14):
        query = "SELECT u.user_id, u.user_name FROM dbo.DimUser AS u ORDER BY u.user_id"
        states[lsn(source)] = [tuple(r.values()) for r in rows(source, query)]
        key = rng.randint(1, 7)
        source.execute(
            rng.choice(
                [
                    f"UPDATE dbo.DimUser SET user_name = N'n{step}' WHERE user_id <= {key}",
                    f"DELETE FROM dbo.DimUser WHERE user_id = {key}",
                    f"MERGE dbo.DimUser AS t USING (VALUES ({key}, N'm{step}')) AS s (i, n) "
                    "ON t.user_id = s.i WHEN MATCHED THEN UPDATE SET user_name = s.n "
                    "WHEN NOT MATCHED THEN INSERT (user_id, user_name) VALUES (s.i, s.n);",
                    f"UPDATE dbo.DimUser SET user_id = user_id + 10 WHERE user_id = {key}",
                    f"BEGIN TRAN; DELETE FROM dbo.DimUser WHERE user_id = {key}; "
                    f"INSERT INTO dbo.DimUser (user_id, user_name) VALUES ({key}, N'b{step}'); "
                    f"UPDATE dbo.DimUser SET user_name = N'c' WHERE user_id = {key}; COMMIT",
                ]
            )
        )
    end = lsn(source)
    for pin, state in states.items():
        table = f"(SELECT * FROM cdc.[v2_CT] AS l WHERE l.[__$start_lsn] > {pin})"
        assert pinned(source, pin, table) == state
        if pin < end:
            function = (
                f"cdc.fn_cdc_get_all_changes_dbo_DimUser(sys.fn_cdc_increment_lsn({pin}), "
                "sys.fn_cdc_get_max_lsn(), N'all update old')"
            )
            assert pinned(source, pin, function) == state


def test_no_change_after_the_claimed_lsn_is_an_error_of_the_function_only(
    source: SourceDatabase,
) -> None:
    pin = lsn(source)
    function = (
        f"cdc.fn_cdc_get_all_changes_dbo_DimUser(sys.fn_cdc_increment_lsn({pin}), "
        "sys.fn_cdc_get_max_lsn(), N'all update old')"
    )
    with pytest.raises(MedallionError, match="313"):
        pinned(source, pin, function)
    table = f"(SELECT * FROM cdc.[dbo_DimUser_CT] AS l WHERE l.[__$start_lsn] > {pin})"
    assert len(pinned(source, pin, table)) == 5


def test_a_state_of_a_million_rows_at_a_claimed_lsn_streams(tmp_path: Path) -> None:
    def load(con: duckdb.DuckDBPyConnection) -> datetime:
        con.execute(
            "INSERT INTO dbo.FactStream SELECT i, i % 5000, i % 2000, 20250101, i % 300, "
            "'Mobile', TIMESTAMP '2025-01-01' FROM range(1, 1000001) r(i)"
        )
        return datetime(2025, 1, 20)

    source = database.create(tmp_path / "s.duckdb", load)
    pin = lsn(source)
    source.execute("UPDATE dbo.FactStream SET listen_duration = -1 WHERE stream_id % 10 = 0")
    reader = source.query(
        "SELECT c.stream_id, c.listen_duration, CONVERT(varchar(22), CAST(ROW_NUMBER() OVER ("
        "ORDER BY c.stream_id) AS binary(10)), 1) AS _seqval FROM ("
        "SELECT t.stream_id, t.listen_duration FROM dbo.FactStream AS t WHERE NOT EXISTS ("
        f"SELECT 1 FROM cdc.dbo_FactStream_CT AS x WHERE x.[__$start_lsn] > {pin} "
        "AND x.stream_id = t.stream_id) UNION ALL "
        "SELECT x.stream_id, x.listen_duration FROM cdc.dbo_FactStream_CT AS x "
        f"WHERE x.[__$start_lsn] > {pin} AND x.[__$operation] = 3) AS c"
    )
    total = 0
    for batch in reader:
        assert batch.num_rows < 200_000
        assert min(batch["listen_duration"].to_pylist()) >= 0
        total += batch.num_rows
    assert total == 1_000_000
