"""The public classes that test nothing of a Databricks SQL warehouse, each with its reason."""

PYTHON_MODEL = "a Python model runs on a cluster or a job, not on a SQL warehouse"
JAVASCRIPT = "Databricks has no functions in JavaScript"
POSTGRES = "it tests types, profiles or refusals of Postgres"
ABSTRACT = "it is an abstract base: each adapter writes the models or the queries of its tests"

REASONS: dict[str, str] = {
    "functions.test_js_udfs": JAVASCRIPT,
    "functions.test_udafs.UDAFBase": ABSTRACT,
    "python_model": PYTHON_MODEL,
    "catalog.relation_types": ABSTRACT,
    "materialized_view": ABSTRACT,
    "basic.test_get_catalog_for_single_relation": "dbt-databricks does not implement the method",
    "basic.test_incremental.BaseIncrementalBadStrategy": "dbt-databricks refuses an unknown strategy "
    "earlier, with its own message",
    "column_types.test_column_types": POSTGRES,
    "dbt_clone.test_dbt_clone.TestPostgresCloneNotPossible": POSTGRES,
    "dbt_debug.test_dbt_debug": POSTGRES,
    "simple_copy.test_copy_uppercase": POSTGRES,
    "utils.base_utils": ABSTRACT,
    "utils.base_array_utils": ABSTRACT,
    "utils.data_types.base_data_type_macro": ABSTRACT,
}


def reason(name: str) -> str | None:
    """Why a class is not applicable; `name` or what it begins with is in the table. Else None."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        found = REASONS.get(".".join(parts[:length]))
        if found is not None:
            return found
    return None
