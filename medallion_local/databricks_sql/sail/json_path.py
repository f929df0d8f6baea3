"""The operator `:`, which the engine lacks, translated to `get_json_object`."""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.queries.json_path import text_path
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import rewrites

_VARIANTS = {"parse_json", "try_parse_json", "variant_get", "try_variant_get", "to_variant_object"}


@rewrites(exp.JSONExtract)
def bridge_json_path(path: exp.Expression, _: Kinds) -> exp.Expression | None:
    """Replace `column:key.key[0]` by a function call."""
    if not path.args.get("variant_extract"):
        return None
    if isinstance(path.this, exp.Anonymous) and path.this.name.lower() in _VARIANTS:
        raise refused(f"a path into a VARIANT: {render(path)}")
    return text_path(path)
