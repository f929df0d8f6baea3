"""The rows that a failing test found. Personal values are masked before they leave this module."""

import re
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.report.artifacts import Manifest, Node, Outcome, personal
from medallion.report.queries import Rows, answer

if TYPE_CHECKING:
    from databricks.sql.client import Connection

MASK = "***"  # as in sql/databricks/03_personal_data.sql
SHOWN_ROWS = 5


def failing_rows(connection: "Connection", test: Outcome, manifest: Manifest) -> Rows:
    """The first rows of a data test. Raises `MedallionError` if the test's query fails."""
    query = f"select * from (\n{test.sql.strip().rstrip(';')}\n) as found limit {SHOWN_ROWS}"
    parents = manifest.parents(test.unique_id)
    try:
        return masked(answer(connection, query), test.sql, parents)
    except MedallionError as error:
        raise MedallionError(masked_message(str(error), parents)) from error


def masked_message(message: str, parents: list[Node]) -> str:
    """An error of the warehouse, which can quote a value: `The value 'Ada' cannot be cast`.

    If the test reads a tagged column, or if its parents are not known, only the condition remains.
    """
    if parents and not personal(parents):
        return message
    condition = re.search(r"\[[A-Z_.]+\]", message)
    return f"{condition[0] if condition else 'An error'}: dbt's log has the message."


def masked(rows: Rows, sql: str, parents: list[Node]) -> Rows:
    """The rows with a mask over each value that may be personal.

    If the test reads no tagged column, everything is shown. Otherwise a text is shown only in a
    column that the YAML lists without the tag. If the test names a tagged column, it may rename it,
    so every text is masked. Numbers and booleans are shown unless their column is tagged.
    A test without known parents is masked like one that names a tagged column.
    """
    tagged = {name.lower() for name in personal(parents)}
    if parents and not tagged:
        return rows
    renames = not parents or any(re.search(rf"(?i)\b{name}\b", sql) for name in tagged)
    listed = {name.lower() for node in parents for name in node.get("columns", {})}
    shown = set() if renames else listed - tagged

    def value(name: str, found: object) -> object:
        if name.lower() in tagged:
            return None if found is None else MASK
        return MASK if isinstance(found, str) and name.lower() not in shown else found

    return [{name: value(name, found) for name, found in row.items()} for row in rows]
