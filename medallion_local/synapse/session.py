"""The statements of one connection. Microsoft's grammar checks each batch, then DuckDB runs it."""

from collections.abc import Sequence
from typing import Protocol

from sqlglot import exp

from medallion_local.synapse import grammar, queries, security
from medallion_local.synapse.database import Database
from medallion_local.synapse.errors import PERMISSION, TSqlError, as_tsql_errors, unsupported
from medallion_local.synapse.projection import oddities
from medallion_local.synapse.queries import Result
from medallion_local.synapse.security import Security
from medallion_local.synapse.statements import If, Statement, statements
from medallion_local.tsql.dialect import CreateDataSource, ExecuteText, batches
from medallion_local.tsql.errors import brief

# The schema in which dbt creates its views.
SERVED = "serving"
CHANGES = (Security, CreateDataSource, exp.Create, exp.Drop)


class Executes(Protocol):
    """A session of either kind of pool."""

    def execute(self, batch: str) -> list[Result]:
        """Run a batch; the results of its queries, in order."""


class Session:
    """Runs batches in a database as `login`, which only SUSER_SNAME and IS_ROLEMEMBER use."""

    def __init__(self, database: Database, login: str = "dbo") -> None:
        self.database = database
        self.login = login

    def execute(self, batch: str) -> list[Result]:
        """Run a batch; the results of its queries, in order."""
        grammar.require(batch)
        with self.database.lock, as_tsql_errors():
            self.database.run("set variable login = ?", [self.login])
            return self._run_all(statements(batch))

    def _run_all(self, some: Sequence[Statement]) -> list[Result]:
        return [result for one in some for result in self._run(one)]

    def _run(self, statement: Statement) -> list[Result]:
        if isinstance(statement, If):
            holds = queries.holds(statement.condition, self.database)
            return self._run_all(statement.then if holds else statement.otherwise)
        if isinstance(statement, ExecuteText):
            return self._execute_text(statement)
        if isinstance(statement, exp.Query):
            return [queries.answer(statement, self.database)]
        if isinstance(statement, exp.Use):
            self._use(statement)
            return []
        if self.database.read_only and isinstance(statement, CHANGES):
            raise TSqlError("Permission denied: this connection is read-only.", PERMISSION)
        if isinstance(statement, Security):
            security.run(statement, self.database)
        elif isinstance(statement, CreateDataSource):
            location = statement.args["options"]["LOCATION"].name
            self.database.create_data_source(statement.this.name, location)
        elif isinstance(statement, exp.Create) and statement.kind == "SCHEMA":
            self.database.create_schema(statement.this.db or statement.this.name)
        elif isinstance(statement, exp.Create) and statement.kind == "VIEW":
            self._create_view(statement)
        elif isinstance(statement, exp.Drop) and statement.args.get("kind") == "VIEW":
            self._drop_views(statement)
        else:
            raise unsupported(f"The statement {brief(statement)}")
        return []

    def _execute_text(self, statement: ExecuteText) -> list[Result]:
        if not isinstance(statement.this, exp.Literal | exp.National):
            raise unsupported("EXEC of something other than a text")
        text = statement.this.name
        found = statements(text)
        # The grammar lacks grants on credentials; `security` accepts only known forms.
        if not all(isinstance(one, Security) for one in found):
            grammar.require(text)
        return self._run_all(found)

    def _use(self, statement: exp.Use) -> None:
        if statement.this.name.lower() != self.database.name.lower():
            raise unsupported(f"USE of a database other than {self.database.name}")

    def _create_view(self, statement: exp.Create) -> None:
        target = statement.this
        if not isinstance(target, exp.Table) or target.catalog:
            raise unsupported(f"The view's name {brief(target)}")
        schema, query = target.db or "dbo", statement.expression
        if not self.database.has_schema(schema):
            raise TSqlError(f'The specified schema name "{schema}" does not exist.', 2760)
        if schema == SERVED and (odd := oddities(query)):
            raise TSqlError(
                f"{schema}.{target.name} is not a pass-through projection ({odd[0]}): move the "
                "computation into the gold model."
            )
        if self.database.view_exists(schema, target.name) and not statement.args.get("replace"):
            message = f"There is already an object named '{target.name}' in the database."
            raise TSqlError(message, 2714)
        made = queries.stored(query, self.database)
        self.database.put_view(schema, target.name, brief(statement), made.sql, made.columns)

    def _drop_views(self, statement: exp.Drop) -> None:
        for target in statement.args.get("tables") or [statement.this]:
            schema = target.db or "dbo"
            if self.database.view_exists(schema, target.name):
                self.database.drop_view(schema, target.name)
            elif not statement.args.get("exists"):
                message = (
                    f"Cannot drop the view '{schema}.{target.name}', because it does not exist."
                )
                raise TSqlError(message, 3701)


def run_script(session: Executes, script: str, variables: dict[str, str]) -> None:
    """Run a script as sqlcmd does: `$(NAME)` is replaced, and lines with GO separate batches."""
    for name, value in variables.items():
        script = script.replace(f"$({name})", value)
    for batch in batches(script):
        session.execute(batch)
