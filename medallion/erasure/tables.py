"""A person's rows in the tables: read and changed by SQL.

Values are bound parameters, so no statement, and no commit that quotes its condition, has them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from medallion.erasure.personal import Personal, Table
from medallion.erasure.pseudonyms import LIKE, is_pseudonym
from medallion.errors import MedallionError
from medallion.lakehouse import rows

if TYPE_CHECKING:
    from databricks.sql.client import Connection


def count(connection: "Connection", table: Table, key: str, number: int) -> int:
    """The number of a person's rows in a table."""
    statement = f"select count(*) as n from {table} where `{key}` = {number}"
    return int(rows(connection, statement)[0]["n"])


def values(connection: "Connection", personal: Personal, number: int) -> dict[str, set[str]]:
    """The person's values in the tables, pseudonyms included, by column.

    Raises `MedallionError` for a tagged column that is not text, or in a table without the key.
    """
    found: dict[str, set[str]] = {}
    for table in personal.tables:
        for column in table.columns:
            _require_erasable(connection, table, column, personal.key)
            statement = (
                f"select distinct `{column}` as value from {table}"
                f" where `{personal.key}` = {number} and `{column}` is not null"
            )
            held = found.setdefault(column, set())
            held.update(row["value"] for row in rows(connection, statement))
    return found


def _require_erasable(connection: "Connection", table: Table, column: str, key: str) -> None:
    described = rows(connection, f"describe {table}")
    kinds = {row["col_name"].lower(): row["data_type"] for row in described}
    if key.lower() not in kinds:
        raise MedallionError(f"{table} has personal data, but not the key {key}: erase it by hand.")
    if kinds[column.lower()] != "string":
        raise MedallionError(
            f"{table}.{column} is tagged as personal and has the type {kinds[column.lower()]}; "
            "only texts can be erased."
        )


def replace(
    connection: "Connection",
    table: Table,
    key: str,
    number: int,
    pseudonyms: Mapping[str, Mapping[str, str]],
) -> int:
    """Replace a person's values in a table's columns. Returns the number of changed rows."""
    changed = 0
    for column in table.columns:
        pairs = [one for one in pseudonyms.get(column, {}).items() if not is_pseudonym(one[0])]
        if not pairs:
            continue
        where = f"`{key}` = {number} and `{column}` is not null and `{column}` not like '{LIKE}'"
        [held] = rows(connection, f"select count(*) as n from {table} where {where}")
        if not held["n"]:
            continue
        cases = " ".join(f"when :v{n} then '{text}'" for n, (_, text) in enumerate(pairs))
        with connection.cursor() as cursor:
            cursor.execute(
                f"update {table} set `{column}` = case `{column}` {cases} else `{column}` end"
                f" where {where}",
                {f"v{n}": value for n, (value, _) in enumerate(pairs)},
            )
        changed += held["n"]
    return changed


def keeps_rows_of(connection: "Connection", table: Table, key: str, number: int) -> bool:
    """Whether a table keeps landed rows of the person as JSON."""
    conditions = [f"get_json_object(`{column}`, '$.{key}') = '{number}'" for column in table.rows]
    statement = f"select count(*) as n from {table} where {' or '.join(conditions)}"
    return bool(rows(connection, statement)[0]["n"])
