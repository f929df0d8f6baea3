"""CREATE FUNCTION, DROP FUNCTION, DESCRIBE FUNCTION and SHOW FUNCTIONS.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-sql-function.html
"""

import fnmatch
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.catalog import Key
from medallion_local.databricks_sql.catalog.object_names import check_object_name
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.functions import python
from medallion_local.databricks_sql.functions.store import Function, Parameter, not_found
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, excerpt, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.session import Session
from medallion_local.databricks_sql.types import type_name

_CLAUSES = ("LANGUAGE", "NOT", "DETERMINISTIC", "COMMENT", "CONTAINS", "READS", "SQL", "RETURN")
_CREATE = (
    ("CREATE", "FUNCTION"),
    ("CREATE", "OR", "REPLACE", "FUNCTION"),
    ("CREATE", "TEMPORARY", "FUNCTION"),
    ("CREATE", "TEMP", "FUNCTION"),
    ("CREATE", "OR", "REPLACE", "TEMPORARY", "FUNCTION"),
    ("CREATE", "OR", "REPLACE", "TEMP", "FUNCTION"),
)

_ACCESS = (("CONTAINS", "SQL"), ("READS", "SQL", "DATA"), ("SQL", "SECURITY", "DEFINER"))
DROPPED = (("FUNCTION",), ("TEMPORARY", "FUNCTION"), ("TEMP", "FUNCTION"))


def is_create(reader: Reader) -> bool:
    """Whether the statement is a CREATE FUNCTION."""
    return any(reader.sees(*words) for words in _CREATE)


def create(context: Context, sql: str, body: str = "") -> Result:
    """CREATE [OR REPLACE] [TEMPORARY] FUNCTION. Its body is planned, so a wrong one is an error.

    `body` is the one of a function in Python, and `sql` then the text before it.
    """
    reader = Reader(sql)
    reader.expect("CREATE")
    replaces = reader.take("OR", "REPLACE")
    temporary = reader.take("TEMPORARY") or reader.take("TEMP")
    reader.expect("FUNCTION")
    if_missing = reader.take("IF", "NOT", "EXISTS")
    parts = reader.name()
    key = Key("session", parts[-1].lower(), "system") if temporary else context.session.key(parts)
    if not temporary:
        context.catalog.require_schema(key.schema, key.catalog)
    held = context.session.functions if temporary else None
    before = held.get(key[1]) if held is not None else context.catalog.functions.find(key)
    if before is not None and if_missing:
        return done()
    if before is not None and not replaces:
        raise SqlError(
            f"[ROUTINE_ALREADY_EXISTS] Cannot create the routine `{_spelled(key)}` because it "
            "already exists: use CREATE OR REPLACE FUNCTION."
        )
    if held is None and before is None:
        check_object_name(key.name, "function")
    function = _declared(reader, key, context.session, sql, body)
    function = _planned(context, function)
    if held is not None:
        held[key[1]] = function
    else:
        context.catalog.functions.put(function)
        context.catalog.version += 1
    return done()


def _spelled(key: Key) -> str:
    return f"{key.catalog}.{key.schema}.{key.name}"


def _declared(reader: Reader, key: Key, session: Session, sql: str, body: str) -> Function:
    found = Function(
        *key,
        _parameters(reader.parenthesised(), sql),
        returns="",
        body=body,
        query_schema=session.schema,
        query_catalog=session.catalog,
    )
    while not reader.at_end:
        if reader.take("RETURNS", "TABLE"):
            listed = _parameters(reader.parenthesised(), sql) if reader.sees("(") else []
            found = replace(found, is_table=True, columns=listed)
        elif reader.take("RETURNS"):
            found = replace(found, returns=reader.until(*_CLAUSES).strip())
        elif reader.take("LANGUAGE"):
            language = reader.identifier().upper()
            if language != "SQL" and not (language == python.LANGUAGE and body):
                raise unsupported(f"a function in {language}: {excerpt(sql)}")
            found = replace(found, language=language)
        elif reader.take("NOT", "DETERMINISTIC"):
            found = replace(found, deterministic=False)
        elif reader.take("DETERMINISTIC"):
            found = replace(found, deterministic=True)
        elif reader.take("COMMENT"):
            found = replace(found, comment=reader.string())
        elif any(reader.take(*words) for words in _ACCESS):
            pass
        elif reader.take("RETURN"):
            return replace(found, body=reader.rest())
        else:
            raise unsupported(sql)
    if found.language == python.LANGUAGE and found.returns and not found.is_table:
        return found
    raise SqlError(f"[PARSE_SYNTAX_ERROR] The function {_spelled(key)} has no RETURN.")


