"""The selection of a change: only affected nodes are built, beside production and never in it."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from medallion import dbt
from medallion.errors import MedallionError
from medallion.lock import single_run
from medallion.slim.dbt import Dbt
from medallion.slim.report import columns
from medallion.slim.results import Described
from medallion.slim.run import CHANGED, MASK, check_built, clone_selection
from medallion.slim.state import State, read_state
from support.lakehouse import PROJECT, REFRESHED, Lakehouse
from support.published_tables import connected

FOLDERS = ("models", "macros", "seeds", "snapshots")
UNBUILT = ("test.", "exposure.")
SEED = "seeds/spoken_languages.csv"


@dataclass
class Copy:
    """A copy of the project as on a branch, and production's manifest."""

    folder: Path
    state: Path
    target: Path
    home: Lakehouse

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def changed(self) -> set[str]:
        """The names of the models, seeds, snapshots and unit tests that a slim run would select."""
        found = self.listed("--select", CHANGED)
        return {one.split(".", 2)[2] for one in found if not one.startswith(UNBUILT)}

    def listed(self, *selection: str) -> set[str]:
        """The unique ids of a selection."""
        return set(self.dbt().listed(*selection, "--state", str(self.state)))

    def dbt(self) -> Dbt:
        """dbt on this copy, in the target of a slim run."""
        flags = ["--target", "local_ci", "--project-dir", str(self.folder)]
        flags += ["--profiles-dir", str(self.home.home), "--target-path", str(self.target)]
        return Dbt([*flags, "--log-path", str(self.home.home / "logs")], print)

    def slim(self, *options: str) -> str:
        """Run `medallion slim` on this copy. Returns its output."""
        command = ["medallion", "slim", "--state", str(self.state)]
        return self.home.run(
            [*command, "--artifacts", str(self.target), *options],
            DBT_PROJECT_DIR=str(self.folder),
        )


@pytest.fixture(scope="module")
def production(lakehouse: Lakehouse) -> Lakehouse:
    lakehouse.at(REFRESHED)
    return lakehouse


