"""The strategy cdc_merge, line by line of docs/cdc_merge.md, in a dbt project with a copy of it."""

import shutil
from dataclasses import dataclass

import pytest
from deltalake import DeltaTable

from medallion.home import PROJECT_ROOT
from support.small_project import small_project
from support.warehouse_sql import Started

MACROS = ("get_incremental_cdc_merge_sql", "cdc_merge_batch", "cdc_merge_keys")


@dataclass(frozen=True)
class Case:
    """A model built from `first`, then merged with `batch`. Rows are (a, b, v, seq, deleted)."""

    first: str
    batch: str
    after: list[tuple] | str  # the rows (a, b, v) at the end, or the error message
    config: str = "unique_key='a', meta={'sequence_by': 'seq'}"


STANDING = "(1, 'x', 'one', 10, false), (2, 'x', 'two', 10, false)"
COMPOSITE = "unique_key=['a', 'b'], meta={'sequence_by': 'seq'}"
UNORDERED = "unique_key='a'"
BEFORE = [(1, "x", "one"), (2, "x", "two")]
CASES = {
    "inserts_updates_and_deletes_at_once": Case(
        STANDING,
        "(1, 'x', 'new', 11, false), (2, 'x', 'two', 11, true), (3, 'x', 'three', 11, false)",
        [(1, "x", "new"), (3, "x", "three")],
    ),
    "older_changes_nothing": Case(
        STANDING, "(1, 'x', 'old', 9, false), (2, 'x', 'two', 9, true)", BEFORE
    ),
    "equal_age_is_taken": Case(
        STANDING,
        "(1, 'x', 'again', 10, false), (2, 'x', 'two', 10, true)",
        [(1, "x", "again")],
    ),
    "without_sequence_by_any_age_is_taken": Case(
        STANDING, "(1, 'x', 'old', 9, false)", [(1, "x", "old"), BEFORE[1]], UNORDERED
    ),
    "tombstone_of_an_unknown_key_is_nothing": Case(STANDING, "(7, 'x', 'gone', 11, true)", BEFORE),
    "last_of_several_counts": Case(
        STANDING,
        "(1, 'x', 'a', 11, false), (1, 'x', 'b', 13, false), (1, 'x', 'c', 12, true),"
        " (3, 'x', 'a', 11, false), (3, 'x', 'b', 12, true)",
        [(1, "x", "b"), BEFORE[1]],
    ),
    "two_last_rows_are_refused": Case(
        STANDING,
        "(3, 'x', 'a', 11, false), (3, 'x', 'b', 11, false)",
        "two rows have the same a and seq: 3",
    ),
    "two_rows_are_refused_without_sequence_by": Case(
        STANDING,
        "(3, 'x', 'a', 11, false), (3, 'x', 'b', 12, false)",
        "two rows have the same a: 3",
        UNORDERED,
    ),
    "composite_key": Case(
        "(1, 'x', 'one', 10, false), (1, 'y', 'two', 10, false)",
        "(1, 'y', 'new', 11, false), (1, 'z', 'three', 11, false), (1, 'x', 'one', 11, true)",
        [(1, "y", "new"), (1, "z", "three")],
        COMPOSITE,
    ),
    "null_in_a_composite_key_is_refused": Case(
        STANDING,
        "(3, null, 'three', 11, false)",
        "a row has no a, b, seq or _is_deleted",
        COMPOSITE,
    ),
    "null_key_of_a_tombstone_is_refused": Case(
        STANDING, "(null, 'x', 'three', 11, true)", "a row has no a, seq or _is_deleted"
    ),
    "null_sequence_is_refused": Case(
        STANDING, "(3, 'x', 'three', null, false)", "a row has no a, seq or _is_deleted"
    ),
    "null_flag_is_refused": Case(
        STANDING, "(3, 'x', 'three', 11, null)", "a row has no a or _is_deleted", UNORDERED
    ),
    "empty_batch": Case(STANDING, "", BEFORE),
    # The second row shows that the predicate is in the MERGE, where Delta uses it to skip files.
    "predicate_limits_what_is_found": Case(
        "(1, 'x', 'one', 10, false), (2, 'y', 'two', 10, false)",
        "(1, 'x', 'new', 11, false), (2, 'x', 'outside', 11, false)",
        [(1, "x", "new"), (2, "x", "outside"), (2, "y", "two")],
        "unique_key='a', partition_by='b', incremental_predicates=[\"DBT_INTERNAL_DEST.b = 'x'\"]",
    ),
    "no_key_is_refused": Case(STANDING, "", "needs a unique_key", "meta={'sequence_by': 'seq'}"),
    "options_of_merge_are_refused": Case(
        STANDING, "", "has no merge_exclude_columns", "unique_key='a', merge_exclude_columns=['v']"
    ),
}


@dataclass(frozen=True)
class Merged:
    warehouse: Started
    errors: dict[str, str]
    versions: dict[str, int]  # of the Delta tables before the merge


def _land(warehouse: Started, name: str, values: str) -> None:
    rows = f"from values {values} as v (a, b, v, seq, d)" if values else "where false"
    columns = "a, b, v, seq, d" if values else "1 as a, 'x' as b, 'v' as v, 1 as seq, false as d"
    warehouse.run(
        f"create or replace table s.{name} as select cast(a as bigint) as a,"
        " cast(b as string) as b, v, cast(seq as bigint) as seq, cast(d as boolean) as _is_deleted"
        f" from (select {columns} {rows})"
    )


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """All cases in one project: one run creates the tables, another one merges."""
    with small_project(tmp_path_factory.mktemp("copied")) as project:
        warehouse = project.warehouse
        warehouse.run("create schema s")
        (project.folder / "macros").mkdir()
        for macro in MACROS:
            file = PROJECT_ROOT / "macros" / "cdc" / f"{macro}.sql"
            shutil.copy(file, project.folder / "macros")
        for name, case in CASES.items():
            project.write(
                f"models/{name}.sql",
                "{{ config(materialized='incremental', incremental_strategy='cdc_merge',"
                f" {case.config}) }}}}\nselect * from s.batch_of_{name}\n",
            )
            _land(warehouse, f"batch_of_{name}", case.first)
        created = project.dbt("run")
        assert {result["status"] for result in created.values()} == {"success"}
        versions = {name: _table(warehouse, name).version() for name in CASES}
        for name, case in CASES.items():
            _land(warehouse, f"batch_of_{name}", case.batch)
        results = project.dbt("run")
        errors = {n: r["message"] for n, r in results.items() if r["status"] != "success"}
        yield Merged(warehouse, errors, versions)


def _table(warehouse: Started, name: str) -> DeltaTable:
    facts = {row[0]: row[1] for row in warehouse.rows(f"describe table extended {name}")}
    return DeltaTable(facts["Location"])


def _rows(merged: Merged, name: str) -> list[tuple]:
    return sorted(merged.warehouse.rows(f"select a, b, v from {name} where not _is_deleted"))


@pytest.mark.parametrize("name", CASES)
def test_merge(merged, name):
    expected = CASES[name].after
    if isinstance(expected, str):
        assert expected in merged.errors[name]
        assert _rows(merged, name) == BEFORE
    else:
        assert name not in merged.errors
        assert _rows(merged, name) == expected


@pytest.mark.parametrize("name", CASES)
def test_merge__is_one_commit_or_none(merged, name):
    """A reader between two commits would see a key twice, or not at all."""
    changes = not isinstance(CASES[name].after, str) and CASES[name].after != BEFORE
    assert _table(merged.warehouse, name).version() - merged.versions[name] == changes
