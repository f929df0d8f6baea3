"""Arguments that Sail takes otherwise: names of parameters, and `*` as all columns."""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.queries.source import Schema, columns_read
from medallion_local.databricks_sql.sail.refusal import refused

# The parameters of the functions for which Databricks documents names.
_PARAMETERS = {
    "mask": ("str", "upperchar", "lowerchar", "digitchar", "otherchar"),
    "explode": ("collection",),
    "explode_outer": ("collection",),
    "posexplode": ("collection",),
    "posexplode_outer": ("collection",),
    "inline": ("input",),
    "inline_outer": ("input",),
}
_DEFAULTS = {"mask": (None, "X", "x", "n", None)}
# Sail expands `*` in these itself, or it means no columns.
_STARS = {"count", "struct", "try_count"}


def position_arguments(call: exp.Anonymous) -> None:
    """Replace `name => value` by its position. Sail ignores the name."""
    if not any(isinstance(each, exp.Kwarg) for each in call.expressions):
        return
    name = call.name.lower()
    parameters = _PARAMETERS.get(name)
    if parameters is None:
        if isinstance(call.parent, exp.Table):
            return
        raise refused(f"a named argument in {render(call)}")
    given: dict[str, exp.Expression] = {}
    for place, argument in enumerate(call.expressions):
        if isinstance(argument, exp.Kwarg):
            key = argument.this.name.lower()
            if key not in parameters:
                raise SqlError(
                    f"[UNRECOGNIZED_PARAMETER_NAME] Cannot invoke {name} because it has no "
                    f"parameter `{argument.this.name}`."
                )
            given[key] = argument.expression
        else:
            given[parameters[place]] = argument
    last = max(parameters.index(key) for key in given)
    values: list[exp.Expression] = []
    for place, key in enumerate(parameters[: last + 1]):
        value = given.get(key)
        if value is None:
            default = _DEFAULTS[name][place]
            value = exp.Literal.string(default) if default else exp.Null()
        values.append(value)
    call.set("expressions", values)


def expand_star_arguments(call: exp.Anonymous, schema: Schema) -> None:
    """Replace `*` among the arguments by the columns of the sources."""
    stars = [each for each in call.expressions if each.is_star]
    if not stars:
        return
    if call.name.lower() in _STARS:
        if call.name.lower() == "count" and any(isinstance(star, exp.Column) for star in stars):
            raise SqlError(
                f"[INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT] {render(call)} is not "
                "allowed: use count(*), or list the columns."
            )
        return
    select = call.find_ancestor(exp.Select)
    if select is None:
        return
    values: list[exp.Expression] = []
    for each in call.expressions:
        if each.is_star:
            table = each.table if isinstance(each, exp.Column) else ""
            names = columns_read(select, schema, table).names
            qualifier = exp.to_identifier(table, True) if table else None
            values += [exp.column(exp.to_identifier(name, True), qualifier) for name in names]
        else:
            values.append(each)
    call.set("expressions", values)
