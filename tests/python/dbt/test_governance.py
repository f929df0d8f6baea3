"""Tags, versions, freshness and the project's own rules, as found in the lakehouse."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.howto import copy_project
from support.lakehouse import DBT, PROJECT, REFRESHED, Lakehouse
from support.published_tables import connected

PAGE = (PROJECT / "docs" / "governance.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built(lakehouse: Lakehouse) -> Lakehouse:
    lakehouse.at(REFRESHED)
    return lakehouse


def manifest(home: Lakehouse) -> dict:
    return json.loads((home.home / "target" / "manifest.json").read_text())


def rows(home: Lakehouse, statement: str) -> list[tuple]:
    with connected(home.home) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]


def personal(home: Lakehouse) -> set[tuple[str, str, str, str]]:
    """Schema, table, column and kind of every column that a model's YAML marks as personal."""
    return {
        (node["schema"], node["alias"], name, column["databricks_tags"]["pii"])
        for node in manifest(home)["nodes"].values()
        for name, column in node["columns"].items()
        if "pii" in column.get("databricks_tags", {})
    }


def test_personal_columns_are_tagged_in_every_table(built: Lakehouse) -> None:
    tagged = rows(
        built,
        "select schema_name, table_name, column_name, tag_value from information_schema.column_tags"
        " where tag_name = 'pii'",
    )
    assert set(tagged) == personal(built)
    assert ("silver", "dim_user", "user_name", "name") in tagged


def test_the_page_lists_every_personal_column_and_every_group(built: Lakehouse) -> None:
    listed = re.findall(r"^\| `(\w+)\.(\w+)` \| `(\w+)` \| (\w+) \|", PAGE, re.M)
    assert set(listed) == personal(built)
    groups = manifest(built)["groups"].values()
    assert {one["name"] for one in groups} == set(re.findall(r"^\| `(\w+)` \| [A-Z]", PAGE, re.M))
    assert all(one["owner"]["email"] for one in groups)


def test_both_versions_of_a_contract_exist_side_by_side(built: Lakehouse) -> None:
    nodes = manifest(built)["nodes"]
    first, second = (nodes[f"model.medallion.mart_user_engagement.v{v}"] for v in (1, 2))
    assert first["deprecation_date"] and not second["deprecation_date"]
    assert second["alias"] == "mart_user_engagement"
    [(differing,)] = rows(
        built,
        "select count(*) from gold.mart_user_engagement as now full outer join"
        " gold.mart_user_engagement_v1 as before on now.date_day = before.date_day"
        " where not now.daily_active_users <=> before.dau"
        " or not now.weekly_active_users <=> before.wau"
        " or not now.monthly_active_users <=> before.mau"
        " or not 100 * (now.daily_active_users / nullif(now.monthly_active_users, 0))"
        " <=> before.stickiness_percent"
        " or now.stickiness is not null"
        " and not 100 * now.stickiness <=> before.stickiness_percent",
    )
    assert differing == 0


def test_the_example_query_of_each_mart_runs(built: Lakehouse) -> None:
    examples = {
        node["alias"]: node["config"]["meta"]["example"]
        for node in manifest(built)["nodes"].values()
        if node["resource_type"] == "model" and node["original_file_path"].startswith("models/gold")
    }
    assert len(examples) == 8
    few_days = {"mart_user_engagement"}  # the lakehouse has less than the 30 days of a window
    for mart, query in examples.items():
        assert f"from gold.{mart}\n" in query
        assert rows(built, query) or mart in few_days, mart


def test_freshness_is_how_far_the_lake_lags_behind_the_source(built: Lakehouse) -> None:
    """The simulated days are long past, so dbt must report every table as stale."""
    with pytest.raises(AssertionError):
        built.run([*DBT, "source", "freshness"])
    reported = json.loads((built.home / "target" / "sources.json").read_text())["results"]
    assert {one["status"] for one in reported} == {"error"}
    for one in reported:
        table = one["unique_id"].rsplit(".", 1)[1]
        file = built.home / "lake" / "control" / "watermarks" / f"dbo.{table}.json"
        assert one["max_loaded_at"][:23] == json.loads(file.read_text())["commit_time"][:23]
    assert len(reported) == 5


INJECTED = {
    "models/gold/mart_from_bronze.sql": "select * from {{ ref('azure_sql__dim_user') }}",
    "models/gold/mart_by_name.sql": "select * from silver.dim_user",
    "models/gold/engagement.sql": "select 1 as one",
    "models/silver/core/dim_empty.sql": "{{ config(contract={'enforced': false}) }} select 1 as x",
    "models/silver/staging/stg_github__all.sql": "select * from {{ source('github', 'markets') }}",
    "models/silver/core/dim_between.sql": "select * from {{ ref('dim_market') }}",
    "models/silver/core/dim_again.sql": "select * from {{ ref('dim_between') }}"
    " union all select * from {{ ref('dim_market') }}",
    **{
        f"models/silver/context/c{number}.sql": "select * from {{ ref('quarantined_plays') }}"
        for number in range(4)
    },
    "macros/keys/no_words.sql": "{% macro no_words(x) %}1{% endmacro %}",
    "macros/keys/one_name.sql": "{% macro another_name() %}1{% endmacro %}",
    "models/serving/report.yml": "exposures: [{name: r, type: analysis, owner: {name: A},"
    " depends_on: [ref('stg_github__markets')]}]",
}
FOUND = {
    ("check_lineage_permitted_upstream_models", "mart_from_bronze"),
    ("check_model_hard_coded_references", "mart_by_name"),
    ("check_model_names", "engagement"),
    ("check_model_description_populated", "engagement"),
    ("check_model_materialization_permitted", "engagement"),
    ("check_model_has_no_upstream_dependencies", "engagement"),
    ("check_model_does_not_rejoin_upstream_concepts", "dim_again"),
    ("check_model_max_fanout", "quarantined_plays"),
    ("check_model_has_unique_test", "dim_empty"),
    ("check_model_has_contracts_enforced", "dim_empty"),
    ("check_model_contract_enforced_for_public_model", "dim_empty"),
    ("check_lineage_source_cannot_be_used", "stg_github__all"),
    ("check_source_used_by_only_one_model", "github_markets"),
    ("check_macro_description_populated", "no_words"),
    ("check_macro_name_matches_file_name", "another_name"),
    ("check_exposure_based_on_non_public_models", "r"),
    ("check_exposure_description_populated", "r"),
    ("check_exposure_has_owner", "r"),
}


def test_each_rule_of_the_project_finds_its_violation(built: Lakehouse, tmp_path: Path) -> None:
    copy_project(tmp_path)
    for file, text in INJECTED.items():
        if file.startswith("models/gold"):  # with its configuration except contract and columns
            text = "{{ config(materialized='view', contract={'enforced': false}) }}\n" + text
        (tmp_path / file).write_text(text)
    target = tmp_path / "target" / "lint"
    built.run(
        [*DBT, "parse", "--project-dir", str(tmp_path), "--target-path", str(target)],
    )
    reported = tmp_path / "reported.json"
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt-bouncer")), "run", "--output-file", str(reported)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    # In dbt-bouncer 4.3 a failing check of materializations may fail on its own message, with an
    # "internal_error"; its exit status is 1 then too.
    failed = {
        tuple(one["check_run_id"].split(":")[0::2])
        for one in json.loads(reported.read_text())
        if one["outcome"] != "success"
    }
    assert failed >= FOUND, FOUND - failed
