"""The fixtures in which Databricks differs from Postgres, which the public classes assume."""

from collections.abc import Mapping
from typing import Any

import pytest


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
_COLUMNS_EQUAL = ("Table", "View", "Incremental")

FIXTURES: dict[str, Mapping[str, object]] = {
    f"constraints.test_constraints.Test{kind}ConstraintsColumnsEqual": _CONSTRAINTS
    for kind in _COLUMNS_EQUAL
}
