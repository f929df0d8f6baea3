"""Checks from the Delta folders alone whether Synapse serverless can read the served tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from medallion.serving.contract import Table
from medallion_local.synapse.check.columns import colliding_names, drifted_columns, unreadable_types
from medallion_local.synapse.check.features import unreadable_features
from medallion_local.synapse.check.finding import Finding
from medallion_local.synapse.check.log import LogError, read_log
from medallion_local.synapse.check.readers import connect, disagreements, too_long


def check(tables: Sequence[Table], lake: Path) -> list[Finding]:
    """Everything that Synapse cannot read or would read differently, in the order of the tables."""
    with connect() as reader:
        found = [one for table in tables for one in check_table(table, table.folder(lake), reader)]
    return found + list(colliding_names("the views", (table.name for table in tables), "names"))


def check_table(table: Table, folder: Path, reader: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """The findings of one table."""
    try:
        log = read_log(folder)
    except LogError as error:
        yield Finding(table.name, f"{folder} {error}", f"run `dbt build --select {table.name}`")
        return
    unreadable = [*unreadable_features(table.name, log), *unreadable_types(table.name, log)]
    yield from unreadable
    yield from colliding_names(table.name, (field["name"] for field in log.fields), "columns")
    if unreadable:
        return  # the two readers support more than serverless, but not every Delta feature
    yield from drifted_columns(table, log)
    yield from disagreements(table, folder, reader)
    yield from too_long(table, folder, reader)
