"""The context of a statement, and the results that have no rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.catalog import Catalog, Relation, not_found
from medallion_local.databricks_sql.engine import Engine, Result, result_of
from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.resolve import Choice, Follow, Resolver, every_file, every_row
from medallion_local.databricks_sql.session import Session
from medallion_local.databricks_sql.storage import Storage
from medallion_local.databricks_sql.streams.files import LandedFile, ReadFiles


@dataclass(frozen=True)
class Context:
    """The warehouse's parts, and the session that sent a statement."""

    catalog: Catalog
    storage: Storage
    engine: Engine
    session: Session

    def resolver(
        self, choose: Choice = every_file, streaming: bool = False, follow: Follow = every_row
    ) -> Resolver:
        """A resolver for one statement."""
        return Resolver(
            self.catalog, self.storage, self.engine, self.session, choose, streaming, follow
        )

    @contextmanager
    def resolved(
        self,
        tree: exp.Expression,
        choose: Choice = every_file,
        streaming: bool = False,
        follow: Follow = every_row,
    ) -> Iterator[str]:
        """The engine's text of `tree`. Files staged for it are removed afterwards."""
        resolver = self.resolver(choose, streaming, follow)
        try:
            yield render(resolver.resolve(tree), keep=False)
        finally:
            resolver.close()

    def columns(self, query: exp.Expression) -> pa.Schema:
        """The columns of a query. Files are read only to infer a missing schema."""

        def none_but_for_inference(source: ReadFiles, files: list[LandedFile]) -> list[LandedFile]:
            return files if source.schema is None else []

        with self.resolved(query, none_but_for_inference, streaming=True) as sql:
            return self.engine.schema(sql, self.session.engine_settings)

    def query(self, tree: exp.Expression) -> Result:
        """Run a query. Files staged for it are removed when its rows have been read."""
        resolver = self.resolver()
        try:
            sql = render(resolver.resolve(tree), keep=False)
            result = self.engine.query(sql, self.session.engine_settings)
        except BaseException:
            resolver.close()
            raise

        def until_read() -> Iterator[pa.RecordBatch]:
            try:
                yield from result.batches
            finally:
                resolver.close()

        return Result(result.schema, until_read())

    def relation(self, parts: tuple[str, ...]) -> Relation:
        """The relation of that name. Raises if it does not exist."""
        key = self.session.key(parts)
        found = self.catalog.find(key)
        if found is None:
            raise not_found(key)
        return found


def done() -> Result:
    """The result of a statement that returns no rows."""
    return result_of(pa.table({}, schema=pa.schema([])))


def affected(rows: int, **kinds: int) -> Result:
    """The result of a DML statement: `num_affected_rows`, and one column for each kind."""
    counts = {"num_affected_rows": rows, **kinds}
    table = pa.table({name: pa.array([n], pa.int64()) for name, n in counts.items()})
    return Result(table.schema, iter(table.to_batches()), rows)
