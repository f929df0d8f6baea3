"""Errors of the parser as Databricks words them: the place in the statement, and its line.

Source: https://docs.databricks.com/error-messages/parse-syntax-error-error-class.html
"""

from sqlglot.errors import ParseError, TokenError

from medallion_local.databricks_sql.language.errors import SqlError, excerpt

_LENGTH = 160


def syntax_error(error: ParseError | TokenError, sql: str) -> SqlError:
    """`[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. … (line 1, pos 7)` and the line."""
    found = error.errors[0] if isinstance(error, ParseError) and error.errors else None
    if found is None:  # a string or a quoted name does not end
        return SqlError(
            "[PARSE_SYNTAX_ERROR] Syntax error: a literal, a quoted name or a comment is not "
            f"closed. SQLSTATE: 42601 The statement is: {excerpt(sql)}"
        )
    near, rest = found.get("highlight") or "", (found.get("end_context") or "").strip(" \n;")
    line, column = found.get("line") or 1, found.get("col") or 1
    at_end = not rest and str(found.get("description")).startswith(("Required", "Expect"))
    place = "end of input" if at_end or not near else f"'{near}'"
    position = column if at_end else max(column - len(near), 0)
    return SqlError(
        f"[PARSE_SYNTAX_ERROR] Syntax error at or near {place}. SQLSTATE: 42601 "
        f"(line {line}, pos {position}){_shown(sql, line, position)}"
    )


def _shown(sql: str, line: int, position: int) -> str:
    """The line of the statement with a mark below the place."""
    lines = sql.splitlines()
    text = lines[line - 1] if line <= len(lines) else ""
    start = max(position - _LENGTH // 2, 0)
    text, position = text[start : start + _LENGTH], position - start
    return f"\n\n== SQL ==\n{text}\n{'-' * position}^^^"
