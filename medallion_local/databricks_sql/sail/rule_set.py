"""All rules: importing a module registers the rules in it."""

from medallion_local.databricks_sql.sail import calendar, json_path
from medallion_local.databricks_sql.sail.rules import rewrite

MODULES = (calendar, json_path)

__all__ = ["MODULES", "rewrite"]
