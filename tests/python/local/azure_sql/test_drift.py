"""Columns are added, dropped and retyped; capture instances keep their columns."""

from datetime import date, datetime
from pathlib import Path

import pytest

from medallion.errors import MedallionError
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.generator.generate import init_generated
from medallion_local.generator.simulate import simulate
from support.source_users import BEGIN, enable, five_users, lsn, rows, scalar


@pytest.fixture
def source(tmp_path: Path) -> SourceDatabase:
    return five_users(tmp_path)


def history(source: SourceDatabase) -> list[dict[str, object]]:
    """The changes since the first load."""
    return [r for r in source.history("DimUser").to_pylist() if r["seqval"]]


def ddl(source: SourceDatabase, instance: str = "dbo_DimUser") -> list[tuple[object, object]]:
    found = rows(
        source,
        "SELECT h.required_column_update AS u, h.ddl_command AS c FROM cdc.ddl_history AS h "
        "INNER JOIN cdc.change_tables AS t ON t.object_id = h.object_id "
        f"WHERE t.capture_instance = N'{instance}' "
        "AND h.source_object_id = OBJECT_ID(N'dbo.DimUser') ORDER BY h.ddl_lsn",
    )
    return [(r["u"], r["c"]) for r in found]


def test_an_added_column_is_not_captured(source: SourceDatabase) -> None:
    source.execute("ALTER TABLE dbo.DimUser ADD email nvarchar(100) NULL")
    source.execute("UPDATE dbo.DimUser SET email = N'a@b', country = N'FR' WHERE user_id = 1")
    found = rows(source, "SELECT * FROM cdc.dbo_DimUser_CT AS c")
    assert len(found) == 2 and "email" not in found[0]
    assert scalar(source, "(SELECT u.email FROM dbo.DimUser AS u WHERE u.user_id = 1)") == "a@b"
    assert [r["email"] for r in history(source)] == [None, "a@b"]
    assert ddl(source) == [(False, "ALTER TABLE dbo.DimUser ADD email NVARCHAR(100) NULL")]


def test_an_update_of_columns_that_are_not_captured_leaves_no_row(source: SourceDatabase) -> None:
    source.execute("ALTER TABLE dbo.DimUser ADD email nvarchar(100)")
    source.execute("UPDATE dbo.DimUser SET email = N'a@b' WHERE user_id = 1")
    assert rows(source, "SELECT * FROM cdc.dbo_DimUser_CT AS c") == []
    assert len(history(source)) == 2
    source.execute("ALTER TABLE dbo.DimUser DROP COLUMN email")
    assert rows(source, "SELECT * FROM cdc.dbo_DimUser_CT AS c") == []


def test_a_default_fills_rows_without_recording_changes(source: SourceDatabase) -> None:
    source.execute(
        "ALTER TABLE dbo.DimUser ADD points int NOT NULL CONSTRAINT DF_points DEFAULT (7), "
        "seen datetime2(3) NULL DEFAULT SYSUTCDATETIME()"
    )
    source.execute("INSERT INTO dbo.DimUser (user_id) VALUES (6)", at=datetime(2030, 1, 1))
    source.execute(
        "MERGE dbo.DimUser AS t USING (VALUES (7)) AS s (id) ON t.user_id = s.id "
        "WHEN NOT MATCHED THEN INSERT (user_id) VALUES (s.id);",
        at=datetime(2030, 1, 2),
    )
    found = rows(source, "SELECT points, seen FROM dbo.DimUser AS u ORDER BY u.user_id")
    assert [r["points"] for r in found] == [7] * 7
    assert [r["seen"] for r in found][4:] == [None, datetime(2030, 1, 1), datetime(2030, 1, 2)]
    assert [(r["operation"], r["user_id"], r["points"]) for r in history(source)] == [
        (2, 6, 7),
        (2, 7, 7),
    ]


