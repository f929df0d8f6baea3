"""The operator `:`, which the engine lacks, translated to `get_json_object`.

Source: https://docs.databricks.com/sql/language-manual/functions/colonsign.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.dialect import render
from medallion_local.databricks_sql.errors import unsupported


def bridge_json_path(path: exp.JSONExtract) -> None:
    """Replace `column:key.key[0]` by a function call. A selected one keeps its column name."""
    if not path.args.get("variant_extract"):
        return
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
        called = exp.alias_(called, name, quoted=True)
    path.replace(called)
