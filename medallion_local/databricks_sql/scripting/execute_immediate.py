"""EXECUTE IMMEDIATE statement [INTO variables] [USING arguments].

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-execute-immediate.html
"""

from collections.abc import Callable

from sqlglot.tokens import TokenType

from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse, tokens
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.scripting.literals import sql_literal
from medallion_local.databricks_sql.scripting.variables import assign_row, names_of

# After one of these, `:name` is the path of a JSON text.
_OPERANDS = {TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET}


def execute_immediate(context: Context, sql: str, run: Callable[[str], Result]) -> Result:
    """Run the statement in a string. With INTO, its only row is stored in variables."""
    reader = Reader(sql)
    reader.expect("EXECUTE", "IMMEDIATE")
    statement = constant(context, reader.until("INTO", "USING"))
    into = using = ""
    while not reader.at_end:
        if reader.take("INTO"):
            into = reader.until("USING")
        else:
            reader.expect("USING")
            using = reader.until("INTO")
    if Reader(statement).sees("EXECUTE", "IMMEDIATE"):
        raise SqlError("[NESTED_EXECUTE_IMMEDIATE] Nested EXECUTE IMMEDIATE is not allowed.")
    text = _bound(statement, *_arguments(context, using))
    if not into:
        return run(text)
    names = names_of(context, into)
    tree = parse(text)
    if tree.key not in ("select", "union", "intersect", "except", "values", "subquery"):
        raise SqlError("[INVALID_STATEMENT_FOR_EXECUTE_INTO] INTO needs a query.")
    assign_row(context, names, tree)
    return done()


def constant(context: Context, text: str) -> str:
    """The string that an expression without columns has."""
    value = context.query(parse(f"SELECT ({text}) AS value")).table().column(0)[0].as_py()
    if not isinstance(value, str):
        raise SqlError(
            f"[NOT_A_CONSTANT_STRING.{'NULL' if value is None else 'WRONG_TYPE'}] The expression "
            f"{text.strip()} must be a constant string, and not NULL."
        )
    return value


def _arguments(context: Context, text: str) -> tuple[list[str], dict[str, str]]:
    """The values of USING as literals: those without a name, and those with one."""
    unnamed: list[str] = []
    named: dict[str, str] = {}
    reader = Reader(text.strip().removeprefix("(").removesuffix(")") if _wrapped(text) else text)
    while not reader.at_end:
        item = Reader(reader.until(","))
        reader.take(",")
        value = item.until("AS")
        scalar = context.query(parse(f"SELECT ({value}) AS value")).table().column(0)[0]
        if item.take("AS"):
            named[item.identifier().lower()] = sql_literal(scalar)
        else:
            unnamed.append(sql_literal(scalar))
            name = Reader(value)
            named.setdefault(name.identifier().lower(), unnamed[-1])
    return unnamed, named


def _wrapped(text: str) -> bool:
    reader = Reader(text)
    if not reader.sees("("):
        return False
    reader.parenthesised()
    return reader.at_end


def _bound(sql: str, unnamed: list[str], named: dict[str, str]) -> str:
    """`sql` with the literals in place of `?` and `:name`."""
    pieces, end, position = [], 0, 0
    every = tokens(sql)
    for place, token in enumerate(every):
        if token.token_type == TokenType.PLACEHOLDER:
            if position >= len(unnamed):
                raise _unbound(f"_{token.start}")
            pieces += [sql[end : token.start], unnamed[position]]
            position, end = position + 1, token.end + 1
        elif token.token_type == TokenType.COLON and place + 1 < len(every):
            before = every[place - 1] if place else None
            follows = every[place + 1].start == token.end + 1
            touches = before is not None and before.end + 1 == token.start
            if not follows or (touches and before and before.token_type in _OPERANDS):
                continue
            name = every[place + 1].text.lower()
            if name not in named:
                raise _unbound(name)
            pieces += [sql[end : token.start], named[name]]
            end = every[place + 1].end + 1
    return "".join([*pieces, sql[end:]])


def _unbound(name: str) -> SqlError:
    return SqlError(
        f"[UNBOUND_SQL_PARAMETER] Found the unbound parameter: {name}. Add it to USING."
    )
