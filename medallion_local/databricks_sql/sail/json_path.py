"""The operator `:`, which the engine lacks, translated to `get_json_object`.

Source: https://docs.databricks.com/sql/language-manual/functions/colonsign.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.dialect import render
from medallion_local.databricks_sql.errors import unsupported
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.rules import rewrites


@rewrites(exp.JSONExtract)
def bridge_json_path(path: exp.Expression, _: Kinds) -> exp.Expression | None:
    """Replace `column:key.key[0]` by a function call. A selected one is named like its key."""
    if not path.args.get("variant_extract"):
        return None
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
