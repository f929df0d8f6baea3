"""The Power BI model and the metric views that are made from the metrics."""

import re
import shutil

import pytest

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.made_files import MadeFiles
from medallion.semantic import power_bi
from medallion.semantic.definition import FILE, semantic_models
from medallion.semantic.made import made_files
from medallion.serving.contract import served_tables

MODELS = semantic_models()
TABLES = {
    name.removesuffix(".tmdl").rpartition("/")[2]: text
    for name, text in made_files().texts.items()
    if "/tables/" in name
}
OF_A_NAME = r"(?:'((?:[^']|'')+)'|(\w+))"


def names(text, kind):
    return [a or b for a, b in re.findall(rf"^\t{kind} {OF_A_NAME}", text, re.M)]


def test_the_files_follow_the_metrics():
    assert made_files().stale() == []


def test_files_by_hand_are_removed_and_changed_ones_are_named(tmp_path):
    made = MadeFiles(
        tmp_path, {"a.sql": "1", "b/c.tmdl": "2"}, "medallion x", frozenset({"_d.yml"})
    )
    (tmp_path / "_d.yml").write_text("kept")
    (tmp_path / "extra.sql").write_text("3")
    assert made.stale() == ["a.sql", "b/c.tmdl", "extra.sql"]
    with pytest.raises(MedallionError, match=r"a\.sql, b/c\.tmdl, extra\.sql\): run `medallion x`"):
        made.require_current()
    made.write()
    assert made.stale() == [] and (tmp_path / "_d.yml").read_text() == "kept"
    (tmp_path / "a.sql").write_text("4")
    assert made.stale() == ["a.sql"]


def test_power_bi_reads_only_what_synapse_serves():
    served = {table.name: [c.name for c in table.columns if c.served] for table in served_tables()}
    for text in TABLES.values():
        [(schema, view)] = re.findall(r'Schema = "(\w+)", Item = "(\w+)"', text)
        assert schema == power_bi.SCHEMA
        assert set(re.findall(r"sourceColumn: (\w+)", text)) <= set(served[view])


def test_power_bi_has_each_name_once_and_only_known_columns():
    """Power BI compares names without case, and a measure is a name of the whole model."""
    measures = [name.lower() for text in TABLES.values() for name in names(text, "measure")]
    columns = {table: names(text, "column") for table, text in TABLES.items()}
    assert len(measures) == len(set(measures)) >= 10
    for own in columns.values():
        lower = [name.lower() for name in own]
        assert len(lower) == len(set(lower)) and not {*lower} & {*measures}
    for text in TABLES.values():
        read = re.findall(r"'([^']+)'\[([^\]]+)\]", text)
        assert all(column in columns[table] for table, column in read)
        assert all(name.lower() in measures for name in re.findall(r"[(,] ?\[([^\]]+)\]", text))
    relations = made_files().texts[f"{power_bi.FOLDER}/definition/relationships.tmdl"]
    ends = re.findall(rf"(?:from|to)Column: {OF_A_NAME}\.{OF_A_NAME}", relations)
    assert len(ends) == 6
    assert all((c or d) in columns[a or b] for a, b, c, d in ends)


@pytest.mark.parametrize(
    ("metric", "dax"),
    [
        ("streams", "SUM('Listening'[_streams])"),
        ("listening_hours", "SUM('Listening'[_listen_seconds]) / 3600"),
        ("listeners", "AVERAGE('Engagement'[_daily_active_users])"),
        (
            "monthly_active_users",
            "VAR LastOne = MAX('Engagement'[Day])\nRETURN CALCULATE("
            "SUM('Engagement'[_monthly_active_users]), 'Engagement'[Day] = LastOne)",
        ),
        (
            "retained_users",
            "CALCULATE(SUM('Retention'[_active_users]), "
            "'Retention'[The week is complete] = TRUE())",
        ),
        ("retention", "DIVIDE([Retained users], [Users of the cohorts])"),
        (
            "recurring_revenue",
            "VAR LastOne = MAX('Subscriptions'[Day])\nRETURN CALCULATE(IF(HASONEVALUE("
            "'Subscriptions'[Currency]), SUM('Subscriptions'[_recurring_revenue])), "
            "'Subscriptions'[Day] = LastOne)",
        ),
    ],
)
def test_dax_of_a_metric(metric, dax):
    [found] = [
        power_bi.dax(model, one) for model in MODELS for one in model.metrics if one.name == metric
    ]
    assert found == dax


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project's contracts and metrics."""
    folder = tmp_path_factory.mktemp("metrics")
    shutil.copytree(PROJECT_ROOT / "models", folder / "models")
    shutil.copy(PROJECT_ROOT / "dbt_project.yml", folder)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ("agg: average", "agg: median", "the measure listeners_of_the_day cannot be made: its agg"),
        ("expr: listen_seconds / 3600", "expr: log(streams)", "neither a column nor a column divi"),
        ("expr: streams", "expr: plays", "its measure plays is not a column of mart_daily_listen"),
        ("window_choice: max", "window_choice: min", "only the max can be chosen"),
        ("type: ratio", "type: derived", "the metric retention cannot be made: its type"),
        ("denominator: cohort_users", "denominator: streams", "its parts are of two semantic mod"),
        ("complete') }} = true", "complete') }} > 1", "its filter is not `dimension = true`"),
        ("ref('mart_user_retention')", "ref('fct_streams')", "is not a table that Synapse serves"),
        ("meta: {one: currency}", "meta: {one: coin}", "its meta.one coin is not a dimension"),
        ("numerator: retained_users", "numerator: retention", "its parts are not simple metrics"),
        ("{measure: plays}", "{measure: played}", "its measure played does not exist"),
    ],
)
def test_what_cannot_be_made_is_named(copy, old, new, reported):
    text = (PROJECT_ROOT / FILE).read_text()
    assert old in text
    (copy / FILE).write_text(text.replace(old, new))
    with pytest.raises(MedallionError, match=re.escape(reported)):
        semantic_models(copy)


def test_a_project_without_metrics_has_no_files(copy):
    (copy / FILE).unlink()
    assert made_files(copy).texts == {}