def _parameters(text: str, sql: str) -> list[Parameter]:
    if not text.strip():
        return []
    made = parse(f"CREATE TABLE t ({text})")
    found = []
    for item in made.this.expressions:
        if not isinstance(item, exp.ColumnDef) or item.args.get("kind") is None:
            raise unsupported(sql)
        default, comment = "", None
        for clause in item.args.get("constraints") or []:
            if isinstance(clause.kind, exp.DefaultColumnConstraint):
                default = render(clause.kind.this)
            elif isinstance(clause.kind, exp.CommentColumnConstraint):
                comment = clause.kind.this.name
            else:
                raise unsupported(sql)
        found.append(Parameter(item.name, render(item.args["kind"]), default, comment))
    return found


def _planned(context: Context, function: Function) -> Function:
    """The function with the types of its results, from a call with NULLs."""
    arguments = ", ".join(f"CAST(NULL AS {one.type})" for one in function.parameters)
    call = f"{quoted(function.name)}({arguments})"
    resolver = context.resolver()
    resolver.pending = function
    query = parse(f"SELECT * FROM {call}" if function.is_table else f"SELECT {call} AS result")
    try:
        schema = context.engine.schema(render(resolver.resolve(query)))
    finally:
        resolver.close()
    if function.is_table and not function.columns:
        columns = [Parameter(field.name, type_name(field.type)) for field in schema]
        return replace(function, columns=columns)
    if not function.is_table and not function.returns:
        return replace(function, returns=type_name(schema.field(0).type))
    return function


def drop(context: Context, sql: str) -> Result:
    """DROP [TEMPORARY] FUNCTION [IF EXISTS] name."""
    reader = Reader(sql)
    reader.expect("DROP")
    temporary = reader.take("TEMPORARY") or reader.take("TEMP")
    reader.expect("FUNCTION")
    exists = reader.take("IF", "EXISTS")
    parts = reader.name()
    reader.finish()
    if temporary:
        if context.session.functions.pop(parts[-1].lower(), None) is None and not exists:
            raise not_found(parts[-1])
        return done()
    key = context.session.key(parts)
    if context.catalog.functions.find(key) is None and not exists:
        raise not_found(_spelled(key))
    context.catalog.functions.drop(key)
    context.catalog.version += 1
    return done()


def describe(context: Context, reader: Reader) -> Result:
    """DESCRIBE FUNCTION [EXTENDED] name, of a user's function."""
    extended = reader.take("EXTENDED")
    parts = reader.name()
    reader.finish()
    function = context.session.functions.get(parts[-1].lower()) if len(parts) == 1 else None
    function = function or context.catalog.functions.find(context.session.key(parts))
    if function is None:
        return context.engine.query(
            f"DESCRIBE FUNCTION {'EXTENDED ' if extended else ''}{'.'.join(map(quoted, parts))}"
        )
    lines = [
        ("Function:", function.full_name),
        ("Type:", "TABLE" if function.is_table else "SCALAR"),
    ]
    lines += _labelled("Input:", [f"{p.name} {p.type}" for p in function.parameters] or ["()"])
    if function.is_table:
        lines += _labelled("Returns:", [f"{c.name} {c.type}" for c in function.columns])
    else:
        lines.append(("Returns:", function.returns.upper()))
    if extended:
        if function.comment:
            lines.append(("Comment:", function.comment))
        lines += [
            ("Deterministic:", str(function.deterministic).lower()),
            ("Data Access:", function.data_access),
            ("Owner:", "local"),
            ("Create Time:", datetime.fromtimestamp(function.created, UTC).ctime()),
            ("Language:", function.language),
            ("Body:", function.body),
        ]
    texts = [f"{label:<14}{value}".rstrip() for label, value in lines]
    return result_of(pa.table({"function_desc": pa.array(texts, pa.string())}))


def _labelled(label: str, values: list[str]) -> list[tuple[str, str]]:
    return [(label if n == 0 else "", value) for n, value in enumerate(values)]


def show(context: Context, reader: Reader, kind: str) -> Result:
    """SHOW [USER | ALL | SYSTEM] FUNCTIONS [IN schema] [[LIKE] pattern]."""
    catalog, schema = context.session.namespace(())
    if reader.take("IN") or reader.take("FROM"):
        catalog, schema = context.session.namespace(reader.name())
        context.catalog.require_schema(schema, catalog)
    pattern = "*"
    if not reader.at_end:
        reader.take("LIKE")
        pattern = reader.identifier().lower()
    reader.finish()
    names = [function.full_name for function in context.catalog.functions.of(schema, catalog)]
    if kind == "SYSTEM":
        names = []
    if kind in ("ALL", "SYSTEM"):
        names += [row[0] for row in _built_in(context)]
    shown = [
        name
        for name in sorted(names)
        if any(
            fnmatch.fnmatchcase(name.rpartition(".")[2].lower(), one) for one in pattern.split("|")
        )
    ]
    return result_of(pa.table({"function": pa.array(shown, pa.string())}))


def _built_in(context: Context) -> list[tuple[str]]:
    table = context.engine.query("SHOW SYSTEM FUNCTIONS").table()
    return [(name,) for name in table.column(0).to_pylist()]
