"""The parts of the page, and how numbers, sizes and times are written in it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from medallion.page.charts import Chart

GOOD, WARN, BAD, NONE = "good", "warn", "bad", ""
NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `level` gives it a color and `number` aligns it to the right."""

    text: str
    level: str = NONE
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table. With a `summary` it is folded under that text, and open if `is_open`."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    summary: str = ""
    is_open: bool = False

    @property
    def numbers(self) -> list[bool]:
        """For each column, whether it contains numbers."""
        return [any(row[at].number for row in self.rows) for at in range(len(self.head))]


@dataclass(frozen=True)
class Note:
    """A paragraph; with a level it is a notice."""

    text: str
    level: str = NONE


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


Block = Chart | Table | Note | Heading


@dataclass(frozen=True)
class Section:
    """A section of the page: `lead` says its result in a sentence, `short` is its link's text."""

    id: str
    title: str
    lead: str
    blocks: Sequence[Block] = ()
    level: str = NONE
    short: str = ""


@dataclass(frozen=True)
class Figure:
    """A key figure of the first screen, which links to a section."""

    label: str
    value: str
    note: str
    section: str
    level: str = NONE


@dataclass(frozen=True)
class Page:
    """The whole page. `noticed` is the title of the notices, `command` what wrote the page."""

    title: str
    verdict: str
    level: str
    facts: Sequence[str]
    figures: Sequence[Figure]
    notices: Sequence[str]
    groups: Sequence[tuple[str, Sequence[Section]]] = field(default_factory=tuple)
    noticed: str = "Missing from this report"
    command: str = "medallion report"


def texts(values: Iterable[object]) -> list[Cell]:
    """Cells: numbers to the right, None as a dash."""
    return [cell(one) for one in values]


def cell(value: object, level: str = NONE) -> Cell:
    """A cell of a value."""
    if value is None:
        return Cell(NOTHING, level)
    if isinstance(value, bool):
        return Cell("yes" if value else "no", level)
    if isinstance(value, int):
        return Cell(f"{value:,}", level, number=True)
    if isinstance(value, float):
        return Cell(f"{value:,.2f}", level, number=True)
    return Cell(str(value), level)


def number(text: str, level: str = NONE) -> Cell:
    """A cell of a number that is already written."""
    return Cell(text, level, number=True)


def signed(count: int) -> str:
    """`+3`, `−3` or `0`."""
    return f"{count:+,}".replace("-", "−") if count else "0"


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 row` or `2 rows`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def have(count: int) -> str:
    """`has` or `have`, for a count."""
    return "has" if count == 1 else "have"


def size(count: float) -> str:
    """Bytes as B, KB, MB or GB (decimal)."""
    for unit in ("B", "KB", "MB"):
        if abs(count) < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" or count >= 10 else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"


def duration(seconds: float) -> str:
    """Seconds as `12 s`, `3 min 5 s` or `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def age(hours: float) -> str:
    """Hours as `5 minutes`, `3 hours` or `2 days`."""
    if hours < 1:
        return counted(max(round(hours * 60), 0), "minute")
    if hours < 48:
        return counted(round(hours), "hour")
    return counted(round(hours / 24), "day")


def moment(text: str | dt.datetime) -> str:
    """A time as `30 Nov 2026, 21:05 UTC`."""
    at = dt.datetime.fromisoformat(text) if isinstance(text, str) else text
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def short(text: str) -> str:
    """A time as `30 Nov 21:05`, for an axis."""
    at = dt.datetime.fromisoformat(text)
    return f"{at.day} {at:%b %H:%M}"


def day(text: str) -> str:
    """A date as `30 Nov 2026`."""
    at = dt.date.fromisoformat(text)
    return f"{at.day} {at:%b %Y}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def worst(levels: Sequence[str]) -> str:
    """The worst of some levels."""
    return next((one for one in (BAD, WARN, GOOD) if one in levels), NONE)
