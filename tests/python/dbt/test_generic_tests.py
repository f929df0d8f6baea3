"""The dbt tests of tests/generic/ find their faults: one correct model, and faulty ones."""

import json
import shutil

import pytest

from medallion.home import PROJECT_ROOT
from support.small_project import small_project

END = "9999-12-31"
# (key, valid_from, valid_to, is_current): key 1 exists, key 2 was reinserted, key 3 is deleted.
RIGHT = [
    (1, "2025-01-01", "2025-01-03", False),
    (1, "2025-01-03", END, True),
    (2, "2025-01-01", "2025-01-02", False),
    (2, "2025-01-04", END, True),
    (3, "2025-01-01", "2025-01-05", False),
]
WRONG = {
    "overlap": [(1, "2025-01-01", "2025-01-04", False), *RIGHT[1:]],
    "empty_version": [*RIGHT, (1, "2025-01-02", "2025-01-02", False)],
    "gap": [(1, "2025-01-01", "2025-01-02", False), *RIGHT[1:]],
    "ended_without_a_delete": [*RIGHT[:4], (3, "2025-01-01", "2025-01-04", False)],
    "deleted_but_current": [*RIGHT[:4], (3, "2025-01-01", END, True)],
    "living_but_not_current": [*RIGHT[:3], (2, "2025-01-04", END, False), RIGHT[4]],
    "living_but_absent": RIGHT[2:],
    "two_current": [(1, "2025-01-01", "2025-01-03", True), *RIGHT[1:]],
    "key_missing": [*RIGHT, (None, "2025-01-01", END, True)],
    "row_twice": [*RIGHT, RIGHT[0]],
}
TESTS = {
    "versions_do_not_overlap": {"key": "k"},
    "one_current_version": {"key": "k"},
    "gaps_are_deletes": {"key": "k", "changes": "ref('changes')"},
    "living_keys_are_current": {"key": "k", "changes": "ref('changes')"},
    "unique_combination": {"columns": ["k", "valid_from"]},
    "complete": {"columns": ["k", "valid_from"]},
}
# The tests that fail on each model. Related claims fail together for a wrong row.
FOUND = {
    "right": set(),
    "overlap": {"versions_do_not_overlap", "gaps_are_deletes"},
    "empty_version": {"versions_do_not_overlap", "gaps_are_deletes"},
    "gap": {"gaps_are_deletes"},
    "ended_without_a_delete": {"gaps_are_deletes"},
    "deleted_but_current": {"living_keys_are_current"},
    "living_but_not_current": {"one_current_version", "living_keys_are_current"},
    "living_but_absent": {"living_keys_are_current"},
    "two_current": {"one_current_version", "living_keys_are_current"},
    "key_missing": {"complete"},
    "row_twice": {"versions_do_not_overlap", "gaps_are_deletes", "unique_combination"},
}
CHANGES = """
select
    cast(k as bigint) as k,
    cast(t as timestamp) as _changed_at,
    s as _change_sequence,
    d as _is_deleted,
    cast(null as string) as _quarantine_reasons
from values
    (1, '2025-01-01', '01', false), (1, '2025-01-03', '02', false),
    (2, '2025-01-01', '01', false), (2, '2025-01-02', '02', true), (2, '2025-01-04', '03', false),
    (3, '2025-01-01', '01', false), (3, '2025-01-05', '02', true)
    as v (k, t, s, d)
"""


def _versions(rows: list[tuple]) -> str:
    selects = [
        f"select cast({'null' if key is None else key} as bigint) as k,"
        f" timestamp '{begins}' as valid_from, timestamp '{ends}' as valid_to,"
        f" {str(current).lower()} as is_current"
        for key, begins, ends, current in rows
    ]
    return "\nunion all\n".join(selects)


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """The tests that failed on each model."""
    models = {"right": RIGHT} | WRONG
    claims = [{test: {"arguments": arguments}} for test, arguments in TESTS.items()]
    listed = [{"name": name, "data_tests": claims} for name in models]
    with small_project(tmp_path_factory.mktemp("claims")) as project:
        shutil.copytree(PROJECT_ROOT / "tests" / "generic", project.folder / "tests" / "generic")
        for macros in ("history", "keys"):
            shutil.copytree(PROJECT_ROOT / "macros" / macros, project.folder / "macros" / macros)
        project.write("models/changes.sql", CHANGES)
        project.write("models/models.yml", json.dumps({"models": listed}))
        for name, rows in models.items():
            project.write(f"models/{name}.sql", _versions(rows))
        results = project.dbt("build")
    assert len(results) == len(models) * (1 + len(TESTS)) + 1
    found = {name: set() for name in models}
    for name, result in results.items():
        if result["status"] not in ("success", "pass"):
            (test,) = (test for test in TESTS if name.startswith(test))
            (model,) = (m for m in models if name.removeprefix(f"{test}_").startswith(f"{m}_"))
            found[model].add(test)
    return found


@pytest.mark.parametrize("model", FOUND)
def test_claims__fail_only_where_they_are_violated(failed, model):
    assert failed[model] == FOUND[model]


def test_every_generic_test__has_a_model_that_breaks_it():
    kept = {file.stem for file in (PROJECT_ROOT / "tests" / "generic").glob("*.sql")}
    # `expectation` reads the graph of the whole project: test_rules.py tests it. The others are
    # T-SQL, which test_synapse_serving.py and test_synapse_pool.py run on the emulator.
    elsewhere = {"expectation", "holds_rows", "holds_exported_rows"}
    assert set().union(*FOUND.values()) == set(TESTS) == kept - elsewhere
