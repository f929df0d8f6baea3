"""The refusal of a statement that Sail cannot answer as Databricks does."""

from medallion_local.databricks_sql.language.errors import SqlError


def refused(what: str, why: str = "Sail does not answer it as Databricks does") -> SqlError:
    """The error for `what`, a part of a statement that only the engine Spark answers."""
    return SqlError(
        f"[UNSUPPORTED_FEATURE] {what}: {why}; `medallion up --engine spark` supports it."
    )