def test_a_dropped_column_is_null_from_then_on(source: SourceDatabase) -> None:
    source.execute("UPDATE dbo.DimUser SET country = N'FR' WHERE user_id = 1")
    source.execute("ALTER TABLE dbo.DimUser DROP COLUMN country, end_date")
    source.execute("UPDATE dbo.DimUser SET user_name = N'x' WHERE user_id = 1")
    found = rows(
        source, "SELECT c.country, c.user_name FROM cdc.dbo_DimUser_CT AS c ORDER BY c.[__$seqval]"
    )
    assert [r["country"] for r in found] == ["DE", "FR", None, None]
    assert [r["user_name"] for r in found] == ["u1", "u1", "u1", "x"]
    assert [r["country"] for r in history(source)] == ["DE", "FR", None, None]
    assert list(history(source)[0])[-2:] == ["country", "end_date"]
    columns = rows(
        source,
        "SELECT k.column_name FROM cdc.captured_columns AS k WHERE k.column_id IN (3, 6) "
        "AND k.object_id = OBJECT_ID(N'cdc.dbo_DimUser_CT') ORDER BY k.column_ordinal",
    )
    assert [r["column_name"] for r in columns] == ["country", "end_date"]
    with pytest.raises(MedallionError, match="country"):
        rows(source, "SELECT country FROM dbo.DimUser AS u")


def test_a_reused_name_is_another_column(source: SourceDatabase) -> None:
    source.execute("ALTER TABLE dbo.DimUser DROP COLUMN country")
    source.execute("ALTER TABLE dbo.DimUser ADD country int")
    source.execute("UPDATE dbo.DimUser SET country = 5, user_name = N'x' WHERE user_id = 1")
    assert rows(source, "SELECT c.country FROM cdc.dbo_DimUser_CT AS c") == [{"country": None}] * 2
    assert [r["country"] for r in history(source)] == [None, 5]
    ids = rows(
        source,
        "SELECT column_id FROM sys.columns AS c WHERE c.name = N'country' "
        "AND c.object_id = OBJECT_ID(N'dbo.DimUser')",
    )
    assert ids == [{"column_id": 8}]


def test_a_retyped_column_is_retyped_in_the_change_table(source: SourceDatabase) -> None:
    source.execute("UPDATE dbo.DimUser SET start_date = '2024-02-03' WHERE user_id = 1")
    source.execute("ALTER TABLE dbo.DimUser ALTER COLUMN start_date datetime2(0) NULL")
    source.execute("ALTER TABLE dbo.DimUser ALTER COLUMN country nvarchar(max)")
    source.execute("ALTER TABLE dbo.DimUser ALTER COLUMN country nvarchar(max) NOT NULL")
    found = rows(source, "SELECT c.start_date FROM cdc.dbo_DimUser_CT AS c ORDER BY c.start_date")
    assert [r["start_date"] for r in found] == [datetime(2024, 1, 1), datetime(2024, 2, 3)]
    assert history(source)[1]["start_date"] == datetime(2024, 2, 3)
    kind = "(SELECT k.column_type FROM cdc.captured_columns AS k WHERE k.column_id = 5 AND "
    assert scalar(source, kind + "k.object_id = OBJECT_ID(N'cdc.dbo_DimUser_CT'))") == "datetime2"
    assert [required for required, _ in ddl(source)] == [True, True, False]


def test_two_instances_record_a_change_under_one_lsn(source: SourceDatabase) -> None:
    source.execute("INSERT INTO dbo.DimUser (user_id) VALUES (6)")
    source.execute("ALTER TABLE dbo.DimUser ADD email nvarchar(100)")
    enable(source, "v2", captured_column_list="N'email, [user_id], updated_at'")
    source.execute("INSERT INTO dbo.DimUser (user_id, email) VALUES (7, N'x')")
    source.execute("UPDATE dbo.DimUser SET email = N'y' WHERE user_id = 7")
    source.execute("UPDATE dbo.DimUser SET country = N'FR' WHERE user_id = 7")
    start = lsn(source, "sys.fn_cdc_get_min_lsn(N'v2')")
    last = lsn(source)
    first = lsn(source, "sys.fn_cdc_get_min_lsn(N'dbo_DimUser')")
    assert first < start < last
    control = "x.[__$start_lsn] AS lsn, x.[__$seqval] AS seqval, x.[__$operation] AS operation"
    old = rows(
        source,
        f"SELECT {control}, x.user_id FROM cdc.fn_cdc_get_all_changes_dbo_DimUser("
        f"{first}, {last}, N'all') AS x ORDER BY lsn, seqval",
    )
    new = rows(
        source,
        f"SELECT {control}, x.user_id, x.email, x.updated_at, x.[__$update_mask] AS mask "
        f"FROM cdc.fn_cdc_get_all_changes_v2({start}, {last}, N'all update old') AS x "
        "ORDER BY lsn, seqval, operation",
    )
    assert [(r["operation"], r["user_id"]) for r in old] == [(2, 6), (2, 7), (4, 7)]
    assert [(r["operation"], r["email"], r["mask"]) for r in new] == [
        (2, "x", b"\x07"),
        (3, "x", b"\x04"),
        (4, "y", b"\x04"),
    ]
    assert (old[1]["lsn"], old[1]["seqval"]) == (new[0]["lsn"], new[0]["seqval"])
    with pytest.raises(MedallionError, match="Msg 313"):
        rows(source, f"SELECT * FROM cdc.fn_cdc_get_all_changes_v2({first}, {last}, N'all') AS x")
    named = rows(
        source,
        "SELECT t.capture_instance, k.column_name, k.column_id, k.column_ordinal, k.column_type "
        "FROM cdc.change_tables AS t INNER JOIN cdc.captured_columns AS k "
        "ON k.object_id = t.object_id WHERE t.capture_instance = N'v2' ORDER BY k.column_ordinal",
    )
    assert [tuple(r.values())[1:] for r in named] == [
        ("user_id", 1, 1, "int"),
        ("updated_at", 7, 2, "datetime2"),
        ("email", 8, 3, "nvarchar"),
    ]


