"""The star schema as a drawing, made from the relationship tests: every line is tested."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from medallion.site.project import Project, Relation

WIDTH, ROW, HEAD, GAP = 230, 20, 28, 26
LANE = 150  # between the columns of boxes: space for the lines
MARGIN = 12
CHARACTER = 7.3  # of the font below, in pixels, at 12 px


@dataclass(frozen=True, order=True)
class Relationship:
    """Every value of `child.key` is one of `parent.field`; the test `relationships` checks it."""

    child: str
    key: str
    parent: str
    field: str

    def __str__(self) -> str:
        """The label of the line in the drawing."""
        return f"{self.child}.{self.key} → {self.parent}.{self.field}"


@dataclass(frozen=True)
class Box:
    """A table's place in the drawing: its rows are its keys."""

    relation: Relation
    rows: tuple[str, ...]
    x: int
    y: int
    width: int

    @property
    def height(self) -> int:
        """In pixels."""
        return HEAD + ROW * len(self.rows) + 6

    def middle(self, row: str) -> int:
        """The vertical position of a row's lines."""
        return self.y + HEAD + ROW * self.rows.index(row) + ROW // 2


def relationships(project: Project) -> list[Relationship]:
    """All tested relationships, ordered by table and key."""
    found = set()
    for test in project.tests:
        metadata = test.get("test_metadata") or {}
        if metadata.get("name") == "relationships":
            child = project.relations[test["attached_node"]]
            (parent,) = (
                project.relations[one]
                for one in test["depends_on"]["nodes"]
                if one != child.unique_id or len(test["depends_on"]["nodes"]) == 1
            )
            found.add(
                Relationship(
                    child.name, test["column_name"], parent.name, metadata["kwargs"]["field"]
                )
            )
    return sorted(found)


def drawing(project: Project, found: Sequence[Relationship], page: str = "{}") -> str:
    """An SVG: facts in the middle, dimensions at the sides, a line per relationship.

    `page` is the format of the address that a table's name links to.
    """
    boxes = _placed(project, found)
    width = max(one.x + one.width for one in boxes.values()) + MARGIN
    height = max(one.y + one.height for one in boxes.values()) + MARGIN
    parts = [
        '<svg class="star-schema" xmlns="http://www.w3.org/2000/svg"'
        f' viewBox="0 0 {width} {height}" style="max-width:{width}px;width:100%"'
        ' role="img" aria-label="Star schema">'
    ]
    parts += [_line(boxes, one) for one in found]
    parts += [_box(one, page) for one in boxes.values()]
    return "\n".join([*parts, "</svg>"])


def _placed(project: Project, found: Sequence[Relationship]) -> dict[str, Box]:
    """Place the facts, which no relationship points to, in the middle. A dimension goes to the
    shorter side, in the order of the keys that point to it, so that few lines cross.
    """
    by_name = {one.name: one for one in project.relations.values() if not one.is_disabled}
    parents = list(dict.fromkeys(one.parent for one in found))
    facts = [name for name in dict.fromkeys(one.child for one in found) if name not in parents]
    rows: dict[str, list[str]] = {}
    for one in found:
        rows.setdefault(one.child, []).append(one.key)
        rows.setdefault(one.parent, []).append(one.field)
    widths = {name: _width(name, rows[name]) for name in rows}
    side = max((widths[one] for one in parents), default=WIDTH)
    middle = max((widths[one] for one in facts), default=WIDTH)
    lefts = (MARGIN, MARGIN + side + LANE, MARGIN + side + 2 * LANE + middle)
    heights = [MARGIN, MARGIN, MARGIN]
    boxes: dict[str, Box] = {}
    for name in [*facts, *parents]:
        column = 1 if name in facts else 0 if heights[0] <= heights[2] else 2
        width = middle if column == 1 else side
        ordered = tuple(dict.fromkeys(rows[name]))
        boxes[name] = Box(by_name[name], ordered, lefts[column], heights[column], width)
        heights[column] += boxes[name].height + GAP
    return boxes


def _width(name: str, rows: Sequence[str]) -> int:
    longest = max(len(name) * 1.08, *(len(one) for one in rows))
    return max(int(longest * CHARACTER) + 24, 140)


def _line(boxes: dict[str, Box], one: Relationship) -> str:
    child, parent = boxes[one.child], boxes[one.parent]
    y1, y2 = child.middle(one.key), parent.middle(one.field)
    if parent.x > child.x:
        x1, x2, bend = child.x + child.width, parent.x, LANE // 2
    elif parent.x < child.x:
        x1, x2, bend = child.x, parent.x + parent.width, -LANE // 2
    else:  # in one column: around its right side
        x1, x2, bend = child.x + child.width, parent.x + parent.width, LANE // 3
    end = x2 - bend if parent.x != child.x else x2 + bend
    path = f"M{x1},{y1} C{x1 + bend},{y1} {end},{y2} {x2},{y2}"
    return (
        f'<path class="relationship" data-relationship="{escape(str(one))}" d="{path}" fill="none"'
        f' stroke="#5c6bc0" stroke-width="1.5"><title>{escape(str(one))}</title></path>'
        f'<circle cx="{x2}" cy="{y2}" r="3.5" fill="#5c6bc0"/>'
    )


def _box(box: Box, page: str) -> str:
    fact = not box.relation.name.startswith("dim_")
    head, name = "#00695c" if fact else "#3949ab", escape(box.relation.name)
    text = 'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"'
    parts = [
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="4"'
        f' fill="#fafafa" stroke="{head}"/>',
        f'<path d="M{box.x},{box.y + HEAD} v-{HEAD - 4} q0,-4 4,-4 h{box.width - 8} q4,0 4,4'
        f' v{HEAD - 4} z" fill="{head}"/>',
        f'<a href="{escape(page.format(box.relation.name))}"><text x="{box.x + 10}"'
        f' y="{box.y + 19}" {text} font-size="13" font-weight="bold" fill="#fff">{name}</text></a>',
    ]
    for row in box.rows:
        parts.append(
            f'<text x="{box.x + 10}" y="{box.middle(row) + 4}" {text} font-size="12"'
            f' fill="#212121">{escape(row)}</text>'
        )
    return f'<g class="table" data-table="{name}">' + "".join(parts) + "</g>"
