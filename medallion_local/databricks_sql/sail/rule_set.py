"""All rules: importing a module registers the rules in it."""

from medallion_local.databricks_sql.sail import (
    calendar,
    generators,
    json_path,
    ordering,
    subqueries,
    windows,
)
from medallion_local.databricks_sql.sail.rules import rewrite

MODULES = (calendar, json_path, generators, ordering, subqueries, windows)

__all__ = ["MODULES", "rewrite"]
