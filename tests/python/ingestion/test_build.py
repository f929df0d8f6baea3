"""`medallion factory run`: the pipeline that ingests and builds, with dbt as its Databricks job."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from medallion import dbt
from medallion.cli import app
from medallion.errors import MedallionError
from support.source_home import make


def test_databricks_job_is_dbt_build_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, asked = make(tmp_path), []

    def build(*arguments: str, log: Path) -> None:
        landed = sorted((home.lake / "bronze" / "azure_sql").glob("*/*.parquet"))
        asked.append((arguments, log, len(landed)))

    monkeypatch.setenv("MEDALLION_HOME", str(home.root))
    monkeypatch.setattr(dbt, "run", build)
    done = CliRunner().invoke(app, ["factory", "run"])
    assert (done.exit_code, done.output.strip()) == (0, "pl_ingest_and_build: Succeeded")
    assert asked == [(dbt.DAILY_BUILD, home.root / "logs" / "build.jsonl", 5)]


def test_failed_build_fails_the_pipeline_after_its_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, tries = make(tmp_path), []

    def build(*arguments: str, log: Path) -> None:
        tries.append(arguments)
        raise MedallionError("`dbt build` failed: a test of dim_user fails")

    monkeypatch.setenv("MEDALLION_HOME", str(home.root))
    monkeypatch.setattr(dbt, "run", build)
    with pytest.raises(MedallionError, match=r"pl_ingest_and_build failed: .*a test of dim_user"):
        CliRunner().invoke(app, ["factory", "run"], catch_exceptions=False)
    assert len(tries) == 2
    assert list((home.lake / "bronze" / "azure_sql").glob("dbo.DimUser/*.parquet"))


def test_unknown_pipeline_and_missing_source_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDALLION_HOME", str(tmp_path / "none"))
    with pytest.raises(MedallionError, match="There is no source database"):
        CliRunner().invoke(app, ["factory", "run"], catch_exceptions=False)
    monkeypatch.setenv("MEDALLION_HOME", str(make(tmp_path).root))
    with pytest.raises(MedallionError, match="has no pipeline 'pl_build'"):
        CliRunner().invoke(app, ["factory", "run", "pl_build"], catch_exceptions=False)
