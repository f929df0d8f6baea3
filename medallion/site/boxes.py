"""Drawings of tables as boxes with lines between them: SVG in the page's own colors.

`assets/site.css` colors the classes, so a drawing follows the palette of the site.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

ROW, HEAD, FOOT = 20, 30, 6
MARGIN, GAP = 12, 14
CHARACTER = 7.3  # of the font, in pixels, at 12 px
ONE, ONE_OR_NONE, MANY = "1", "0..1", "0..*"


@dataclass(frozen=True)
class Box:
    """A table's place in a drawing. `kind` is its class, and `href` the page that it links to."""

    name: str
    kind: str
    href: str
    x: int
    y: int
    width: int
    rows: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """In pixels."""
        return HEAD + ROW * len(self.rows) + (FOOT if self.rows else 0)

    def middle(self, row: str = "") -> int:
        """The vertical position of a row's lines, or of the whole box's."""
        if not row:
            return self.y + HEAD // 2
        return self.y + HEAD + ROW * self.rows.index(row) + ROW // 2


@dataclass(frozen=True)
class Line:
    """A line between a row, or the head, of two boxes, with the numbers at its ends."""

    start: Box
    end: Box
    label: str
    start_row: str = ""
    end_row: str = ""
    numbers: tuple[str, str] = ("", "")


def width_of(names: Iterable[str], rows: Iterable[str] = ()) -> int:
    """The width in pixels that fits all names and rows."""
    letters = max([*(len(one) * 1.02 for one in names), *(len(one) for one in rows), 14])
    return int(letters * CHARACTER) + 24


def svg(
    kind: str,
    title: str,
    description: str,
    boxes: Sequence[Box],
    lines: Sequence[str],
    texts: Sequence[str] = (),
    at_least: tuple[int, int] = (0, 0),
) -> str:
    """A drawing, `at_least` so wide and high; its container scrolls in a narrower window."""
    width = max(at_least[0], *(one.x + one.width for one in boxes)) + MARGIN
    height = max(at_least[1], *(one.y + one.height for one in boxes)) + MARGIN
    parts = [
        f'<svg class="{kind}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="group">',
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
        *lines,
        *(_box(one) for one in boxes),
        *texts,
        "</svg>",
    ]
    return "\n".join(parts)


def framed(drawing: str, label: str, size: str = "") -> str:
    """The container of a drawing. `size` is `wide` or `narrow` if there is one for each."""
    return (
        f'<div class="drawing {size}" tabindex="0" role="region" aria-label="{escape(label)}">\n'
        f"{drawing}\n</div>"
    )


def text(x: int, y: int, words: str, kind: str, anchor: str = "start") -> str:
    """A text in a drawing."""
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def curve(one: Line, bend: int, kind: str = "line") -> str:
    """A line from side to side; between boxes of one column it goes around their right side."""
    y1, y2 = one.start.middle(one.start_row), one.end.middle(one.end_row)
    beside = one.start.x == one.end.x
    right = one.end.x > one.start.x or beside
    x1 = one.start.x + (one.start.width if right else 0)
    x2 = one.end.x + (one.end.width if not right or beside else 0)
    out = bend if right else -bend
    end = x2 + out if beside else x2 - out
    label = escape(one.label)
    parts = [
        f'<path class="{kind}" data-line="{label}" d="M{x1},{y1} C{x1 + out},{y1} {end},{y2}'
        f' {x2},{y2}" fill="none"><title>{label}</title></path>'
    ]
    ends = ((x1, y1, right), (x2, y2, not right or beside))
    for number, (x, y, goes_right) in zip(one.numbers, ends, strict=True):
        if number:
            side = 7 if goes_right else -7
            parts.append(text(x + side, y - 5, number, "end", "start" if goes_right else "end"))
    return "".join(parts)


def _box(box: Box) -> str:
    name = escape(box.name)
    parts = [
        f'<rect class="frame" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
        ' rx="5"/>',
    ]
    if box.rows:
        parts.append(
            f'<path class="head" d="M{box.x},{box.y + HEAD} v-{HEAD - 5} q0,-5 5,-5'
            f' h{box.width - 10} q5,0 5,5 v{HEAD - 5} z"/>'
        )
    parts += [
        f'<a href="{escape(box.href)}"><text class="name" x="{box.x + 11}"'
        f' y="{box.y + 20}">{name}</text></a>'
        if box.href
        else text(box.x + 11, box.y + 20, box.name, "name"),
        *(text(box.x + 11, box.middle(row) + 4, row, "row") for row in box.rows),
    ]
    shape = "full" if box.rows else "flat"
    return f'<g class="table {box.kind} {shape}" data-table="{name}">' + "".join(parts) + "</g>"
