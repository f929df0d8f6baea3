"""All rules: importing a module registers the rules in it."""

from medallion_local.databricks_sql.sail import (
    arithmetic,
    builtin_functions,
    calendar,
    casts,
    char_padding,
    generators,
    group_by_all,
    joins,
    json_path,
    operands,
    ordering,
    set_operations,
    sizes,
    subqueries,
    windows,
)
from medallion_local.databricks_sql.sail.rules import rewrite

PLANNING = (
    calendar,
    char_padding,
    generators,
    group_by_all,
    joins,
    json_path,
    ordering,
    set_operations,
    sizes,
    subqueries,
    windows,
)
VALUES = (arithmetic, builtin_functions, casts, operands)

__all__ = ["PLANNING", "VALUES", "rewrite"]
