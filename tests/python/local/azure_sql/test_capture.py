"""What change data capture records for each kind of statement."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from medallion.errors import MedallionError
from medallion_local.azure_sql.database import NUMBERED, SCRIPTS, SourceDatabase
from support.source_users import BEGIN, five_users


@pytest.fixture
def source(tmp_path: Path) -> SourceDatabase:
    return five_users(tmp_path)


def changes(source: SourceDatabase, table: str = "DimUser") -> list[tuple[object, ...]]:
    """The changes after the first load: operation, key, name, country."""
    rows = source.history(table).to_pylist()
    return [
        (r["operation"], r["user_id"], r["user_name"], r["country"]) for r in rows if r["seqval"]
    ]


def scalar(source: SourceDatabase, expression: str) -> object:
    return source.query(f"SELECT {expression} AS value").read_all()["value"][0].as_py()


def users(source: SourceDatabase) -> dict[int, str | None]:
    rows = source.query("SELECT user_id, user_name FROM dbo.DimUser ORDER BY user_id").read_all()
    return {r["user_id"]: r["user_name"] for r in rows.to_pylist()}


def test_rows_older_than_the_capture_are_in_no_change_table(source: SourceDatabase) -> None:
    assert changes(source) == []
    assert scalar(source, "sys.fn_cdc_map_lsn_to_time(sys.fn_cdc_get_max_lsn())") == BEGIN


def test_scripts_are_idempotent(source: SourceDatabase) -> None:
    before = scalar(source, "sys.fn_cdc_get_max_lsn()")
    for script in sorted(SCRIPTS.glob(NUMBERED)):
        assert source.execute(script.read_text()) == 0
    assert scalar(source, "sys.fn_cdc_get_max_lsn()") == before
    assert len(users(source)) == 5


def test_the_retention_of_the_cleanup_job_is_stored(source: SourceDatabase) -> None:
    retention = "SELECT retention FROM cdc.cdc_jobs WHERE job_type = N'cleanup'"
    change = "EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = {}"
    assert source.query(retention).read_all().to_pylist() == [{"retention": 4320}]
    source.execute(change.format(10080))
    assert source.query(retention).read_all().to_pylist() == [{"retention": 10080}]
    for wrong in (0, 52_494_801):
        with pytest.raises(MedallionError, match="Msg 22994"):
            source.execute(change.format(wrong))
    with pytest.raises(MedallionError, match="changes only @retention"):
        source.execute("EXEC sys.sp_cdc_change_job @job_type = N'capture', @maxtrans = 5")


def test_an_update_records_both_images_of_every_matched_row(source: SourceDatabase) -> None:
    assert source.execute("UPDATE dbo.DimUser SET country = N'DE' WHERE user_id <= 2") == 2
    assert changes(source) == [
        (3, 1, "u1", "DE"),
        (4, 1, "u1", "DE"),
        (3, 2, "u2", "DE"),
        (4, 2, "u2", "DE"),
    ]
    rows = [r for r in source.history("DimUser").to_pylist() if r["seqval"]]
    assert [r["seqval"] for r in rows[::2]] == [r["seqval"] for r in rows[1::2]]
    assert rows[0]["seqval"] < rows[2]["seqval"] < rows[0]["start_lsn"]


def test_the_update_mask_names_the_changed_columns(source: SourceDatabase) -> None:
    source.execute(
        "UPDATE dbo.DimUser SET country = N'FR', user_name = user_name WHERE user_id = 1"
    )
    found = source.query("SELECT __$update_mask AS mask FROM cdc.dbo_DimUser_CT").read_all()
    assert found["mask"].to_pylist() == [b"\x04", b"\x04"]


def test_insert_and_delete(source: SourceDatabase) -> None:
    source.execute("INSERT INTO dbo.DimUser (user_name, user_id) VALUES (N'b', 11), (NULL, 10)")
    source.execute("DELETE FROM [dbo].[DimUser] WHERE [user_id] = 10")
    source.execute(
        "DELETE u FROM dbo.DimUser AS u INNER JOIN dbo.DimUser AS v ON u.user_id = v.user_id + 1 "
        "WHERE v.user_id = 1"
    )
    assert changes(source) == [
        (2, 10, None, None),
        (2, 11, "b", None),
        (1, 10, None, None),
        (1, 2, "u2", "DE"),
    ]


def test_a_changed_key_is_a_delete_and_an_insert(source: SourceDatabase) -> None:
    assert source.execute("UPDATE dbo.DimUser SET user_id = user_id + 1 WHERE user_id >= 4") == 2
    assert changes(source) == [
        (1, 4, "u4", "DE"),
        (1, 5, "u5", "DE"),
        (2, 5, "u4", "DE"),
        (2, 6, "u5", "DE"),
    ]
    assert users(source) == {1: "u1", 2: "u2", 3: "u3", 5: "u4", 6: "u5"}


def test_update_from_a_join_changes_a_row_once(source: SourceDatabase) -> None:
    affected = source.execute(
        "UPDATE u SET u.user_name = v.n, country = u.country + N'!' FROM dbo.DimUser AS u "
        "INNER JOIN (VALUES (1, N'a'), (3, N'c'), (3, N'c')) AS v (id, n) ON v.id = u.user_id"
    )
    assert affected == 2
    assert [c for c in changes(source) if c[0] == 4] == [(4, 1, "a", "DE!"), (4, 3, "c", "DE!")]


def test_merge_updates_inserts_and_deletes(source: SourceDatabase) -> None:
    affected = source.execute(
        "MERGE INTO dbo.DimUser AS t USING (VALUES (2, N'M'), (9, N'N')) AS s (user_id, user_name) "
        "ON t.user_id = s.user_id "
        "WHEN MATCHED THEN UPDATE SET t.user_name = s.user_name "
        "WHEN NOT MATCHED BY TARGET THEN "
        "INSERT (user_id, user_name) VALUES (s.user_id, s.user_name) "
        "WHEN NOT MATCHED BY SOURCE AND t.user_id > 4 THEN DELETE;"
    )
    assert affected == 3
    assert changes(source) == [
        (1, 5, "u5", "DE"),
        (3, 2, "u2", "DE"),
        (4, 2, "M", "DE"),
        (2, 9, "N", None),
    ]


def test_merge_that_matches_a_row_twice_is_refused(source: SourceDatabase) -> None:
    with pytest.raises(MedallionError, match="8672"):
        source.execute(
            "MERGE INTO dbo.DimUser AS t USING (VALUES (2, N'M'), (2, N'N')) AS s (user_id, n) "
            "ON t.user_id = s.user_id WHEN MATCHED THEN UPDATE SET user_name = s.n;"
        )
    assert changes(source) == []


def test_a_transaction_is_one_lsn_and_keeps_its_order(source: SourceDatabase) -> None:
    source.execute(
        "BEGIN TRAN; "
        "UPDATE dbo.DimUser SET user_name = N'a' WHERE user_id = 2; "
        "UPDATE dbo.DimUser SET user_name = N'b' WHERE user_id = 2; "
        "DELETE FROM dbo.DimUser WHERE user_id = 2; "
        "INSERT INTO dbo.DimUser (user_id, user_name) VALUES (2, N'c'); "
        "COMMIT"
    )
    assert [(c[0], c[2]) for c in changes(source)] == [
        (3, "u2"),
        (4, "a"),
        (3, "a"),
        (4, "b"),
        (1, "b"),
        (2, "c"),
    ]
    rows = [r for r in source.history("DimUser").to_pylist() if r["seqval"]]
    assert len({r["start_lsn"] for r in rows}) == 1
    assert [r["seqval"] for r in rows] == sorted(r["seqval"] for r in rows)


def test_rollback_leaves_no_trace(source: SourceDatabase) -> None:
    before = scalar(source, "sys.fn_cdc_get_max_lsn()")
    source.execute("BEGIN TRAN; DELETE FROM dbo.DimUser WHERE user_id > 0; ROLLBACK")
    assert changes(source) == [] and len(users(source)) == 5
    assert scalar(source, "sys.fn_cdc_get_max_lsn()") == before


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("INSERT INTO dbo.DimUser (user_id) VALUES (7), (1)", r"2627.*PK_DimUser.*\(1\)"),
        ("INSERT INTO dbo.DimUser (user_id) VALUES (7), (7)", r"2627.*\(7\)"),
        ("UPDATE dbo.DimUser SET user_id = 1", "2627"),
        ("UPDATE dbo.DimUser SET user_id = 5 WHERE user_id = 1", "2627"),
        ("INSERT INTO dbo.DimUser (user_name) VALUES (N'x')", "515.*user_id"),
        (f"UPDATE dbo.DimUser SET subscription_type = N'{'x' * 51}'", "2628.*subscription_type"),
        ("TRUNCATE TABLE dbo.DimUser", "4711"),
        ("UPDATE dbo.DimUser SET nope = 1", "207.*nope"),
        ("DELETE FROM dbo.Nobody", "208.*Nobody"),
        ("DROP TABLE dbo.DimUser", "DROP TABLE"),
        ("DELETE TOP (3) FROM dbo.DimUser", "TOP"),
        ("SELECT * INTO dbo.copied FROM dbo.DimUser", "INTO"),
        ("DECLARE @x int = 1; DELETE FROM dbo.DimUser WHERE user_id = @x", "DECLARE"),
        ("DELETE FROM dbo.DimUser WHERE user_id = @x", "@x"),
        ("EXEC sys.sp_help", "2812.*sp_help"),
        ("BEGIN TRAN; DELETE FROM dbo.DimUser WHERE user_id = 1", "COMMIT"),
        ("COMMIT", "3902"),
        ("GRANT SELECT ON dbo.Nobody TO cdc_reader", "208.*Nobody"),
        ("GRANT SELECT ON dbo.DimUser TO nobody", "15151.*nobody"),
        (
            "MERGE dbo.DimUser AS t USING dbo.DimArtist AS s ON 1 = 0 "
            "WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1);",
            "213",
        ),
        ("UPDATE dbo.DimUser SET user_id = 9 OUTPUT inserted.user_id", "OUTPUT"),
        ("PRINT N'x'", "PRINT"),
        ("IF 1 = 0 BEGIN DELETE FROM dbo.DimUser; END; DELETE FROM dbo.DimUser", "GO"),
    ],
)
def test_a_refused_statement_changes_nothing(
    source: SourceDatabase, statement: str, message: str
) -> None:
    with pytest.raises(MedallionError, match=message):
        source.execute(statement)
    assert changes(source) == [] and len(users(source)) == 5


def test_an_error_rolls_the_whole_transaction_back(source: SourceDatabase) -> None:
    with pytest.raises(MedallionError, match="2627"):
        source.execute(
            "BEGIN TRAN; DELETE FROM dbo.DimUser WHERE user_id = 5; "
            "INSERT INTO dbo.DimUser (user_id) VALUES (1); COMMIT"
        )
    assert len(users(source)) == 5


def test_commit_times_never_go_back(source: SourceDatabase) -> None:
    update = "UPDATE dbo.DimUser SET country = N'FR' WHERE user_id = 1"
    source.execute(update, at=BEGIN + timedelta(days=1))
    source.execute(update, at=BEGIN)
    last = source.last_commit()
    assert last == BEGIN + timedelta(days=1, milliseconds=10)


def test_the_clock_is_the_commit_time(source: SourceDatabase) -> None:
    at = datetime(2025, 3, 1, 12)
    source.execute("UPDATE dbo.DimUser SET updated_at = SYSUTCDATETIME() WHERE user_id = 1", at=at)
    assert source.history("DimUser")["updated_at"].to_pylist()[-1] == at


def test_window_functions_and_their_errors(source: SourceDatabase) -> None:
    source.execute("DELETE FROM dbo.DimUser WHERE user_id = 1", at=datetime(2025, 1, 3))
    low, high = "sys.fn_cdc_get_min_lsn(N'dbo_DimUser')", "sys.fn_cdc_get_max_lsn()"
    every = f"SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_DimUser({low}, {high}, N'all')"
    assert source.query(every).read_all().num_rows == 1
    for first, last, option in [
        ("0x00000000000000000001", high, "all"),
        (low, f"sys.fn_cdc_increment_lsn({high})", "all"),
        (high, low, "all"),
        ("NULL", high, "all"),
        (low, high, "some"),
    ]:
        for table in ("DimUser", "FactStream"):  # one with changes, one without
            call = f"cdc.fn_cdc_get_all_changes_dbo_{table}({first}, {last}, N'{option}')"
            with pytest.raises(MedallionError, match="Msg 313"):
                source.query(f"SELECT COUNT_BIG(*) AS n FROM {call}").read_all()


def test_lsn_functions(source: SourceDatabase) -> None:
    def text(expression: str) -> object:
        return scalar(source, f"CONVERT(varchar(22), {expression}, 1)")

    assert text("sys.fn_cdc_increment_lsn(0x0000002AFFFFFFFFFFFF)") == "0x0000002B000000000000"
    assert text("sys.fn_cdc_decrement_lsn(0x0000002B000000000000)") == "0x0000002AFFFFFFFFFFFF"
    assert text("sys.fn_cdc_increment_lsn(0x0000002A000001000003)") == "0x0000002A000001000004"
    assert text("sys.fn_cdc_get_min_lsn(N'dbo_Nobody')") == "0x00000000000000000000"
    assert text("CAST(258 AS binary(10))") == "0x00000000000000000102"
    assert text("CONVERT(binary(10), '0x0000002A000001000003', 1)") == "0x0000002A000001000003"
    mapped = "sys.fn_cdc_map_time_to_lsn('{}', '{}')"
    assert text(mapped.format("smallest greater than or equal", "2025-01-01")) is not None
    assert text(mapped.format("largest less than", "2025-01-01")) is None
    assert text(mapped.format("smallest greater than", "2025-01-02")) is None
    assert text(mapped.format("largest less than or equal", "2025-01-02")) == text(
        "sys.fn_cdc_get_max_lsn()"
    )


def test_cleanup_raises_the_minimum(source: SourceDatabase) -> None:
    for day in (3, 4):
        source.execute(
            "UPDATE dbo.DimUser SET country = N'FR' WHERE user_id = 1", at=datetime(2025, 1, day)
        )
    mark = scalar(source, "CONVERT(varchar(22), sys.fn_cdc_get_max_lsn(), 1)")
    source.execute(
        "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_DimUser', "
        f"@low_water_mark = {mark}, @threshold = 5000"
    )
    found = scalar(source, "CONVERT(varchar(22), sys.fn_cdc_get_min_lsn('dbo_DimUser'), 1)")
    assert found == mark
    assert len(changes(source)) == 2


def test_disabling_removes_the_instance(source: SourceDatabase) -> None:
    source.execute(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'DimUser', "
        "@capture_instance = N'all'"
    )
    tracked = source.query(
        "SELECT name FROM sys.tables WHERE is_tracked_by_cdc = 1 AND name = N'DimUser'"
    )
    assert tracked.read_all().num_rows == 0
    assert scalar(source, "CONVERT(varchar(22), sys.fn_cdc_get_min_lsn('dbo_DimUser'), 1)") == (
        "0x00000000000000000000"
    )


def test_texts_of_the_pipelines(source: SourceDatabase) -> None:
    rows = source.query(
        "SELECT TOP (1) CASE WHEN NOT EXISTS (SELECT 1 FROM cdc.change_tables AS c "
        "WHERE c.capture_instance = N'dbo_DimUser') THEN N'not_enabled' "
        "WHEN w.max_lsn IS NULL THEN N'empty' ELSE N'ok' END AS status, "
        "CONVERT(varchar(33), SYSUTCDATETIME(), 126) AS now, "
        "CONVERT(varchar(22), CAST(ROW_NUMBER() OVER (ORDER BY u.user_id) AS binary(10)), 1) "
        "AS seq, "
        "COUNT_BIG(*) OVER () AS n, DATALENGTH(u.user_name) AS bytes, "
        "CONVERT(varchar(33), u.updated_at, 126) AS updated "
        "FROM dbo.DimUser AS u CROSS APPLY (SELECT sys.fn_cdc_get_max_lsn() AS max_lsn) AS w "
        "ORDER BY u.user_id"
    )
    row = rows.read_all().to_pylist()[0]
    assert row["status"] == "ok" and row["seq"] == "0x00000000000000000001"
    assert (row["n"], row["bytes"], row["updated"]) == (5, 4, "2025-01-01T00:00:00")
    assert datetime.fromisoformat(row["now"][:26])


def test_go_separates_batches_only_on_its_own_line(source: SourceDatabase) -> None:
    affected = source.execute(
        "UPDATE dbo.DimUser SET country = N'\nGO\n' WHERE user_id = 1\nGO\n-- GO\nDELETE FROM "
        "dbo.DimUser WHERE user_id = 2\ngo"
    )
    assert affected == 2
    assert users(source).keys() == {1, 3, 4, 5}


def test_a_missing_database_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MedallionError, match="medallion source init"):
        SourceDatabase.open(tmp_path / "none.duckdb")
