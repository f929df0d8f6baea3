"""The page of lineage: the tables as a drawing, and where source columns arrive in the marts."""

from collections.abc import Iterator
from itertools import groupby

from medallion.page.blocks import counted
from medallion.site.column_lineage import ColumnId, ends
from medallion.site.dictionary import Dictionary
from medallion.site.lineage_drawings import project_lineage
from medallion.site.queries import is_control
from medallion.site.tables import folded, table

PAGE = """\
---
hide: [toc]
---

# Lineage

From the sources to the marts. A table's page shows its neighbours, and the origin of its columns.

{drawing}

[dbt's own graph](dbt/index.html#!/overview?g_v=1) can be searched and filtered.

## Columns

The project has {all:,} columns; {traced:,} of them ({share:.1%}) are traced. sqlglot derives the
lineage from the SQL that dbt compiled for a first run. Joins, filters and groups only decide which
rows exist, so they are not followed. Values that the query itself makes are shown as their
expression. In an incremental run the kept rows come from the table itself, through the same
columns.
"""


def lineage_page(made: Dictionary, folder: str = "dictionary/") -> str:
    """The text of the page: a folded block per source table, and one per mart."""
    untraced = [column for column, origin in made.lineage.items() if origin.untraced]
    traced, all_ = len(made.lineage) - len(untraced), len(made.lineage)
    drawing = project_lineage(made.project, "../" + folder + "{}/")
    parts = [
        PAGE.format(drawing=drawing, traced=traced, all=all_, share=traced / max(all_, 1)),
    ]
    if untraced:
        rows = [
            [made.columns({one}, folder), ", ".join(sorted(made.lineage[one].untraced))]
            for one in untraced
        ]
        parts += ["### Not traced\n", *table(["column", "not understood"], rows), ""]
    parts.append("### Where the sources' columns arrive in gold\n")
    parts += _arrivals(made, folder)
    parts.append("### Origin of the marts\n")
    parts += _marts(made, folder)
    return "\n".join(parts) + "\n"


def _columns(made: Dictionary, layer: str) -> Iterator[tuple[str, list[ColumnId]]]:
    """The tables of a layer with their columns; control columns are left out."""
    relations = made.project.relations
    some = [
        one
        for one in made.lineage
        if relations[one.relation].layer == layer and not is_control(one.column)
    ]
    for relation, columns in groupby(some, key=lambda one: one.relation):
        yield relations[relation].name, list(columns)


def _arrivals(made: Dictionary, folder: str) -> Iterator[str]:
    reached: dict[ColumnId, set[ColumnId]] = {}
    for _, columns in _columns(made, "gold"):
        for column in columns:
            for end in ends(made.lineage, column):
                reached.setdefault(end, set()).add(column)
    for name, columns in _columns(made, "sources"):
        rows = [
            [made.columns({one}, folder), made.columns(reached[one], folder)]
            for one in columns
            if one in reached
        ]
        others = [f"`{one.column}`" for one in columns if one not in reached]
        body = [*table(["at the source", "in gold"], rows)] if rows else []
        if others:
            body += ["", f"In no column of gold: {', '.join(others)}."]
        summary = f"{name}: {len(rows)} of {counted(len(columns), 'column')} arrive in gold"
        yield folded(summary, "\n".join(body)) + "\n"


def _marts(made: Dictionary, folder: str) -> Iterator[str]:
    for name, columns in _columns(made, "gold"):
        rows = []
        for column in columns:
            end = made.columns(ends(made.lineage, column), folder)
            rows.append([made.columns({column}, folder), end or made.direct(column, folder)])
        summary = f"{name}: {counted(len(rows), 'column')}"
        yield folded(summary, "\n".join(table(["in gold", "at the source"], rows))) + "\n"
