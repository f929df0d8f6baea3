"""A three-way merge of lines: the generator's change, in a file that a person has edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Conflict:
    """A generated change that meets edited lines: the old lines and the new ones."""

    old: tuple[str, ...]
    new: tuple[str, ...]


def merge(base: str, ours: str, theirs: str) -> tuple[str, list[Conflict]]:
    """Apply the change from `base` to `theirs` to `ours`. Conflicts are left out and returned."""
    if base == theirs or ours == theirs:
        return ours, []
    if base == ours:
        return theirs, []
    before, kept, after = (text.splitlines(keepends=True) for text in (base, ours, theirs))
    places = _places(before, kept)
    applied = _places(after, kept)
    conflicts: list[Conflict] = []
    for tag, i1, i2, j1, j2 in reversed(_matcher(before, after).get_opcodes()):
        if tag == "equal" or (j1 < j2 and all(j in applied for j in range(j1, j2))):
            continue
        old, new = before[i1:i2], after[j1:j2]
        if tag == "replace" and len(old) == len(new):
            lines = zip(range(i1, i2), new, strict=True)
            conflicts += _each_line(kept, before, places, list(lines))
            continue
        span = _span(places, i1, i2, len(before), len(kept), tag)
        if span is None:
            conflicts.append(Conflict(tuple(old), tuple(new)))
        else:
            kept[slice(*span)] = new
    return "".join(kept), conflicts


def _each_line(
    kept: list[str], before: Sequence[str], places: dict[int, int], lines: list[tuple[int, str]]
) -> list[Conflict]:
    """Replace lines one by one. A description that a person has written stays."""
    found = []
    for number, new in lines:
        if number in places:
            kept[places[number]] = new
        elif "description:" not in before[number]:
            found.append(Conflict((before[number],), (new,)))
    return found


def _span(
    places: dict[int, int], first: int, end: int, lines: int, kept: int, tag: str
) -> tuple[int, int] | None:
    """The range of kept lines that a change replaces; None if it cannot be found."""
    previous = -1 if first == 0 else places.get(first - 1)
    following = kept if end == lines else places.get(end)
    if tag == "insert":
        if following is not None:
            return following, following
        return None if previous is None else (previous + 1, previous + 1)
    if tag == "delete" and previous is not None and following is not None:
        return previous + 1, following
    found = [places.get(number) for number in range(first, end)]
    if tag == "delete" and not any(one is not None for one in found):
        return 0, 0
    start = found[0]
    if start is None or found != list(range(start, start + len(found))):
        return None
    return start, start + len(found)


def _places(lines: Sequence[str], kept: Sequence[str]) -> dict[int, int]:
    """The number of each line among the kept ones."""
    return {
        block.a + number: block.b + number
        for block in _matcher(lines, kept).get_matching_blocks()
        for number in range(block.size)
    }


def _matcher(one: Sequence[str], other: Sequence[str]) -> "SequenceMatcher[str]":
    return SequenceMatcher(None, one, other, autojunk=False)
