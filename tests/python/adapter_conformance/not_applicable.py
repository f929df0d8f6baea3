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
NO_CASCADE = "Databricks drops no views with a table"
PRINCIPALS = "a warehouse on a laptop has no list of users: it records a grant to any name"

_PERSIST_DOCS = "persist_docs.test_persist_docs"
_SNAPSHOT = "simple_snapshot.test_snapshot.TestSnapshot"

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
    "basic.test_incremental.BaseIncrementalBadStrategy": "dbt-databricks has its own message",
    "column_types.test_column_types": POSTGRES,
    "constraints.test_constraints.TestTableConstraintsRuntimeDdlEnforcement": OTHER_SQL,
    "constraints.test_constraints.TestIncrementalConstraintsRuntimeDdlEnforcement": OTHER_SQL,
    "constraints.test_constraints.TestModelConstraintsRuntimeEnforcement": OTHER_SQL,
    "constraints.test_constraints.TestConstraintQuotedColumn": OTHER_SQL,
    "constraints.test_constraints.TestTableContractSqlHeader": POSTGRES_SQL,
    "constraints.test_constraints.TestIncrementalContractSqlHeader": POSTGRES_SQL,
    "dbt_clone.test_dbt_clone.BaseCloneSameSourceAndTarget": ABSTRACT,
    "dbt_clone.test_dbt_clone.TestPostgresCloneNotPossible": POSTGRES,
    "dbt_debug.test_dbt_debug": POSTGRES,
    "empty.test_empty.BaseTestEmptySeedFlag": NEWER,
    "ephemeral.test_ephemeral.TestEphemeralMulti": OTHER_SQL,
    "ephemeral.test_ephemeral.TestEphemeralNested": OTHER_SQL,
    "grants.test_invalid_grants": PRINCIPALS,
    "incremental.test_incremental_predicates": "dbt-databricks' `delete+insert` applies the "
    "predicates to the new rows only",
    f"{_PERSIST_DOCS}.TestPersistDocs": NO_CATALOG_COMMENTS,
    f"{_PERSIST_DOCS}.TestPersistDocsColumnMissing": NO_CATALOG_COMMENTS,
    f"{_PERSIST_DOCS}.TestPersistDocsCommentOnQuotedColumn": NO_CATALOG_COMMENTS,
    f"{_PERSIST_DOCS}.TestPersistDocsAllColumnsMissing": NO_WARNING,
    f"{_PERSIST_DOCS}.TestPersistDocsQuotedColumnCaseSensitive": NO_WARNING,
    f"{_PERSIST_DOCS}.TestPersistDocsQuotedDescriptionNotAppliedOnMismatch": NO_WARNING,
    "simple_copy.test_copy_uppercase": POSTGRES,
    "simple_seed.test_seed_type_override": POSTGRES,
    "simple_seed.test_seed.TestBasicSeedTests::test_simple_seed_full_refresh_flag": NO_CASCADE,
    "simple_seed.test_seed.TestSeedConfigFullRefreshOn": NO_CASCADE,
    "simple_snapshot.new_record_check_mode": "dbt-databricks' `dbt_is_deleted` is a BOOLEAN",
    f"{_SNAPSHOT}::test_new_column_captured_by_snapshot": POSTGRES_SQL,
    "simple_snapshot.test_ephemeral_snapshot_hard_deletes": POSTGRES_SQL,
    "simple_snapshot.test_various_configs.BaseSnapshotDbtValidToCurrent": "it expects times "
    "without a zone; Databricks' have one",
    "unit_testing.test_types.TestPostgresUnitTestingTypes": POSTGRES,
    "utils.base_utils": ABSTRACT,
    "utils.base_array_utils": ABSTRACT,
    "utils.test_current_timestamp.BaseCurrentTimestampNaive": "Databricks' current_timestamp has a "
    "time zone: the other class of the two is run",
    "utils.test_escape_single_quotes.TestEscapeSingleQuotes": "Databricks joins adjacent literals, "
    "and escapes a quote by a backslash",
    "utils.test_get_intervals_between": "it writes dates as only Postgres reads them",
    "utils.test_listagg": "dbt-databricks' `listagg` has no order",
    "utils.test_timestamps": OTHER_SQL,
    "utils.data_types.base_data_type_macro": ABSTRACT,
}


def tests(name: str) -> list[str]:
    """The tests of a class that are not applicable, while the others are."""
    return [key.split("::")[1] for key in REASONS if key.startswith(f"{name}::")]


def reason(name: str) -> str | None:
    """Why a class is not applicable; `name` or what it begins with is in the table. Else None."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        found = REASONS.get(".".join(parts[:length]))
        if found is not None:
            return found
    return None
