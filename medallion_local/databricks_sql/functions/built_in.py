"""The names of the built-in functions.

`built_in.txt` has those that Apache Spark 4.2 lists with SHOW SYSTEM FUNCTIONS.
"""

from functools import cache
from pathlib import Path


@cache
def names() -> frozenset[str]:
    """The names in lowercase."""
    return frozenset((Path(__file__).parent / "built_in.txt").read_text("utf-8").split())
