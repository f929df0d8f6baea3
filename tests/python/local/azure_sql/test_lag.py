"""Capture that lags behind the commits, and the clock that shows when it has caught up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medallion.errors import MedallionError
from medallion_local.azure_sql.database import SourceDatabase
from support.source_users import BEGIN, enable, five_users, lsn, rows, scalar

STOP = "EXEC sys.sp_cdc_stop_job @job_type = N'capture'"
START = "EXEC sys.sp_cdc_start_job @job_type = N'capture'"
SCAN = "EXEC sys.sp_cdc_scan"
# True once capture has passed the clock value that was read after a copy.
CAUGHT_UP = (
    "CASE WHEN sys.fn_cdc_map_lsn_to_time(sys.fn_cdc_get_max_lsn()) >= CAST('{}' AS datetime) "
    "THEN 'yes' ELSE 'no' END"
)


@pytest.fixture
def source(tmp_path: Path) -> SourceDatabase:
    return five_users(tmp_path)


def rename(source: SourceDatabase, name: str, at: datetime | None = None) -> None:
    source.execute(f"UPDATE dbo.DimUser SET user_name = N'{name}' WHERE user_id = 1", at=at)


def seen(source: SourceDatabase) -> dict[str, object]:
    """Everything that a reader of the capture sees."""
    late = "'smallest greater than', '2025-01-02'"
    every = (
        "cdc.fn_cdc_get_all_changes_dbo_DimUser(sys.fn_cdc_get_min_lsn(N'dbo_DimUser'), "
        "sys.fn_cdc_get_max_lsn(), N'all')"
    )
    return {
        "max": lsn(source),
        "function": scalar(source, f"(SELECT COUNT(*) FROM {every} AS x)"),
        "table": scalar(source, "(SELECT COUNT(*) FROM cdc.dbo_DimUser_CT AS x)"),
        "commits": scalar(source, "(SELECT COUNT(*) FROM cdc.lsn_time_mapping AS m)"),
        "late": scalar(source, f"sys.fn_cdc_map_time_to_lsn({late})"),
        "ddl": scalar(source, "(SELECT COUNT(*) FROM cdc.ddl_history AS h)"),
    }


def test_commits_while_capture_is_stopped_are_invisible(source: SourceDatabase) -> None:
    before = seen(source)
    source.execute(STOP)
    rename(source, "late")
    source.execute("ALTER TABLE dbo.DimUser ADD email nvarchar(100)")
    source.execute(STOP)  # a repeated call changes nothing
    assert seen(source) == before
    missed = source.history("DimUser")["start_lsn"][-1].as_py().hex()
    assert scalar(source, f"sys.fn_cdc_map_lsn_to_time(0x{missed})") is None
    with pytest.raises(MedallionError, match="313"):
        rows(
            source,
            "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_DimUser("
            f"sys.fn_cdc_get_min_lsn(N'dbo_DimUser'), 0x{missed}, N'all') AS x",
        )
    assert scalar(source, "(SELECT u.user_name FROM dbo.DimUser AS u WHERE u.user_id = 1)") == (
        "late"
    )
    assert [r["user_name"] for r in source.history("DimUser").to_pylist()][-2:] == ["u1", "late"]
    assert source.last_commit() != BEGIN


def test_a_scan_captures_once_and_the_job_keeps_up(source: SourceDatabase) -> None:
    source.execute(STOP)
    rename(source, "a")
    source.execute(SCAN)
    rename(source, "b")
    assert (seen(source)["function"], seen(source)["table"]) == (1, 2)
    source.execute(START)
    assert (seen(source)["function"], seen(source)["table"]) == (2, 4)
    rename(source, "c")
    source.execute(SCAN)
    rename(source, "d")
    assert (seen(source)["function"], seen(source)["table"]) == (4, 8)


def test_a_new_instance_has_no_minimum_until_capture_reads_it(source: SourceDatabase) -> None:
    source.execute(STOP)
    enable(source, "v2")
    assert lsn(source, "sys.fn_cdc_get_min_lsn(N'v2')") == "0x00000000000000000000"
    start = "(SELECT t.start_lsn FROM cdc.change_tables AS t WHERE t.capture_instance = N'v2')"
    assert lsn(source, start) > lsn(source)
    source.execute(SCAN)
    assert lsn(source, start) == lsn(source) == lsn(source, "sys.fn_cdc_get_min_lsn(N'v2')")


@pytest.mark.parametrize(
    "clock", ["GETDATE()", "SYSDATETIME()", "SYSUTCDATETIME()", "GETUTCDATE()", "CURRENT_TIMESTAMP"]
)
def test_the_clock_of_a_query_is_the_last_commit(source: SourceDatabase, clock: str) -> None:
    assert scalar(source, clock) == BEGIN
    source.execute(STOP)
    future = datetime(2040, 1, 1, 12)
    rename(source, "x", at=future)
    assert scalar(source, clock) == future


def test_a_session_that_writes_keeps_its_own_clock(source: SourceDatabase) -> None:
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    source.execute("UPDATE dbo.DimUser SET updated_at = SYSUTCDATETIME() WHERE user_id = 1")
    found = scalar(source, "(SELECT u.updated_at FROM dbo.DimUser AS u WHERE u.user_id = 1)")
    assert isinstance(found, datetime) and found > before


def test_a_reader_knows_when_capture_has_passed_its_copy(source: SourceDatabase) -> None:
    source.execute(STOP)
    rename(source, "x", at=datetime(2025, 2, 1))
    copied_at = scalar(source, "CONVERT(varchar(23), SYSUTCDATETIME(), 126)")
    assert scalar(source, CAUGHT_UP.format(copied_at)) == "no"
    rename(source, "y", at=datetime(2025, 2, 2))
    source.execute(START)
    assert scalar(source, CAUGHT_UP.format(copied_at)) == "yes"


def test_capture_needs_cdc(tmp_path: Path) -> None:
    import duckdb

    from medallion_local.azure_sql import system
    from medallion_local.azure_sql.session import Session

    con = duckdb.connect()
    con.execute(system.SYSTEM)
    with pytest.raises(MedallionError, match="22901"):
        Session(con).run(STOP)
