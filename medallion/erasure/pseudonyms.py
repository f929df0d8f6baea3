"""The texts that replace a person's values.

Each value of a column gets its own text, so a change of the name stays a change: the versions, the
counts and the reconciliation are the same as before, and a later rebuild computes them again.
"""

import re
import secrets
from collections.abc import Iterable, Mapping

_PSEUDONYM = re.compile(r"\[erased ([0-9]+)\]")
LIKE = "[erased %]"


def is_pseudonym(value: str) -> bool:
    """Whether an erasure wrote the value."""
    return _PSEUDONYM.fullmatch(value) is not None


def with_new(known: Mapping[str, str], values: Iterable[str]) -> dict[str, str]:
    """`known` with a new pseudonym for each other value, numbered after all that are in use.

    The order is random, so it says nothing about the values.
    """
    found = set(values)
    used = {
        int(one[1]) for text in {*found, *known.values()} if (one := _PSEUDONYM.fullmatch(text))
    }
    new = sorted(one for one in found if one not in known and not is_pseudonym(one))
    secrets.SystemRandom().shuffle(new)
    first = max(used, default=0) + 1
    return dict(known) | {value: f"[erased {n}]" for n, value in enumerate(new, first)}