def test_one_instance_can_be_removed_while_the_other_stays(source: SourceDatabase) -> None:
    source.execute("ALTER TABLE dbo.DimUser ADD email nvarchar(100)")
    enable(source, "v2")
    source.execute("ALTER TABLE dbo.DimUser DROP COLUMN country")
    assert len(ddl(source)) == 2
    assert [command for _, command in ddl(source, "v2")] == [
        "ALTER TABLE dbo.DimUser DROP COLUMN country"
    ]
    source.execute("UPDATE dbo.DimUser SET email = N'x' WHERE user_id = 1")
    source.execute(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'DimUser', "
        "@capture_instance = N'DBO_dimuser'"
    )
    assert ddl(source) == []
    assert len(rows(source, "SELECT * FROM cdc.v2_CT AS c")) == 2
    with pytest.raises(MedallionError, match="dbo_DimUser_CT"):
        rows(source, "SELECT * FROM cdc.dbo_DimUser_CT AS c")
    tracked = "(SELECT t.is_tracked_by_cdc FROM sys.tables AS t WHERE t.name = N'DimUser')"
    assert scalar(source, tracked) is True
    assert len(source.history("DimUser").to_pylist()) == 7
    enable(source, "dbo_DimUser")
    source.execute(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'DimUser', "
        "@capture_instance = N'all'"
    )
    assert scalar(source, tracked) is False
    assert scalar(source, "(SELECT COUNT(*) FROM cdc.change_tables AS t)") == 4


def test_cleanup_is_per_instance(source: SourceDatabase) -> None:
    enable(source, "v2")
    start = lsn(source, "sys.fn_cdc_get_min_lsn(N'dbo_DimUser')")
    for name in "ab":
        source.execute(f"UPDATE dbo.DimUser SET user_name = N'{name}' WHERE user_id = 1")
    last = lsn(source)
    clean_up = (
        "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'{}', @low_water_mark = {}"
    )
    source.execute(clean_up.format("v2", last))
    assert lsn(source, "sys.fn_cdc_get_min_lsn(N'v2')") == last
    assert lsn(source, "sys.fn_cdc_get_min_lsn(N'dbo_DimUser')") == start
    assert scalar(source, "(SELECT COUNT(*) FROM cdc.v2_CT AS c)") == 2
    assert scalar(source, "(SELECT COUNT(*) FROM cdc.dbo_DimUser_CT AS c)") == 4
    assert len(history(source)) == 4
    source.execute(clean_up.format("dbo_DimUser", last))
    assert len(history(source)) == 2
    with pytest.raises(MedallionError, match="22964"):
        source.execute(clean_up.format("v2", lsn(source, f"sys.fn_cdc_increment_lsn({last})")))


