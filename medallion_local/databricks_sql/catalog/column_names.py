"""Columns that are qualified by the schema or catalog of their table: `schema.table.column`.

The engine reads a folder under the table's alias, so it knows no schema. Such a name is reduced to
`table.column` if the query reads a table of that schema without an alias. Other names with dots are
fields of structs and stay.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-name-resolution.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.catalog import Key

_SCOPES = (exp.Select, exp.Update, exp.Delete, exp.Merge)
_PARTS = ("this", "table", "db", "catalog")


class QualifiedColumns:
    """The tables that a statement reads without an alias, by the query that reads them."""

    def __init__(self) -> None:
        self._tables: dict[int, set[Key]] = {}

    def add(self, table: exp.Table, key: Key) -> None:
        """Remember a table before its name is replaced."""
        scope = table.find_ancestor(*_SCOPES)
        if not table.args.get("alias") and scope is not None:
            self._tables.setdefault(id(scope), set()).add(key)

    def reduce(self, column: exp.Column) -> None:
        """Remove the catalog and the schema from a column's name, if a table is read under them."""
        parts = column.parts
        if len(parts) < 3 or not self._tables:
            return
        names = [part.name.lower() for part in parts]
        if len(parts) == 4 and self._reads(column, names[1], names[2], names[0]):
            kept = parts[2:]
        elif self._reads(column, names[0], names[1]):
            kept = parts[1:]
        else:
            return
        for place, name in enumerate(_PARTS):
            column.set(name, kept[-1 - place] if place < len(kept) else None)

    def _reads(self, column: exp.Column, schema: str, table: str, catalog: str = "") -> bool:
        scope = column.find_ancestor(*_SCOPES)
        while scope is not None:
            for key in self._tables.get(id(scope), ()):
                if (key.schema, key.name) == (schema, table) and catalog in ("", key.catalog):
                    return True
            scope = scope.find_ancestor(*_SCOPES)
        return False


def with_columns(query: exp.Expression, names: list[str]) -> exp.Expression:
    """`query` with its columns named in order, as a view's column list does."""
    columns = [exp.to_identifier(name, True) for name in names]
    alias = exp.TableAlias(this=exp.to_identifier("_view"), columns=columns)
    inner = query.this if isinstance(query, exp.Subquery) and not query.alias else query
    return exp.select("*").from_(exp.Subquery(this=inner, alias=alias))
