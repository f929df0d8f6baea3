"""The fixtures in which Databricks differs from Postgres, which the public classes assume."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import ANY

import pytest
from dbt.tests.adapter.basic import expected_catalog
from dbt.tests.adapter.constraints import fixtures as constraints
from dbt.tests.adapter.utils.data_types import test_type_float, test_type_int


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


def any_of(self: Any, message: str, expected: list[str]) -> None:
    """Databricks stops at the first violated constraint, of whichever column."""
    assert any(each in message for each in expected), message


_ROLLBACK = {
    "expected_error_messages": given(["DELTA_NEW_NOT_NULL_VIOLATION", "DELTA_VIOLATE_CON"]),
    "assert_expected_error_messages": any_of,
}


def typed_seed(csv: str, column: str, kind: str) -> Any:
    """The seed `expected` with a column's type, which dbt would take from its values."""
    properties = {"name": "expected", "config": {"column_types": {column: kind}}}
    return given({"expected.csv": csv, "expected.yml": json.dumps({"seeds": [properties]})})


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


def check_hooks(self: Any, state: str, project: Any, host: str, count: int = 1) -> None:
    """The rows that the hooks wrote. The public method expects Postgres' user and database."""
    named = "target_name, target_schema, target_type, target_threads, thread_id"
    rows = project.run_sql(
        f"select {named}, length(run_started_at) > 0 and length(invocation_id) > 0 "
        f"from {{schema}}.on_{self.hooked}_hook where test_state = '{state}'",
        fetch="all",
    )
    assert len(rows) == count
    for name, schema, kind, threads, thread, has_run in rows:
        assert (name, schema, kind, threads) == ("default", project.test_schema, "databricks", 4)
        assert thread.startswith("Thread-") or self.hooked == "run"
        assert has_run


_HOOKS = {
    "TestPrePostModelHooks",
    "TestPrePostModelHooksUnderscores",
    "TestHookRefs",
    "TestPrePostModelHooksInConfig",
    "TestPrePostModelHooksInConfigWithCount",
    "TestPrePostModelHooksInConfigKwargs",
}

FIXTURES: dict[str, Mapping[str, object]] = {
    **{
        f"constraints.test_constraints.Test{kind}ConstraintsColumnsEqual": _CONSTRAINTS
        for kind in _COLUMNS_EQUAL
    },
    # Databricks adds a constraint after it has replaced the table, which stays.
    "constraints.test_constraints.TestTableConstraintsRollback": {
        **_ROLLBACK,
        "expected_color": given("red"),
    },
    "constraints.test_constraints.TestIncrementalConstraintsRollback": _ROLLBACK,
    "constraints.test_constraints.TestIncrementalForeignKeyConstraint": {
        "macros": given({}),
        "models": given(
            {
                "schema.yml": constraints.incremental_foreign_key_schema_yml.replace(
                    "expression: {schema}", "expression: (n) references {schema}"
                ),
                "raw_numbers.sql": constraints.incremental_foreign_key_model_raw_numbers_sql,
                "stg_numbers.sql": constraints.incremental_foreign_key_model_stg_numbers_sql,
            }
        ),
    },
    "basic.test_docs_generate.TestDocsGenerate": {
        "expected_catalog": catalog(expected_catalog.base_expected_catalog)
    },
    "basic.test_docs_generate.TestDocsGenReferences": {
        "expected_catalog": catalog(
            expected_catalog.expected_references_catalog, bigint_type="bigint"
        )
    },
    "dbt_show.test_dbt_show.TestShowDoesNotHandleDoubleLimit": {
        "DATABASE_ERROR_MESSAGE": "Syntax error at or near 'limit'"
    },
    "grants.test_model_grants.TestModelGrants": {
        "privilege_grantee_name_overrides": lambda self: {
            **{"select": "select", "insert": "modify"},
            **{"fake_privilege": "fake_privilege", "invalid_user": "invalid_user"},
        }
    },
    **{
        f"hooks.test_model_hooks.{name}": {"hooked": "model", "check_hooks": check_hooks}
        for name in _HOOKS
    },
    "hooks.test_run_hooks.TestPrePostRunHooks": {"hooked": "run", "check_hooks": check_hooks},
    "utils.data_types.test_type_float.TestTypeFloat": {
        "seeds": typed_seed(test_type_float.seeds__expected_csv, "float_col", "float")
    },
    "utils.data_types.test_type_int.TestTypeInt": {
        "seeds": typed_seed(test_type_int.seeds__expected_csv, "int_col", "int")
    },
}