def test_sp_cdc_get_ddl_history_gives_rows(source: SourceDatabase) -> None:
    at = datetime(2025, 6, 1, 12, 30, 45)
    source.execute("ALTER TABLE dbo.DimUser ADD email nvarchar(100)", at=at)
    found: list[dict[str, object]] = []
    source.execute(
        "EXEC sys.sp_cdc_get_ddl_history @capture_instance = N'dbo_DimUser'",
        show=lambda reader: found.extend(reader.read_all().to_pylist()),
    )
    (row,) = found
    assert (row["source_table"], row["capture_instance"]) == ("DimUser", "dbo_DimUser")
    assert row["ddl_time"] == datetime(2025, 6, 1, 12, 30)
    assert row["ddl_lsn"] == scalar(source, "sys.fn_cdc_get_max_lsn()")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ALTER TABLE dbo.DimUser DROP COLUMN user_id", "5074.*PK_DimUser.*4922"),
        ("ALTER TABLE dbo.DimUser ALTER COLUMN user_id bigint NOT NULL", "5074.*PK_DimUser.*4922"),
        ("ALTER TABLE dbo.DimUser DROP COLUMN nope", "4924.*nope"),
        ("ALTER TABLE dbo.DimUser ALTER COLUMN nope int", "4924.*nope"),
        ("ALTER TABLE dbo.DimUser ADD Country int", "2705.*Country"),
        ("ALTER TABLE dbo.DimUser ADD must int NOT NULL", "4901.*must"),
        ("ALTER TABLE dbo.DimUser ADD a int, country int", "2705.*country"),
        ("ALTER TABLE dbo.DimUser ADD a xml", "'xml' is not supported"),
        ("ALTER TABLE dbo.DimUser ADD a int UNIQUE", "UNIQUE"),
        ("ALTER TABLE dbo.DimUser ALTER COLUMN user_name int", "8114.*nvarchar.*int.*user_name"),
        ("ALTER TABLE dbo.DimUser ALTER COLUMN country nvarchar(1)", "2628.*country"),
        ("ALTER TABLE dbo.DimUser ALTER COLUMN end_date date NOT NULL", "515.*end_date"),
        ("ALTER TABLE dbo.DimUser DROP CONSTRAINT PK_DimUser", "3728.*PK_DimUser"),
        ("ALTER TABLE dbo.Nobody ADD a int", "208.*Nobody"),
        ("ALTER TABLE dbo.DimUser DROP COLUMN country, user_id", "5074"),
        ("BEGIN TRAN; ALTER TABLE dbo.DimUser ADD a int; COMMIT", "BEGIN TRAN"),
        ("EXEC sp_rename N'dbo.DimUser.country', N'land', N'COLUMN'", "2812.*sp_rename"),
        (
            "EXEC sys.sp_cdc_enable_table @source_name = N'DimUser', @role_name = NULL",
            "22926.*dbo_DimUser",
        ),
        (
            "EXEC sys.sp_cdc_enable_table @source_name = N'DimUser', @capture_instance = N'v2', "
            "@captured_column_list = N'user_id, nope'",
            "22942.*DimUser",
        ),
        (
            "EXEC sys.sp_cdc_disable_table @source_name = N'DimUser', @capture_instance = N'v2'",
            "22960.*'v2'",
        ),
        ("EXEC sys.sp_cdc_disable_table @source_name = N'DimUser'", "22963"),
        ("EXEC sys.sp_cdc_get_ddl_history @capture_instance = N'v2'", "22981.*'v2'"),
        ("EXEC sys.sp_cdc_stop_job @job_type = N'cleanup'", "22992.*cleanup"),
    ],
)
def test_a_refused_statement_changes_nothing(
    source: SourceDatabase, statement: str, message: str
) -> None:
    query = "SELECT * FROM INFORMATION_SCHEMA.COLUMNS AS c ORDER BY c.TABLE_NAME, c.COLUMN_NAME"
    before = rows(source, query), lsn(source)
    with pytest.raises(MedallionError, match=message):
        source.execute(statement)
    assert (rows(source, query), lsn(source)) == before
    assert ddl(source) == []


def test_a_third_instance_is_refused(source: SourceDatabase) -> None:
    enable(source, "v2")
    with pytest.raises(MedallionError, match=r"22962.*'dbo.DimUser'.*at most two"):
        enable(source, "v3")


