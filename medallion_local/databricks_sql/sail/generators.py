"""`explode` of a map, at which Sail panics: `inline` of the map's entries."""

from sqlglot import exp

from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.rules import calls

_MAPS = {
    "map", "map_concat", "map_filter", "map_from_arrays", "map_from_entries", "map_zip_with",
    "str_to_map", "transform_keys", "transform_values",
}  # fmt: skip
_INLINE = {"explode": "inline", "explode_outer": "inline_outer"}


def is_map(value: exp.Expression) -> bool:
    """Whether an expression is a map, as far as its text shows."""
    if isinstance(value, exp.Paren):
        return is_map(value.this)
    if isinstance(value, exp.Cast):
        return value.to.this == exp.DType.MAP
    return (isinstance(value, exp.Anonymous) and value.name.lower() in _MAPS) or isinstance(
        value, exp.Map | exp.VarMap
    )


@calls(*_INLINE)
def bridge_explode(call: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """`inline(map_entries(m))` for `explode(m)`; None if it is not a map."""
    if len(call.expressions) != 1 or call.find_ancestor(exp.Lateral):
        return None
    (value,) = call.expressions
    if not (kinds.of(value).name == "map" or is_map(value)):
        return None
    entries = exp.Anonymous(this="map_entries", expressions=[value.copy()])
    return exp.Anonymous(this=_INLINE[call.name.lower()], expressions=[entries])
