"""Name resolution in a query: the names of its row sources and of the queries around it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.tsql.dialect import OpenRowset
from medallion_local.tsql.errors import unsupported
from medallion_local.tsql.types import Type
from medallion_local.tsql.values import Value

Columns = list[tuple[str, Type]]


def quoted(name: str) -> str:
    """A DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Relation:
    """A row source: its DuckDB text in a FROM, and its columns."""

    sql: str
    columns: Columns


@dataclass(frozen=True)
class Source:
    """A named relation. A query can refer to it by `key` as well as by its alias."""

    alias: str
    columns: Columns

    def find(self, name: str) -> tuple[str, Type] | None:
        """The column of that name, ignoring case."""
        return next((c for c in self.columns if c[0].lower() == name.lower()), None)


class Catalog(Protocol):
    """The interface through which the compiler reads an emulated database's catalogue."""

    def table(self, node: exp.Table) -> Relation:
        """The table or view that a FROM names. Raises if it does not exist."""

    def rowset(self, node: OpenRowset) -> Relation:
        """The rows of `OPENROWSET(BULK …)`."""

    def table_function(self, schema: str, name: str, arguments: Sequence[Value]) -> Relation:
        """The rows of a table-valued function."""

    def function(self, schema: str, name: str, arguments: Sequence[Value]) -> Value | None:
        """A call of a scalar function of the database; None if it has no such function."""


@dataclass
class Group:
    """The expressions that a grouped query may use outside aggregates: key text to DuckDB text."""

    keys: dict[str, str]


@dataclass
class Scope:
    """The names in one query; `tables` are its common table expressions."""

    parent: "Scope | None" = None
    sources: list[Source] = field(default_factory=list)
    tables: dict[str, Relation] = field(default_factory=dict)
    group: Group | None = None
    in_aggregate: bool = False

    def common(self, name: str) -> Relation | None:
        """The common table expression of that name."""
        scope: Scope | None = self
        while scope is not None:
            if name.lower() in scope.tables:
                return scope.tables[name.lower()]
            scope = scope.parent
        return None

    def column(self, node: exp.Column) -> Value:
        """A column by its name, from the innermost query outwards."""
        scope: Scope | None = self
        while scope is not None:
            found = [
                (source, column)
                for source in scope.sources
                if not node.table or source.alias.lower() == node.table.lower()
                if (column := source.find(node.name)) is not None
            ]
            if len(found) > 1:
                raise MedallionError(f"Msg 209: Ambiguous column name '{node.name}'.")
            if found:
                source, (name, kind) = found[0]
                value = Value(f"{quoted(source.alias)}.{quoted(name)}", kind, has_columns=True)
                group = None if scope is self or scope.in_aggregate else scope.group
                if group is not None and group.keys.get(value.sql) != value.sql:
                    raise unsupported(f"A subquery over {node.name} of a grouped query")
                return value
            scope = scope.parent
        named = f"{node.table}.{node.name}" if node.table else node.name
        if node.table and not self._has(node.table):
            raise MedallionError(
                f'Msg 4104: The multi-part identifier "{named}" could not be bound.'
            )
        raise MedallionError(f"Msg 207: Invalid column name '{node.name}'.")

    def _has(self, alias: str) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if any(s.alias.lower() == alias.lower() for s in scope.sources):
                return True
            scope = scope.parent
        return False
