"""The page of the star schema: its drawing, the attributes of each table, and its relationships."""

from medallion.page.blocks import counted
from medallion.site.boxes import framed
from medallion.site.dictionary import Dictionary
from medallion.site.project import Relation, line
from medallion.site.queries import is_control
from medallion.site.star_schema import drawing, relationships, starred
from medallion.site.tables import folded, table

PAGE = """\
---
hide: [toc]
---

# Star schema

{drawing}

Drawn from the tests: every `dbt build` checks each line. The numbers at its ends say how many rows
belong together: `1` is exactly one row, `0..1` is at most one, and `0..*` is any number. A table
without a line is joined on other columns, such as a name and a time.

## Attributes

{attributes}

## Relationships

{rows}
"""


NO_STAR = "# Star schema\n\nThe project has no test `relationships` yet.\n"


def star_page(made: Dictionary) -> str:
    """The text of the page."""
    found = relationships(made.project)
    if not found:
        return NO_STAR
    svg = drawing(made.project, found, "../dictionary/{}/")
    rows = [
        [_linked(one.child, one.key), many, _linked(one.parent, one.field), single]
        for one in found
        for many, single in [one.numbers]
    ]
    head = ["every value of", "rows", "is one of", "rows"]
    return PAGE.format(
        drawing=framed(svg, "Star schema"),
        attributes="\n\n".join(_attributes(made, one) for one in starred(made.project)),
        rows="\n".join(table(head, rows)),
    )


def _attributes(made: Dictionary, one: Relation) -> str:
    """The columns of a fact or dimension, folded; its page shows the control columns too."""
    types = made.queries[one.unique_id].types
    rows = [
        [_linked(one.name, name, name), line(one.columns[name]["description"]), f"`{kind}`"]
        for name, kind in types.items()
        if not is_control(name)
    ]
    control = len(types) - len(rows)
    summary = f"{one.name}: {counted(len(types), 'column')}"
    summary += f", {control} of them for control" if control else ""
    return folded(summary, "\n".join(table(["column", "meaning", "type"], rows)))


def _linked(relation: str, column: str, label: str = "") -> str:
    return f"[{label or f'{relation}.{column}'}](dictionary/{relation}.md#{column})"
