"""The SQLSTATE of each error condition of Databricks.

`conditions.txt` has the conditions of Apache Spark 4.2 and Delta Lake 4.4, one SQLSTATE a line.
Sources: error-conditions.json in spark-common-utils, delta-error-classes.json in delta-spark, and
https://docs.databricks.com/error-messages/error-classes.html for Databricks' own conditions.
"""

from functools import cache
from pathlib import Path

INTERNAL = "XX000"

# Conditions that only Databricks has.
_DATABRICKS = {
    "CATALOG_ALREADY_EXISTS": "42710",
    "CATALOG_NOT_EMPTY": "2BP01",
    "CONFIG_NOT_AVAILABLE": "42K0I",
    "UC_HIVE_METASTORE_DISABLED_EXCEPTION": "0A000",
    "UDF_USER_CODE_ERROR": "39000",
    "UNSET_NONEXISTENT_PROPERTIES": "42K0J",
    "CANNOT_SHALLOW_CLONE_NON_UC_MANAGED_TABLE_AS_SOURCE": "0AKUC",
    "COPY_INTO_COLUMN_ARITY_MISMATCH": "21S01",
    "COPY_INTO_SCHEMA_MISMATCH_WITH_TARGET_TABLE": "42KDG",
    "DELTA_CHANGE_DATA_FILE_NOT_FOUND": "42K03",
    "CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE": "22000",
    "EXPECT_MATERIALIZED_VIEW": "42809",
    "EXPECT_STREAMING_TABLE": "42809",
    "INVALID_STATEMENT_TIMEOUT": "22023",
    "NO_SUCH_CATALOG_EXCEPTION": "42704",
    "QUERY_EXECUTION_TIMEOUT_EXCEEDED": "57KD0",
    "STREAMING_FROM_MATERIALIZED_VIEW": "42000",
    "STREAMING_QUERY_IN_MATERIALIZED_VIEW": "42000",
    "STREAMING_TABLE_OPERATION_NOT_ALLOWED": "42601",
    "STREAMING_TABLE_QUERY_INVALID": "42000",
}
# Conditions of this warehouse, for which Databricks has no name or one that we do not know.
_OURS = {
    "CF_SCHEMA": "42000",
    "DUPLICATE_EXPECTATION": "42710",
    "EVENT_LOG_UNAVAILABLE": "42809",
    "EXPECTATION_UNSUPPORTED": "0A000",
    "EXPECTATION_VIOLATION": "22000",
    "FILE_CHANGED": "42000",
    "FILE_NOT_EXIST": "58030",
    "INFORMATION_SCHEMA": "42000",
    "INVALID_LOCATION": "42000",
    "IO_ERROR": "58030",
    "RESULT_SIZE_LIMIT_EXCEEDED": "54000",
    "STREAMING_TABLE_COLUMNS": "42000",
    "STREAMING_TABLE_PARTITIONS_CHANGED": "42000",
    "STREAMING_TABLE_SCHEMA_CHANGED": "42000",
    "UNSUPPORTED": "0A000",
}


@cache
def known() -> dict[str, str]:
    """The SQLSTATE of each condition without its subcondition."""
    states = _DATABRICKS | _OURS
    for line in Path(__file__).with_suffix(".txt").read_text().splitlines():
        state, *conditions = line.split()
        states |= dict.fromkeys(conditions, state)
    return states


def sqlstate(condition: str) -> str:
    """The SQLSTATE of `CONDITION[.SUBCONDITION]`; an internal error's if it is unknown."""
    return known().get(condition.partition(".")[0], INTERNAL)
