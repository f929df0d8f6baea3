"""The days that an operator lets a mart rebuild: invalid values are errors of one sentence."""

import shutil

import pytest
from dbt.cli.main import dbtRunner

from support.places import PROJECT

MACROS = ["cdc/rebuild_range.sql", "project/is_date.sql"]
FILES = {
    "dbt_project.yml": "{name: mart, profile: mart, flags: {send_anonymous_usage_stats: false},"
    " vars: {rebuild_from: null, rebuild_to: null}}",
    "profiles.yml": "mart: {target: x, outputs: {x:"
    " {type: databricks, schema: x, host: x, http_path: x, token: x}}}",
    "models/mart.sql": "{{ config(meta={'asked_for': rebuild_range()}) }} select 1 as one",
}
# dbt-databricks declares its models in Pydantic's old style, and warns when it is imported here.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
TOGETHER = "The vars rebuild_from and rebuild_to name a range together: give both, or neither."


@pytest.fixture
def parse(tmp_path, monkeypatch):
    """Parse a project of one model that uses the range. Parsing the real one takes far longer."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "macros").mkdir()
    for macro in MACROS:
        shutil.copy(PROJECT / "macros" / macro, tmp_path / "macros")
    places = {"DBT_PROFILES_DIR": "", "DBT_PROJECT_DIR": ""}
    places |= {"DBT_TARGET_PATH": "target", "DBT_LOG_PATH": "logs"}
    for variable, place in places.items():
        monkeypatch.setenv(variable, str(tmp_path / place))
    return lambda variables: dbtRunner().invoke(["--quiet", "parse", "--vars", variables])


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ("{rebuild_from: 2025-01-01}", TOGETHER),
        (
            "{rebuild_from: 2025-01-01, rebuild_to: soon}",
            "The var rebuild_to is 'soon', which is not a valid date: use YYYY-MM-DD.",
        ),
        (
            "{rebuild_from: '2025-02-29', rebuild_to: 2025-03-01}",
            "The var rebuild_from is '2025-02-29', which is not a valid date: use YYYY-MM-DD.",
        ),
        (
            "{rebuild_from: 2025-01-02, rebuild_to: 2025-01-01}",
            "The var rebuild_from is 2025-01-02, after rebuild_to, which is 2025-01-01: swap them.",
        ),
    ],
)
def test_invalid_value__is_a_compiler_error_in_one_sentence(parse, variables, said):
    done = parse(variables)
    assert not done.success
    reported = str(done.exception).splitlines()
    assert reported[:2] == ["Compilation Error in model mart (models/mart.sql)", f"  {said}"]


@pytest.mark.parametrize(
    ("variables", "asked_for"),
    [
        ("{}", None),
        (
            "{rebuild_from: 2024-02-29, rebuild_to: '2024-12-31'}",
            {"first": "2024-02-29", "last": "2024-12-31"},
        ),
    ],
)
def test_days_of_the_calendar__are_taken_quoted_or_not(parse, variables, asked_for):
    done = parse(variables)
    assert done.success, done.exception
    assert done.result.nodes["model.mart.mart"].config.meta["asked_for"] == asked_for
