"""Unity Catalog's rules for the names of catalogs, schemas, tables, views and functions.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-names.html
"""

from medallion_local.databricks_sql.language.errors import SqlError

_LONGEST = 255
_DELETE = "\x7f"


def check_object_name(name: str, kind: str = "table") -> None:
    """Raise for a name that no new object can have. Existing objects keep theirs."""
    if not 0 < len(name) <= _LONGEST or any(
        one in "./ " or one < " " or one == _DELETE for one in name
    ):
        shown = name if len(name) <= _LONGEST else f"{name[:40]}…"
        raise SqlError(
            f"[INVALID_PARAMETER_VALUE] {shown!r} is not the name of a {kind}: it has 1 to "
            f"{_LONGEST} characters, without spaces, periods, slashes and control characters."
        )
