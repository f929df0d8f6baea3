"""Guards against properties of an activity that the local engine would silently ignore."""

from collections.abc import Iterable
from typing import Any

from medallion.adf.language.errors import not_supported


def only(given: dict[str, Any], known: Iterable[str], where: str) -> None:
    """Reject a property that is set, is not in `known`, and could change the result."""
    for name, value in given.items():
        if name not in known and value not in (None, False, "", {}, []):
            raise not_supported("Property", name, where)
