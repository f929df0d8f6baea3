"""The star schema as a drawing, made from the tests: every line and every number is tested."""

from collections.abc import Sequence
from dataclasses import dataclass

from medallion.site.boxes import (
    GAP,
    MANY,
    MARGIN,
    ONE,
    ONE_OR_NONE,
    Box,
    Line,
    curve,
    svg,
    width_of,
)
from medallion.site.project import Node, Project, Relation

LANE = 150  # between the columns of boxes: space for the lines
DIMENSION, FACT = "dim_", "fct_"
DESCRIPTION = (
    "Facts are in the middle, dimensions at the sides. Each line is a tested relationship from a "
    "key of a fact to the key of a dimension, with the number of rows at both of its ends."
)


@dataclass(frozen=True, order=True)
class Relationship:
    """Every value of `child.key` is one of `parent.field`; the test `relationships` checks it.

    `numbers` says how many rows of the child belong to a row of the parent, and the reverse.
    """

    child: str
    key: str
    parent: str
    field: str
    numbers: tuple[str, str] = (MANY, MANY)

    def __str__(self) -> str:
        """The label of the line in the drawing."""
        return f"{self.child}.{self.key} → {self.parent}.{self.field}"


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
            key, field = test["column_name"], metadata["kwargs"]["field"]
            numbers = _numbers(project, child, key, parent, field)
            found.add(Relationship(child.name, key, parent.name, field, numbers))
    return sorted(found)


def starred(project: Project) -> list[Relation]:
    """The facts and dimensions, also those without a tested relationship."""
    return [
        one
        for one in project.relations.values()
        if one.layer == "silver" and one.node["name"].startswith((DIMENSION, FACT))
    ]


def drawing(project: Project, found: Sequence[Relationship], page: str = "{}") -> str:
    """An SVG: facts in the middle, dimensions at the sides, a line per relationship.

    `page` is the format of the address that a table's name links to.
    """
    boxes = _placed(project, found, page)
    lines = [
        curve(
            Line(boxes[one.child], boxes[one.parent], str(one), one.key, one.field, one.numbers),
            LANE // 2,
            "line relationship",
        )
        for one in found
    ]
    return svg("star-schema", "Star schema", DESCRIPTION, list(boxes.values()), lines)


def _placed(project: Project, found: Sequence[Relationship], page: str) -> dict[str, Box]:
    """Place the facts, which no relationship points to, in the middle. A dimension goes to the
    shorter side, in the order of the keys that point to it, so that few lines cross.
    """
    parents = list(dict.fromkeys(one.parent for one in found))
    children = list(dict.fromkeys(one.child for one in found))
    rows: dict[str, list[str]] = {one: [] for one in [*children, *parents]}
    for one in found:
        rows[one.child].append(one.key)
        rows[one.parent].append(one.field)
    for table in starred(project):
        rows.setdefault(table.name, _unique(project, table))
    middle = [one for one in rows if one not in parents and not one.startswith(DIMENSION)]
    sides = [one for one in rows if one not in middle]
    side = width_of(sides, (row for one in sides for row in rows[one]))
    center = width_of(middle, (row for one in middle for row in rows[one]))
    lefts = (MARGIN, MARGIN + side + LANE, MARGIN + side + 2 * LANE + center)
    heights = [MARGIN, MARGIN, MARGIN]
    boxes: dict[str, Box] = {}
    for name in [*middle, *sides]:
        column = 1 if name in middle else 0 if heights[0] <= heights[2] else 2
        kind = "dimension" if name.startswith(DIMENSION) else "fact"
        keys = tuple(dict.fromkeys(rows[name]))
        width = center if column == 1 else side
        box = Box(name, kind, page.format(name), lefts[column], heights[column], width, keys)
        boxes[name] = box
        heights[column] += box.height + GAP
    return boxes


def _numbers(
    project: Project, child: Relation, key: str, parent: Relation, field: str
) -> tuple[str, str]:
    """The parent's field is unique if it has the test; the child's key may be NULL or not."""
    many = ONE_OR_NONE if key in _unique(project, child) else MANY
    if field not in _unique(project, parent):
        return many, MANY
    return many, ONE if _is_never_null(project, child, key) else ONE_OR_NONE


def _unique(project: Project, relation: Relation) -> list[str]:
    """The columns whose test says that they are unique."""
    return [str(one["column_name"]) for one in _tests(project, relation, "unique")]


def _is_never_null(project: Project, relation: Relation, column: str) -> bool:
    held = relation.columns.get(column, {}).get("constraints", [])
    tested = [one["column_name"] for one in _tests(project, relation, "not_null")]
    return column in tested or any(one["type"] == "not_null" for one in held)


def _tests(project: Project, relation: Relation, name: str) -> list[Node]:
    return [
        one
        for one in project.tests_of(relation)
        if one["test_metadata"]["name"] == name and one.get("column_name")
    ]
