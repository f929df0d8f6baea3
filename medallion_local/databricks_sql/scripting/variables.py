"""Session variables: DECLARE, SET VAR and DROP TEMPORARY VARIABLE.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-variables.html
"""

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.scripting.literals import sql_literal
from medallion_local.databricks_sql.session import Variable
from medallion_local.databricks_sql.types import type_name

_DEFAULT = ("DEFAULT", "=")


def declare(context: Context, sql: str) -> Result:
    """DECLARE [OR REPLACE] [VARIABLE] name [, …] [type] [{DEFAULT | =} expression]."""
    reader = Reader(sql)
    reader.expect("DECLARE")
    replaces = reader.take("OR", "REPLACE")
    _ = reader.take("VARIABLE") or reader.take("VAR")
    names = [_name(reader)]
    while reader.take(","):
        names.append(_name(reader))
    kind = reader.until(*_DEFAULT).strip()
    text = "NULL"
    if not reader.at_end:
        _ = reader.take("DEFAULT") or reader.take("=")
        text = reader.rest()
    elif not kind:
        raise SqlError("[PARSE_SYNTAX_ERROR] DECLARE VARIABLE needs a type or a default.")
    value = _scalar(context, text, kind)
    for name in names:
        if name in context.session.variables and not replaces:
            raise SqlError(
                f"[VARIABLE_ALREADY_EXISTS] Cannot create the variable `system`.`session`.`{name}` "
                "because it already exists: use DECLARE OR REPLACE."
            )
    for name in names:
        default = sql_literal(value)
        context.session.variables[name] = Variable(type_name(value.type), default, default)
    return done()


def assign(context: Context, reader: Reader) -> Result:
    """SET {VAR | VARIABLE} name = expression [, …], or (names) = (query)."""
    if reader.sees("("):
        names = [_resolved(context, part) for part in reader.parenthesised().split(",")]
        reader.expect("=")
        query = parse(reader.parenthesised())
        reader.finish()
        assign_row(context, names, query)
        return done()
    while True:
        name = _resolved(context, ".".join(reader.name()))
        reader.expect("=")
        text = reader.until(",")
        store(context, name, text)
        if not reader.take(","):
            return done()


def assign_row(context: Context, names: list[str], query: exp.Expression) -> None:
    """Store the only row of a query. Without a row the variables become NULL."""
    table = context.query(query).table()
    if table.num_columns != len(names):
        raise SqlError(
            f"[ASSIGNMENT_ARITY_MISMATCH] The query has {table.num_columns} columns for "
            f"{len(names)} variables."
        )
    if table.num_rows > 1:
        raise SqlError("[ROW_SUBQUERY_TOO_MANY_ROWS] More than one row returned by a subquery.")
    for position, name in enumerate(names):
        column = table.column(position)
        found = sql_literal(column[0]) if table.num_rows else "NULL"
        store(context, name, found)


def store(context: Context, name: str, text: str) -> None:
    """Assign an expression, cast to the variable's type. DEFAULT is the declared default."""
    variable = context.session.variables[name]
    if text.strip().upper() == "DEFAULT":
        text = variable.default
    value = sql_literal(_scalar(context, text, variable.type))
    context.session.variables[name] = Variable(variable.type, value, variable.default)


def drop(context: Context, sql: str) -> Result:
    """DROP TEMPORARY VARIABLE [IF EXISTS] name."""
    reader = Reader(sql)
    reader.expect("DROP", "TEMPORARY")
    _ = reader.take("VARIABLE") or reader.take("VAR")
    exists = reader.take("IF", "EXISTS")
    name = _name(reader)
    reader.finish()
    if context.session.variables.pop(name, None) is None and not exists:
        raise not_found(name)
    return done()


def not_found(name: str) -> SqlError:
    """The error for a variable that was not declared."""
    return SqlError(
        f"[UNRESOLVED_VARIABLE] Cannot resolve variable `{name}`: DECLARE it in this session."
    )


def names_of(context: Context, text: str) -> list[str]:
    """The declared variables of a list like `a, session.b`."""
    return [_resolved(context, part) for part in text.split(",")]


def _resolved(context: Context, text: str) -> str:
    name = _name(Reader(text))
    if name not in context.session.variables:
        raise not_found(name)
    return name


def _name(reader: Reader) -> str:
    *schema, name = (part.lower() for part in reader.name())
    if schema not in ([], ["session"], ["system", "session"]):
        raise unsupported(f"a variable in the schema {'.'.join(schema)}: use SESSION")
    return name


def _scalar(context: Context, text: str, kind: str) -> pa.Scalar:
    """The value of an expression, cast to a type if one is given."""
    expression = f"({text})" if not kind else f"CAST(({text}) AS {kind})"
    table = context.query(parse(f"SELECT {expression} AS value")).table()
    if table.num_rows != 1:
        raise SqlError("[ROW_SUBQUERY_TOO_MANY_ROWS] A variable needs one value.")
    return table.column(0)[0]
