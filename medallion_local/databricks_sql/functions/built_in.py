"""The names of the built-in functions, and those of Databricks that Spark lacks.

`built_in.txt` has those that Apache Spark 4.2 lists with SHOW SYSTEM FUNCTIONS.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-functions-builtin-alpha.html
"""

from functools import cache
from pathlib import Path

from sqlglot import exp

_SYNONYMS = {"charindex": "locate", "getdate": "current_timestamp", "timediff": "timestampdiff"}
_OF_GROUPS = ("is_member", "is_account_group_member")  # a laptop's user is in no group


@cache
def names() -> frozenset[str]:
    """The names in lowercase."""
    of_spark = (Path(__file__).parent / "built_in.txt").read_text("utf-8").split()
    return frozenset([*of_spark, *_SYNONYMS, *_OF_GROUPS, "iff"])


def of_spark(call: exp.Anonymous) -> exp.Expression | None:
    """The call as Spark spells it, if the function is one that only Databricks has."""
    name, given = call.name.lower(), call.expressions
    if name in _SYNONYMS:
        return exp.Anonymous(this=_SYNONYMS[name], expressions=given)
    if name == "iff" and len(given) == 3:
        return exp.If(this=given[0], true=given[1], false=given[2])
    return exp.false() if name in _OF_GROUPS and len(given) == 1 else None
