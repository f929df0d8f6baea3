"""Replace the calls of SQL functions by their bodies.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-function-invocation.html
"""

from collections.abc import Mapping

from sqlglot import exp

from medallion_local.databricks_sql.functions.store import Function
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported


def called_name(call: exp.Anonymous) -> tuple[tuple[str, ...], exp.Expression]:
    """The parts of a called function's name, and the expression that holds the whole call."""
    parts, node = [call.name], call
    if isinstance(call.parent, exp.Dot) and call.parent.expression is call:
        node = call.parent
        parts = [*_names(call.parent.this), call.name]
    elif isinstance(call.parent, exp.Table):
        node = call.parent
        parts = [part.name for part in node.parts[:-1]] + [call.name]
    return tuple(parts), node


def _names(node: exp.Expression) -> list[str]:
    if isinstance(node, exp.Dot):
        return [*_names(node.this), node.expression.name]
    if isinstance(node, exp.Column):
        return [part.name for part in node.parts]
    return [node.name]


def arguments_of(function: Function, call: exp.Anonymous) -> Mapping[str, exp.Expression]:
    """The arguments by parameter, cast to the parameters' types; defaults for the others."""
    given: dict[str, exp.Expression] = {}
    names = [parameter.name.lower() for parameter in function.parameters]
    for position, argument in enumerate(call.expressions):
        if isinstance(argument, exp.Kwarg | exp.PropertyEQ):
            name = argument.this.name.lower()
            if name not in names:
                raise SqlError(
                    f"[UNRECOGNIZED_PARAMETER_NAME] Cannot invoke {function.full_name} because it "
                    f"has no parameter `{argument.this.name}`."
                )
            given[name] = argument.expression
        elif position < len(names):
            given[names[position]] = argument
        else:
            raise _arity(function, call)
    found: dict[str, exp.Expression] = {}
    for parameter in function.parameters:
        value = given.get(parameter.name.lower())
        if value is None and not parameter.default:
            raise _arity(function, call)
        text = parameter.default if value is None else render(value)
        found[parameter.name.lower()] = _expression(f"CAST({text} AS {parameter.type})")
    return found


def _arity(function: Function, call: exp.Anonymous) -> SqlError:
    needed = sum(not parameter.default for parameter in function.parameters)
    return SqlError(
        f"[WRONG_NUM_ARGS.WITHOUT_SUGGESTION] The {function.full_name} requires "
        f"{needed if needed == len(function.parameters) else f'{needed} or more'} parameters but "
        f"the actual number is {len(call.expressions)}."
    )


def _expression(text: str) -> exp.Expression:
    return parse(f"SELECT {text}").expressions[0]


def body_of(function: Function) -> exp.Expression:
    """The body as an expression, or as the query of a table function."""
    if function.is_table:
        return parse(function.body)
    text = function.body
    if text.lstrip()[:6].upper() in ("SELECT", "WITH X") or text.lstrip()[:5].upper() == "WITH ":
        text = f"({text})"
    return _expression(text)


def protect(function: Function, body: exp.Expression, call: exp.Anonymous) -> None:
    """Keep columns among the arguments from being taken for columns of the body's tables.

    The arguments' columns get the name of their table, and the body's tables other names.
    """
    columns = [c for argument in call.expressions for c in argument.find_all(exp.Column)]
    if not columns:
        return
    for lambda_ in body.find_all(exp.Lambda):
        names = {parameter.name.lower() for parameter in lambda_.expressions}
        if names & {column.parts[0].name.lower() for column in columns}:
            raise unsupported(f"{render(call)}: {function.full_name} has a variable of that name")
    if body.find(exp.Table) is None:
        return
    for column in columns:
        if not column.table:
            column.set("table", exp.to_identifier(_only_source(function, call), True))
    renamed = {alias.name.lower() for alias in body.find_all(exp.TableAlias) if alias.name}
    for alias in list(body.find_all(exp.TableAlias)):
        if alias.name and not isinstance(alias.parent, exp.CTE):
            alias.set("this", exp.to_identifier(_other(function, alias.name), True))
    for column in body.find_all(exp.Column):
        if column.table.lower() in renamed:
            column.set("table", exp.to_identifier(_other(function, column.table), True))


def _other(function: Function, name: str) -> str:
    return f"_{function.name}_{name.lower()}"


def _only_source(function: Function, call: exp.Anonymous) -> str:
    """The alias of the only table of the query that calls the function."""
    select = call.find_ancestor(exp.Select)
    from_ = select.args.get("from_") if select is not None else None
    if select is None or from_ is None or select.args.get("joins") or select.args.get("laterals"):
        raise unsupported(
            f"{render(call)}: {function.full_name} reads tables, so write its arguments with the "
            "names of their tables (table.column)"
        )
    return from_.this.alias_or_name


def scalar_call(function: Function, body: exp.Expression) -> exp.Expression:
    """The value of a scalar function: its body, cast to the declared type."""
    if not function.returns:
        return exp.Paren(this=body)
    cast = _expression(f"CAST(1 AS {function.returns})")
    cast.this.replace(exp.Paren(this=body) if not isinstance(body, exp.Subquery) else body)
    return cast


def table_call(function: Function, body: exp.Expression, place: exp.Table) -> exp.Subquery:
    """The rows of a table function, with its columns' names and types."""
    if any(isinstance(each, exp.Column) for each in place.this.find_all(exp.Column)):
        raise unsupported(f"{render(place)}: a table function with arguments of another table")
    alias = place.args.get("alias") or exp.TableAlias(this=exp.to_identifier(function.name, True))
    query = body
    if function.columns:
        inner = [f"_{position}" for position in range(len(function.columns))]
        items = ", ".join(
            f"CAST({name} AS {column.type}) AS {quoted(column.name)}"
            for name, column in zip(inner, function.columns, strict=True)
        )
        query = parse(f"SELECT {items} FROM (SELECT 1) AS _function({', '.join(inner)})")
        holder = query.find(exp.Subquery)
        assert holder is not None
        holder.set("this", body)
    found = exp.Subquery(this=query, alias=alias.copy())
    for part in ("joins", "laterals", "pivots", "sample"):
        if place.args.get(part):
            found.set(part, place.args[part])
    return found
