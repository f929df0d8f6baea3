"""The fixtures in which Databricks differs from Postgres, which the public classes assume."""

from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import ANY

import pytest
from dbt.tests.adapter.basic import expected_catalog


def given(value: Any) -> Any:
    """A fixture of a class with a fixed value."""

    @pytest.fixture(scope="class")
    def fixed(self: Any) -> Any:
        return value

    return fixed


_CONSTRAINTS = {
    "string_type": given("string"),
    "int_type": given("int"),
    "schema_string_type": given("string"),
    "schema_int_type": given("int"),
    # the column's SQL, its declared type, and the type in dbt's message
    "data_types": given(
        [
            ["1", "int", "int"],
            ["'1'", "string", "string"],
            ["cast('2019-01-01' as date)", "date", "date"],
            ["true", "boolean", "boolean"],
            ["cast('2019-01-01' as timestamp)", "timestamp", "timestamp"],
            ["cast(1.0 as decimal(10, 2))", "decimal", "decimal"],
        ]
    ),
}
_ROLLBACK = {
    # Databricks adds a constraint after it has replaced the table, which stays.
    "expected_color": given("red"),
    "expected_error_messages": given(["CONSTRAINT_VIOLAT", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"]),
    "assert_expected_error_messages": lambda self, found, expected: any_of(found, expected),
}
_COLUMNS_EQUAL = ("Table", "View", "Incremental")


def catalog(expected: Callable[..., dict[str, Any]], **types: str) -> Any:
    """The fixture of `dbt docs generate`. dbt-databricks counts columns from 0."""

    @pytest.fixture(scope="class")
    def described(self: Any, project: Any) -> dict[str, Any]:
        found = expected(
            project,
            role=ANY,
            id_type="bigint",
            text_type="string",
            time_type="timestamp",
            view_type="view",
            table_type="table",
            model_stats=ANY,
            **types,
        )
        for node in [*found["nodes"].values(), *found["sources"].values()]:
            node["columns"] = {
                name: {**column, "index": ANY} for name, column in node["columns"].items()
            }
        return found

    return described


FIXTURES: dict[str, Mapping[str, object]] = {
    f"constraints.test_constraints.Test{kind}ConstraintsColumnsEqual": _CONSTRAINTS
    for kind in _COLUMNS_EQUAL
} | {
    "basic.test_docs_generate.TestDocsGenerate": {
        "expected_catalog": catalog(expected_catalog.base_expected_catalog)
    },
    "basic.test_docs_generate.TestDocsGenReferences": {
        "expected_catalog": catalog(
            expected_catalog.expected_references_catalog, bigint_type="bigint"
        )
    },
}
