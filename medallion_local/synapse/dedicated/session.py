"""One connection to the pool: each batch through Microsoft's grammar, then on the engine."""

from sqlglot import exp

from medallion_local.synapse import grammar, security
from medallion_local.synapse.database import Database, quoted
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
from medallion_local.synapse.dialect import ExecuteText, brief
from medallion_local.synapse.errors import PERMISSION, TSqlError
from medallion_local.synapse.security import Security
from medallion_local.synapse.session import Result, Session
from medallion_local.synapse.statements import If, Statement, statements
from medallion_local.synapse.translate import engine_sql
from medallion_local.synapse.types import Kind, kind_of

# What the pool's catalog has beside that of serverless.
SYSTEM = {("sys", "tables"), ("sys", "stats")}


class PoolSession:
    """Runs batches in a pool. Each statement is committed as it is run, but for a transaction's."""

    def __init__(self, pool: Pool) -> None:
        self.database = pool
        self._in_transaction = False

    def execute(self, batch: str) -> list[Result]:
        """Run a batch; the results of its queries, in order."""
        grammar.require(batch, grammar.DEDICATED)
        with self.database.lock:
            try:
                found = self._batch(batch)
                if self._in_transaction:
                    raise refused("A transaction that goes on after its batch")
                return found
            finally:
                if self._in_transaction:
                    self._transaction("ROLLBACK")

    def _batch(self, batch: str) -> list[Result]:
        return [result for one in statements(batch, leaf, Words) for result in self._run(one)]

    def _run(self, statement: Statement) -> list[Result]:
        if isinstance(statement, If):
            holds = self.database.rows(self._sql(statement.condition))
            chosen = statement.then if holds else statement.otherwise
            return [result for one in chosen for result in self._run(one)]
        if isinstance(statement, ExecuteText):
            grammar.require(statement.this.name, grammar.DEDICATED)
            return self._batch(statement.this.name)
        if isinstance(statement, exp.Query):
            return [self._query(statement)]
        if self.database.read_only:
            raise TSqlError("Permission denied: this connection only reads.", PERMISSION)
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

    def _query(self, query: exp.Query) -> Result:
        done = self.database.run(self._sql(query))
        columns = [(one[0], str(one[1])) for one in done.description or []]
        return Result(columns, done.fetchall())

    def _create_table(self, statement: CreateTable) -> None:
        if statement.query is not None:
            kinds = self._kinds(statement.query)
            query = self._sql(statement.query)
        else:
            kinds = {one.name: pool_kind(one) for one in statement.columns}
            typed = (f"cast(null as {kind.engine}) as {quoted(n)}" for n, kind in kinds.items())
            query = f"select {', '.join(typed)} where false"
        self.database.create_table(statement.name, statement.layout, query, kinds)

    def _create_view(self, statement: exp.Create) -> None:
        name = named(statement.this)
        if statement.args.get("replace"):
            raise refused("CREATE OR ALTER VIEW")
        self.database.require_free(name)
        query = statement.expression
        sql, kinds = self._sql(query), self._kinds(query)
        self.database.put_view(name.schema, name.name, brief(statement), sql, kinds)

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
        columns = ", ".join(quoted(one.name) for one in into.expressions)
        query = self._sql(statement.expression.unnest())
        self.database.run(f"insert into {engine_name(name)} ({columns}) {query}")

    def _delete(self, statement: exp.Delete) -> None:
        name = named(statement.this)
        self.database.require_table(name)
        where = statement.args.get("where")
        condition = exp.select("1").where(where.this) if where else exp.select("1")
        chosen = self._sql(condition).removeprefix("SELECT 1")
        self.database.run(f"delete from {engine_name(name)}{chosen}")

    def _transaction(self, verb: str) -> None:
        if (verb == "BEGIN") == self._in_transaction:
            raise refused(f"{verb} TRANSACTION {'inside' if verb == 'BEGIN' else 'without'} one")
        self.database.run(verb.lower())
        self._in_transaction = verb == "BEGIN"

    def _sql(self, query: exp.Expression) -> str:
        """The engine's text, with what only the pool has replaced before."""
        root = exp.Paren(this=query.copy())
        for node in list(root.find_all(exp.ObjectId)):
            node.replace(self._object_id(node))
        for node in list(root.find_all(exp.Table)):
            if (node.db.lower(), node.name.lower()) in SYSTEM:
                view = f"{node.db}_{node.name}".lower()
                node.replace(exp.table_(view, db="stand_in", alias=node.alias or node.name))
        return engine_sql(root.this, self.database)

    def _object_id(self, node: exp.ObjectId) -> exp.Expression:
        name = named(exp.to_table(node.this.name, dialect="tsql"))
        asked = node.args.get("expression")
        number = self.database.object_id(name)
        if number is None and self.database.is_view(name.schema, name.name):
            number = 0 if asked is None or asked.name.upper() == "V" else None
        elif asked is not None and asked.name.upper() != "U":
            number = None
        return exp.null() if number is None else exp.Literal.number(number)

    def _kinds(self, query: exp.Query) -> dict[str, Kind]:
        """The types of columns that a query passes through from what it reads, by name."""
        found: dict[str, Kind] = {}
        for table in query.find_all(exp.Table):
            found = self.database.kinds(named(table)) | found
        plain = {one.name for one in query.expressions if isinstance(one, exp.Column)}
        passes = any(isinstance(one, exp.Star) for one in query.expressions)
        return {name: kind for name, kind in found.items() if passes or name in plain}


def session_of(database: Database, login: str = "dbo") -> Session | PoolSession:
    """A session of a database, of the kind that it is."""
    return PoolSession(database) if isinstance(database, Pool) else Session(database, login)


def named(table: exp.Expression) -> Name:
    """The name of a table in a tree."""
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise refused(f"The table {brief(table)}")
    return Name(table.db or "dbo", table.name)


def pool_kind(definition: exp.ColumnDef) -> Kind:
    """The type of a column; `nvarchar` beside those that the serverless views have."""
    kind = definition.kind
    if kind.this == exp.DataType.Type.NVARCHAR and kind.expressions:
        return Kind("nvarchar", (int(kind.expressions[0].name),), "VARCHAR")
    return kind_of(definition)
