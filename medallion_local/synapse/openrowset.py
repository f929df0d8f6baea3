"""OPENROWSET over a Delta folder of the lake, with the columns and types of its WITH clause."""

from pathlib import Path

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.synapse.database import LAKE, Database
from medallion_local.synapse.errors import COLUMN, TSqlError, unsupported
from medallion_local.tsql import types
from medallion_local.tsql.dialect import OpenRowset
from medallion_local.tsql.scope import Relation, quoted
from medallion_local.tsql.types import TEXT, Type

# The T-SQL types as which each type of a Delta column may be read; decimals are separate.
KINDS = {"bigint", "int", "smallint", "bit", "float", "real", "date", "datetime2", "varchar"}
# DuckDB's type of a file's column, where it differs from the type of the query's column.
FROM_FILES = {"INT": "INTEGER", "TIMESTAMP": "TIMESTAMP WITH TIME ZONE"}


def rows(rowset: OpenRowset, database: Database) -> Relation:
    """The rows of the folder in the types of WITH. Raises if the files' types are incompatible."""
    given = {name: value.name for name, value in rowset.args["options"].items()}
    if given.get("FORMAT", "").upper() != "DELTA" or set(given) != {"DATA_SOURCE", "FORMAT"}:
        raise unsupported("OPENROWSET with options other than DATA_SOURCE and FORMAT = 'DELTA'")
    if not rowset.expressions:
        raise unsupported("OPENROWSET without a WITH clause")
    folder = database.delta_folder(given["DATA_SOURCE"], rowset.this.name)
    source = _scan(folder.relative_to(database.lake))
    actual = {name: kind for name, kind, *_ in database.rows(f"describe select * from {source}")}
    columns = [(one.name, _kind(one, database)) for one in rowset.expressions]
    listed = ", ".join(_column(name, kind, actual, folder) for name, kind in columns)
    return Relation(f"(select {listed} from {source})", columns)


def check_collation(definition: exp.ColumnDef, database: Database) -> None:
    """Raise for a column whose collation differs from the emulator's collation."""
    for one in definition.find_all(exp.CollateColumnConstraint):
        if one.this.name.lower() != database.behaviour.collation.lower():
            raise unsupported(
                f"The collation {one.this.name} of the column {definition.name}, which is not "
                f"{database.behaviour.collation},"
            )


def _scan(folder: Path) -> str:
    """DuckDB's table function over a folder of the lake with which the database was opened."""
    below = str(folder).replace("'", "''")
    return f"delta_scan(getvariable('{LAKE}') || '/{below}')"


def _kind(definition: exp.ColumnDef, database: Database) -> Type:
    shown = definition.kind.sql(dialect="tsql").lower()
    refusal = unsupported(f"The type {shown} of the column {definition.name}")
    if definition.kind.is_type("varchar") and not definition.kind.expressions:
        raise TSqlError(
            f"The column {definition.name} is varchar without a length, which has one byte."
        )
    try:
        kind = types.type_of(definition.kind)
    except MedallionError:
        raise refusal from None
    if kind.name not in {*KINDS, "decimal"} or (kind.name == "datetime2" and kind.scale < 6):
        raise refusal
    check_collation(definition, database)
    return kind


def _column(name: str, kind: Type, actual: dict[str, str], folder: Path) -> str:
    if name not in actual:
        raise TSqlError(f"The Delta folder {folder.name} has no column '{name}'.", COLUMN)
    if actual[name] != FROM_FILES.get(kind.engine, kind.engine):
        raise TSqlError(
            f"Column '{name}' of type '{actual[name]}' is not compatible with external data type "
            f"'{kind.text}'.",
            15822,
        )
    column = quoted(name)
    if kind.name not in TEXT or kind.length == types.MAX:
        return f"cast({column} as {kind.engine}) as {column}"
    message = f"Column '{name}' has a value that is longer than its {kind.length} bytes."
    escaped = message.replace("'", "''")
    return (
        f"case when strlen({column}) > {kind.length} then error('{escaped}') else {column} end"
        f" as {column}"
    )
