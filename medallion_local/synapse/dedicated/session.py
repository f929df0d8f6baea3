"""One connection to the pool. Microsoft's grammar checks each batch, then DuckDB runs it."""

from sqlglot import exp

from medallion_local.synapse import grammar, queries, security
from medallion_local.synapse.database import Database
from medallion_local.synapse.dedicated.copy_into import copy_into
from medallion_local.synapse.dedicated.pool import Pool, engine_name
from medallion_local.synapse.dedicated.statements import (
    CopyInto,
    CreateTable,
    Name,
    Rename,
    Statistics,
    Transaction,
    Words,
    leaf,
    refused,
)
from medallion_local.synapse.errors import COLUMN, PERMISSION, TSqlError, as_tsql_errors
from medallion_local.synapse.openrowset import check_collation
from medallion_local.synapse.queries import Result
from medallion_local.synapse.security import Security
from medallion_local.synapse.session import Session
from medallion_local.synapse.statements import If, Statement, statements
from medallion_local.tsql import types
from medallion_local.tsql.dialect import ExecuteText
from medallion_local.tsql.errors import brief
from medallion_local.tsql.scope import Source, quoted
from medallion_local.tsql.values import Value, assign


class PoolSession:
    """Runs batches in a pool. Outside transactions each statement is committed at once."""

    def __init__(self, pool: Pool) -> None:
        self.database = pool
        self._in_transaction = False

    def execute(self, batch: str) -> list[Result]:
        """Run a batch; the results of its queries, in order."""
        grammar.require(batch, grammar.DEDICATED)
        with self.database.lock, as_tsql_errors():
            try:
                found = self._batch(batch)
                if self._in_transaction:
                    raise refused("A transaction that continues after its batch")
                return found
            finally:
                if self._in_transaction:
                    self._transaction("ROLLBACK")

    def _batch(self, batch: str) -> list[Result]:
        return [result for one in statements(batch, leaf, Words) for result in self._run(one)]

    def _run(self, statement: Statement) -> list[Result]:
        if isinstance(statement, If):
            holds = queries.holds(statement.condition, self.database)
            chosen = statement.then if holds else statement.otherwise
            return [result for one in chosen for result in self._run(one)]
        if isinstance(statement, ExecuteText):
            grammar.require(statement.this.name, grammar.DEDICATED)
            return self._batch(statement.this.name)
        if isinstance(statement, exp.Query):
            return [queries.answer(statement, self.database)]
        if self.database.read_only:
            raise TSqlError("Permission denied: this connection is read-only.", PERMISSION)
        if isinstance(statement, Transaction):
            self._transaction(statement.verb)
        elif isinstance(statement, exp.Insert):
            self._insert(statement)
        elif isinstance(statement, exp.Delete):
            self._delete(statement)
        elif self._in_transaction:
            raise TSqlError("DDL and COPY INTO are not allowed inside a transaction.", 226)
        elif isinstance(statement, CopyInto):
            copy_into(self.database, statement)
        elif isinstance(statement, Statistics):
            self.database.put_statistics(statement.table, statement.name, statement.columns)
        else:
            self._define(statement)
        return []

    def _define(self, statement: Statement) -> None:
        if isinstance(statement, CreateTable):
            self._create_table(statement)
        elif isinstance(statement, Security):
            security.run(statement, self.database)
        elif isinstance(statement, Rename):
            self.database.rename_table(statement.name, statement.new)
        elif isinstance(statement, exp.Create) and statement.kind == "SCHEMA":
            self.database.create_schema(statement.this.db or statement.this.name)
        elif isinstance(statement, exp.Create) and statement.kind == "VIEW":
            self._create_view(statement)
        elif isinstance(statement, exp.Drop) and statement.args["kind"] in ("VIEW", "TABLE"):
            self._drop(statement)
        else:
            shown = brief(statement) if isinstance(statement, exp.Expression) else statement
            raise refused(f"The statement {shown}")

    def _create_table(self, statement: CreateTable) -> None:
        if statement.query is not None:
            made = queries.stored(statement.query, self.database)
            query, columns = made.sql, made.columns
        else:
            for one in statement.columns:
                check_collation(one, self.database)
            columns = [
                (one.name, types.type_of(one.kind, in_cast=False)) for one in statement.columns
            ]
            typed = (f"cast(null as {kind.engine}) as {quoted(name)}" for name, kind in columns)
            query = f"select {', '.join(typed)} where false"
        self.database.create_table(statement.name, statement.layout, query, columns)

    def _create_view(self, statement: exp.Create) -> None:
        name = named(statement.this)
        if statement.args.get("replace"):
            raise refused("CREATE OR ALTER VIEW")
        self.database.require_free(name)
        made = queries.stored(statement.expression, self.database)
        self.database.put_view(name.schema, name.name, brief(statement), made.sql, made.columns)

    def _drop(self, statement: exp.Drop) -> None:
        targets = statement.args.get("tables") or [statement.this]
        if len(targets) > 1:
            raise refused(f"The statement {brief(statement)}")
        name = named(targets[0])
        if statement.args["kind"] == "TABLE" and self.database.is_table(name.schema, name.name):
            self.database.drop_table(name)
        elif statement.args["kind"] == "VIEW" and self.database.is_view(name.schema, name.name):
            self.database.drop_view(name.schema, name.name)
        elif not statement.args.get("exists"):
            raise TSqlError(f"Cannot drop '{name}', because it does not exist.", 3701)

    def _insert(self, statement: exp.Insert) -> None:
        into = statement.this
        if not isinstance(into, exp.Schema) or not isinstance(statement.expression, exp.Query):
            raise refused(f"The statement {brief(statement)} (list the columns, and select)")
        name = named(into.this)
        self.database.require_table(name)
        kinds = self.database.kinds(name)
        listed = [one.name for one in into.expressions]
        for column in listed:
            if column not in kinds:
                raise TSqlError(f"Invalid column name '{column}'.", COLUMN)
        query = queries.compiler(self.database).query(statement.expression.unnest())
        if len(query.columns) != len(listed):
            raise TSqlError(
                "The select list for the INSERT statement does not have as many items as the "
                "insert list.",
                120,
            )
        values = ", ".join(
            assign(
                Value(f"_i.{quoted(own)}", kind, has_columns=True),
                kinds[column],
                f"table '{name}', column '{column}'",
            ).sql
            for (own, kind), column in zip(query.columns, listed, strict=True)
        )
        columns = ", ".join(map(quoted, listed))
        self._change(
            f"insert into {engine_name(name)} ({columns}) select {values} from ({query.sql}) as _i"
        )

    def _delete(self, statement: exp.Delete) -> None:
        name = named(statement.this)
        self.database.require_table(name)
        where = statement.args.get("where")
        compiler = queries.compiler(self.database)
        compiler.add(Source(name.name, list(self.database.kinds(name).items())))
        chosen = f" where {compiler.condition(where.this)}" if where else ""
        self._change(f"delete from {engine_name(name)} as {quoted(name.name)}{chosen}")

    def _change(self, sql: str) -> None:
        self.database.provide(sql)
        self.database.run(sql)

    def _transaction(self, verb: str) -> None:
        if (verb == "BEGIN") == self._in_transaction:
            raise refused(f"{verb} TRANSACTION {'inside' if verb == 'BEGIN' else 'without'} one")
        self.database.run(verb.lower())
        self._in_transaction = verb == "BEGIN"


def session_of(database: Database, login: str = "dbo") -> Session | PoolSession:
    """A session of a database, for a pool or for serverless."""
    return PoolSession(database) if isinstance(database, Pool) else Session(database, login)


def named(table: exp.Expression) -> Name:
    """The table name in a syntax tree."""
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise refused(f"The table {brief(table)}")
    return Name(table.db or "dbo", table.name)
