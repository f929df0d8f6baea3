"""The operator `:` on JSON text, which open-source Spark has only for VARIANT.

Source: https://docs.databricks.com/sql/language-manual/functions/colonsign.html
"""

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import unsupported
from medallion_local.databricks_sql.queries.source import Schema, planned


def text_path(path: exp.Expression) -> exp.Expression:
    """`column:key.key[0]` as `get_json_object`. A selected one is named like its key."""
    text, name = "$", ""
    for part in path.expression.expressions:
        if isinstance(part, exp.JSONPathKey) and isinstance(part.this, str):
            name = part.this
            text += f"['{name}']" if not name.replace("_", "a").isalnum() else f".{name}"
        elif isinstance(part, exp.JSONPathSubscript):
            every = isinstance(part.this, exp.JSONPathWildcard)
            text += "[*]" if every else f"[{part.this}]"
        elif not isinstance(part, exp.JSONPathRoot):
            raise unsupported(render(path))
    called: exp.Expression = exp.Anonymous(
        this="get_json_object", expressions=[path.this, exp.Literal.string(text)]
    )
    if isinstance(path.parent, exp.Select) and path.arg_key == "expressions":
        return exp.alias_(called, name, quoted=True)
    return called


def bridge_text_paths(tree: exp.Expression, schema: Schema) -> None:
    """Replace the paths into text. Those into a VARIANT stay."""
    for path in reversed(list(tree.find_all(exp.JSONExtract))):
        if not path.args.get("variant_extract"):
            continue
        select = path.find_ancestor(exp.Select) or exp.Select()
        if pa.types.is_string(planned(select, [path.this], schema).field(0).type):
            path.replace(text_path(path))