@pytest.fixture
def copy(production: Lakehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    monkeypatch.setenv("MEDALLION_HOME", str(production.home))  # dbt runs here, on its profile
    folder = tmp_path / "project"
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("generic", "singular"):
        shutil.copytree(PROJECT / "tests" / name, folder / "tests" / name)
    shutil.copy(PROJECT / "dbt_project.yml", folder)
    state, target = tmp_path / "state", tmp_path / "target"
    state.mkdir()
    target.mkdir()
    shutil.copy(production.home / "target" / "manifest.json", state)
    shutil.copy(production.home / "target" / "partial_parse.msgpack", target)
    return Copy(folder, state, target, production)


def test_nothing_changed__nothing_is_selected(copy: Copy) -> None:
    assert copy.changed() == set()
    assert "nothing to build" in copy.slim()


def test_one_mart__is_selected_alone(copy: Copy) -> None:
    copy.edit("models/gold/mart_top_tracks_weekly.sql", "select", "select -- a thought\n")
    assert {one for one in copy.changed() if "__" not in one} == {"mart_top_tracks_weekly"}


def test_a_macro__selects_every_model_that_calls_it(copy: Copy) -> None:
    copy.edit("macros/listening/weekly_chart.sql", "select", "select -- a thought\n")
    assert {one for one in copy.changed() if "." not in one} == {
        "mart_top_artists_weekly",
        "mart_top_tracks_weekly",
    }


def test_a_seed__selects_itself_and_its_readers(copy: Copy) -> None:
    seed = copy.folder / SEED
    seed.write_text("country,language\nChile,Spanish\n")
    (copy.folder / "models/gold/languages.sql").write_text(
        "{{ config(materialized='view', contract={'enforced': false}) }}\n"
        "select * from {{ ref('spoken_languages') }}\n"
    )
    new = {"spoken_languages", "languages"}
    assert copy.changed() == new
    shutil.copy(copy.target / "manifest.json", copy.state)
    assert copy.changed() == set()
    seed.write_text("country,language\nChile,Castellano\n")
    assert copy.changed() == new


def test_a_contract__is_selected_and_reported_to_need_a_full_refresh(copy: Copy) -> None:
    model = "models/gold/mart_top_artists_weekly"
    copy.edit(f"{model}.yml", "data_type: bigint\n        description: Number of plays", NARROW)
    copy.edit(f"{model}.sql", "    streams,\n    l", "    cast(streams as int) as streams,\n    l")
    report = copy.slim()
    assert "`streams`: bigint → int" in report
    assert "dbt run --full-refresh --select mart_top_artists_weekly" in report
    assert "on a clone" not in report


def test_a_description__selects_its_model(copy: Copy) -> None:
    copy.edit(
        "models/silver/core/dim_device.yml", "One row per device type", "Better: a device type"
    )
    changed = copy.changed()
    assert "dim_device" in changed
    assert "dim_user" not in changed


def test_slim_run__reads_production_and_writes_beside_it(copy: Copy) -> None:
    """The planted fault joins each play with all versions of its listener: all tests pass."""
    before = written(copy.home.home)
    model = "models/gold/mart_daily_listening.sql"
    copy.edit(model, "users.user_key = played.user_key", "users.user_id = played.user_id")
    report = copy.slim()
    assert "### dbt: passed" in report
    assert "**1 of 1 compared tables have other rows:**" in report
    assert re.search(r"- \*\*mart_daily_listening\*\*: .*[\d,]+ changed of [\d,]+ rows", report)
    assert "by the key (`date_day`, `country`, `subscription_type`, `device_type`)" in report
    sums = re.search(r"`streams` \| production \| ([\d,]+) .*\n\|  \| built \| ([\d,]+)", report)
    assert sums and int(sums[2].replace(",", "")) > int(sums[1].replace(",", ""))
    assert re.search(r"\| mart_daily_listening \| success, on a clone \|", report)
    assert written(copy.home.home) == before
    assert not [name for name in schemas(copy.home) if name.startswith("slim_")]
    ran = (copy.target / "run/medallion" / model).read_text()
    assert "merge into `medallion`.`slim_gold`.`mart_daily_listening`" in ran
    compiled = (copy.target / "compiled/medallion" / model).read_text()
    assert "`medallion`.`silver`.`fct_streams`" in compiled
    assert "slim_silver" not in compiled


@pytest.fixture
def masked(copy: Copy) -> Iterator[Copy]:
    """Production with a mask on each text that is tagged as personal, as a policy sets it."""
    tables = {
        "bronze.azure_sql__dim_user": "user_name",
        "silver.dim_user": "user_name",
        "quarantine.quarantined_members": "landed_row",
    }
    function = "create or replace function gold.masked(v string) returns string"
    with connected(copy.home.home) as connection, connection.cursor() as cursor:
        cursor.execute(f"{function} return case when v is not null then '{MASK}' end")
        for table, column in tables.items():
            cursor.execute(f"alter table {table} alter column {column} set mask gold.masked")
        yield copy
        for table, column in tables.items():
            cursor.execute(f"alter table {table} alter column {column} drop mask")
        cursor.execute("drop function gold.masked")


def test_a_restricted_run_that_reads_personal_data__is_refused(copy: Copy) -> None:
    copy.edit("models/gold/mart_top_tracks_weekly.sql", "select", "select -- a thought\n")
    named = r"(?s)can read personal data:.*bronze\.azure_sql__dim_user\.user_name.*"
    named += r"silver\.dim_user\.user_name"
    with pytest.raises(AssertionError, match=named):
        copy.slim("--restricted")


def test_a_restricted_run__builds_over_masked_rows_but_no_model_that_reads_files(
    masked: Copy,
) -> None:
    masked.edit("models/gold/mart_top_tracks_weekly.sql", "select", "select -- a thought\n")
    masked.edit("models/bronze/github__markets.sql", "select", "select -- a thought\n")
    report = masked.slim("--restricted")
    assert re.search(r"\| mart_top_tracks_weekly \| success, on a clone", report)
    assert "Not built here: github__markets, and everything downstream" in report
    assert "| github__markets |" not in report and "dim_market" not in report


def test_the_mask_of_a_restricted_run_is_that_of_the_policy() -> None:
    script = (PROJECT / "sql" / "databricks" / "03_personal_data.sql").read_text("utf-8")
    assert f"THEN '{MASK}' END" in script


def test_a_restricted_run__clones_no_table_with_personal_data(copy: Copy) -> None:
    """A clone copies files, which no mask covers."""
    copy.edit("models/silver/core/dim_user.sql", "select", "select -- a thought\n")
    personal = read_state(copy.state).personal
    assert "model.medallion.dim_user" in personal
    names = [unique_id.split(".")[2] for unique_id in personal]
    assert copy.listed(*clone_selection([])) & personal.keys()
    assert not copy.listed(*clone_selection(names)) & personal.keys()


def test_a_failing_test__fails_the_run_and_leaves_no_schema(copy: Copy) -> None:
    broken = copy.folder / "tests/singular/never_true.sql"
    broken.write_text("select * from {{ ref('mart_user_engagement') }}\n")
    with pytest.raises(AssertionError, match=r"(?s)dbt: failed.*\*\*never_true\*\* \(fail\)"):
        copy.slim()
    assert not [name for name in schemas(copy.home) if name.startswith("slim_")]
    flags = ["--project-dir", str(copy.folder), "--profiles-dir", str(copy.home.home)]
    flags += ["--target-path", str(copy.target)]
    with pytest.raises(MedallionError, match=r"failed: never_true: Got \d+ results, configured to"):
        dbt.run("test", "--select", "never_true", *flags, log=copy.target / "build.jsonl")


def test_two_runs_at_once__the_second_is_refused(copy: Copy) -> None:
    with (
        single_run(copy.target / "slim.lock", "slim run"),
        pytest.raises(AssertionError, match="Another slim run is running here"),
    ):
        copy.slim()


def test_production_s_schemas_are_never_dropped(copy: Copy) -> None:
    with pytest.raises(AssertionError, match="does not prefix its schemas: gold is kept"):
        copy.home.run(["dbt", "run-operation", "drop_target_schemas"])


def test_a_folder_without_a_manifest_is_named(copy: Copy) -> None:
    (copy.state / "manifest.json").write_text("[]")
    with pytest.raises(AssertionError, match=r"manifest\.json is not a dbt manifest"):
        copy.slim()
    (copy.state / "manifest.json").unlink()
    with pytest.raises(AssertionError, match="must be the target folder of production"):
        copy.slim()


def test_a_manifest_whose_tables_were_never_built_is_named(copy: Copy) -> None:
    production = read_state(copy.state)
    dbt = copy.dbt()
    check_built(dbt, production, copy.state)
    never = State(
        {name: [place[0], "never", place[2]] for name, place in production.places.items()}
    )
    with pytest.raises(MedallionError, match=r"None of the \d+ relations in .* exists.*dbt build"):
        check_built(dbt, never, copy.state)


@pytest.mark.parametrize(
    ("ours", "theirs", "reported"),
    [
        ({"a": "int"}, {"a": "int"}, "the same"),
        ({"a": "int", "b": "date"}, {"a": "int"}, "+ `b` date"),
        ({"a": "bigint"}, {"a": "int", "c": "int"}, "− `c`, `a`: int → bigint"),
        ({"a": "int"}, None, "new"),
        (None, {"a": "int"}, "–"),
    ],
)
def test_columns_are_compared(ours, theirs, reported) -> None:
    assert columns(*(found and Described(1, found) for found in (ours, theirs))) == reported


NARROW = "data_type: int\n        description: Number of plays"


def written(home: Path) -> set[tuple[str, int]]:
    """Every file of the lake and of production's tables, with its modification time."""
    files = [*(home / "lake").rglob("*"), *(home / "warehouse" / "tables").rglob("*")]
    return {
        (str(file), file.stat().st_mtime_ns)
        for file in files
        if file.is_file() and "/slim_" not in str(file)
    }


def schemas(home: Lakehouse) -> list[str]:
    with connected(home.home) as connection, connection.cursor() as cursor:
        cursor.execute("show schemas")
        return [row[0] for row in cursor.fetchall()]