def test_a_column_with_a_default_is_freed_by_dropping_it(source: SourceDatabase) -> None:
    source.execute("ALTER TABLE dbo.DimUser ADD points int NOT NULL DEFAULT 1")
    drop = "ALTER TABLE dbo.DimUser DROP COLUMN points"
    with pytest.raises(MedallionError, match=r"5074.*DF_DimUser_points"):
        source.execute(drop)
    source.execute("ALTER TABLE dbo.DimUser DROP CONSTRAINT DF_DimUser_points")
    source.execute(drop)
    source.execute("ALTER TABLE dbo.DimUser DROP COLUMN IF EXISTS points")
    assert "points" not in rows(source, "SELECT * FROM dbo.DimUser AS u")[0]


def test_information_schema_equals_sql_servers(source: SourceDatabase) -> None:
    source.execute(
        "CREATE TABLE dbo.kinds (a bigint NOT NULL PRIMARY KEY, b bit, c decimal(10, 2), "
        "d nvarchar(max), e varchar(20), f datetime2, g datetime, h date, i float, "
        "j uniqueidentifier, k varbinary(8), l money, m nchar(3), n tinyint, o time(0))"
    )
    found = rows(
        source,
        "SELECT COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, "
        "NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION FROM INFORMATION_SCHEMA.COLUMNS "
        "WHERE TABLE_SCHEMA = N'dbo' AND TABLE_NAME = N'kinds' ORDER BY ORDINAL_POSITION",
    )
    assert [tuple(r.values()) for r in found] == [
        ("a", 1, "NO", "bigint", None, 19, 0, None),
        ("b", 2, "YES", "bit", None, None, None, None),
        ("c", 3, "YES", "decimal", None, 10, 2, None),
        ("d", 4, "YES", "nvarchar", -1, None, None, None),
        ("e", 5, "YES", "varchar", 20, None, None, None),
        ("f", 6, "YES", "datetime2", None, None, None, 7),
        ("g", 7, "YES", "datetime", None, None, None, 3),
        ("h", 8, "YES", "date", None, None, None, 0),
        ("i", 9, "YES", "float", None, 53, None, None),
        ("j", 10, "YES", "uniqueidentifier", None, None, None, None),
        ("k", 11, "YES", "varbinary", 8, None, None, None),
        ("l", 12, "YES", "money", None, 19, 4, None),
        ("m", 13, "YES", "nchar", 3, None, None, None),
        ("n", 14, "YES", "tinyint", None, 3, 0, None),
        ("o", 15, "YES", "time", None, None, None, 0),
    ]
    catalogue = rows(
        source,
        "SELECT c.name, TYPE_NAME(c.user_type_id) AS kind, c.max_length, c.precision, c.scale "
        "FROM sys.columns AS c WHERE c.object_id = OBJECT_ID(N'dbo.kinds') "
        "AND c.name IN (N'c', N'd', N'f', N'm', N'o') ORDER BY c.column_id",
    )
    assert [tuple(r.values()) for r in catalogue] == [
        ("c", "decimal", 9, 10, 2),
        ("d", "nvarchar", -1, 0, 0),
        ("f", "datetime2", 8, 27, 7),
        ("m", "nchar", 6, 0, 0),
        ("o", "time", 3, 8, 0),
    ]


def test_the_simulation_continues_after_drift(tmp_path: Path) -> None:
    source = init_generated(tmp_path / "s.duckdb", 50, 20, seed=1)
    source.execute("ALTER TABLE dbo.DimUser ADD tier int NOT NULL DEFAULT 1, note nvarchar(10)")
    source.execute("ALTER TABLE dbo.DimUser DROP COLUMN subscription_type")
    source.execute("ALTER TABLE dbo.DimTrack ALTER COLUMN duration_sec bigint")
    simulate(source.path, days=2, seed=1)
    new = [r for r in source.history("DimUser").to_pylist() if r["seqval"] and r["operation"] == 2]
    assert new and all(r["tier"] == 1 and r["note"] is None for r in new)


def test_a_file_of_another_layout_is_one_sentence(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "old.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(MedallionError, match="init --force"):
        SourceDatabase.open(path).last_commit()


def test_rows_from_before_capture_keep_their_values(source: SourceDatabase) -> None:
    source.execute("ALTER TABLE dbo.DimUser DROP COLUMN start_date")
    first = source.history("DimUser").to_pylist()[0]
    assert first["start_date"] == date(2024, 1, 1) and first["commit_time"] == BEGIN
