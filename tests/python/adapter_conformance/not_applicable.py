"""The public classes that test nothing of a Databricks SQL warehouse, each with its reason."""

PYTHON_MODEL = "a Python model runs on a cluster or a job, not on a SQL warehouse"
JAVASCRIPT = "Databricks has no functions in JavaScript"
POSTGRES = "it tests types, profiles or refusals of Postgres"
ABSTRACT = "it is an abstract base: each adapter writes the models or the queries of its tests"

POSTGRES_SQL = "its fixtures are SQL that only Postgres accepts"
OTHER_SQL = "it compares a text with the SQL that Postgres' adapter writes"
NO_WARNING = "dbt-databricks writes no such warning"
NO_CATALOG_COMMENTS = "dbt-databricks' catalog of `dbt docs` has no comments"
NO_VOLATILITY = "dbt-databricks writes no volatility for a function"
NEWER = "it needs dbt-core 1.12"
PRINCIPALS = "a warehouse on a laptop has no list of users: it records a grant to any name"

REASONS: dict[str, str] = {
    "functions.test_js_udfs": JAVASCRIPT,
    "functions.test_udafs": "dbt-databricks creates no aggregate functions",
    "functions.test_udfs.DeterministicUDF": NO_VOLATILITY,
    "functions.test_udfs.StableUDF": NO_VOLATILITY,
    "functions.test_udfs.NonDeterministicUDF": NO_VOLATILITY,
    "functions.test_udfs.PythonUDFVolatilitySupport": NO_VOLATILITY,
    "functions.test_udfs.PythonUDFEntryPointRequired": "dbt-databricks needs no entry point",
    "functions.test_udfs.PythonUDFWithPackagesSupported": "dbt-databricks passes no packages",
    "functions.test_udfs.CanFindScalarFunctionRelation": "dbt-databricks lists no functions",
    "python_model": PYTHON_MODEL,
    "catalog.relation_types": ABSTRACT,
    "materialized_view": ABSTRACT,
    "basic.test_get_catalog_for_single_relation": "dbt-databricks does not implement the method",
    "basic.test_incremental.BaseIncrementalBadStrategy": "dbt-databricks refuses an unknown strategy "
    "earlier, with its own message",
    "column_types.test_column_types": POSTGRES,
    "constraints.test_constraints.TestTableConstraintsRuntimeDdlEnforcement": OTHER_SQL,
    "constraints.test_constraints.TestIncrementalConstraintsRuntimeDdlEnforcement": OTHER_SQL,
    "constraints.test_constraints.TestModelConstraintsRuntimeEnforcement": OTHER_SQL,
    "constraints.test_constraints.TestConstraintQuotedColumn": OTHER_SQL,
    "constraints.test_constraints.TestTableContractSqlHeader": POSTGRES_SQL,
    "constraints.test_constraints.TestIncrementalContractSqlHeader": POSTGRES_SQL,
    "dbt_clone.test_dbt_clone.TestPostgresCloneNotPossible": POSTGRES,
    "dbt_debug.test_dbt_debug": POSTGRES,
    "empty.test_empty.BaseTestEmptySeedFlag": NEWER,
    "ephemeral.test_ephemeral.TestEphemeralMulti": OTHER_SQL,
    "ephemeral.test_ephemeral.TestEphemeralNested": OTHER_SQL,
    "grants.test_invalid_grants": PRINCIPALS,
    "incremental.test_incremental_predicates": "dbt-databricks' `delete+insert` applies the "
    "predicates to the new rows only",
    "persist_docs.test_persist_docs.TestPersistDocs": NO_CATALOG_COMMENTS,
    "persist_docs.test_persist_docs.TestPersistDocsColumnMissing": NO_CATALOG_COMMENTS,
    "persist_docs.test_persist_docs.TestPersistDocsCommentOnQuotedColumn": NO_CATALOG_COMMENTS,
    "persist_docs.test_persist_docs.TestPersistDocsAllColumnsMissing": NO_WARNING,
    "persist_docs.test_persist_docs.TestPersistDocsQuotedColumnCaseSensitive": NO_WARNING,
    "persist_docs.test_persist_docs.TestPersistDocsQuotedDescriptionNotAppliedOnMismatch": NO_WARNING,
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
