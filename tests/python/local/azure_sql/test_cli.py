"""The commands `medallion source …`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from medallion.errors import MedallionError
from medallion_local.cli.source import app


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDALLION_HOME", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def refused(*arguments: str) -> str:
    error = run(*arguments).exception
    assert isinstance(error, MedallionError)
    return str(error)


def test_a_source_is_created_changed_and_read() -> None:
    made = run("init", "--generate", "--users", "20", "--streams-per-day", "10", "--seed", "1")
    assert made.exit_code == 0 and "dbo.FactStream" in made.output
    assert "day 2 of 2" in run("simulate", "--days", "2", "--seed", "1").output
    update = "UPDATE dbo.DimUser SET country = N'Chile' WHERE user_id <= 2"
    assert "(2 rows affected)" in run("sql", update, "--at", "2025-12-01T10:00:00").output
    assert "last commit 2025-12-01 10:00:00 UTC" in run("status").output
    shown = run("sql", "SELECT user_id, end_date FROM dbo.DimUser WHERE user_id = 1").output
    assert "NULL" in shown and "(1 rows)" in shown


def test_mistakes_are_sentences() -> None:
    assert "medallion source init" in refused("status")
    assert "--from-csv" in refused("init")
    run("init", "--generate", "--users", "5")
    assert "--force" in refused("init", "--generate")
    assert "ISO time" in refused("sql", "DELETE FROM dbo.DimUser", "--at", "noon")


def test_a_script_comes_from_a_file(tmp_path: Path) -> None:
    run("init", "--generate", "--users", "3", "--streams-per-day", "5")
    script = tmp_path / "change.sql"
    script.write_text("-- Everyone moves.\nUPDATE dbo.DimUser SET country = N'Chile';\nGO\n")
    assert "(3 rows affected)" in run("sql", "--file", str(script)).output
    assert "cannot be read" in refused("sql", "--file", str(tmp_path / "none.sql"))
    assert "either" in refused("sql") and "either" in refused("sql", "SELECT 1", "-i", "x.sql")


def test_every_select_of_a_script_is_shown() -> None:
    run("init", "--generate", "--users", "3", "--streams-per-day", "5")
    shown = run(
        "sql",
        "SELECT user_id AS first_one FROM dbo.DimUser WHERE user_id = 1; "
        "UPDATE dbo.DimUser SET country = N'Chile' WHERE user_id = 1; "
        "SELECT country AS second_one FROM dbo.DimUser WHERE user_id = 1",
    ).output
    assert shown.index("first_one") < shown.index("second_one") < shown.index("Chile")
    assert shown.count("(1 rows)") == 2 and "(1 row affected)" in shown
    drifted = run("sql", "ALTER TABLE dbo.DimUser ADD email nvarchar(100)")
    assert drifted.exit_code == 0
    listed = run("sql", "EXEC sys.sp_cdc_get_ddl_history @capture_instance = N'dbo_DimUser'").output
    assert "source_table" in listed and "(1 rows)" in listed
