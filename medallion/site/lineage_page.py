"""The page of column lineage: the share of traced columns, and where source columns arrive."""

from medallion.site.column_lineage import ColumnId, ends
from medallion.site.dictionary import Dictionary
from medallion.site.tables import table

PAGE = """\
---
hide: [toc]
---

# Column lineage

sqlglot derives the lineage from the SQL that dbt compiled for a first run. A column's page shows
the origin of its values. Joins, filters and groups only decide which rows exist, so they are not
followed. Values that the query itself makes are shown as their expression. In an incremental run
the kept rows come from the table itself, through the same columns.

{traced:,} of {all:,} columns are traced ({share:.1%}).
"""


def lineage_page(made: Dictionary, folder: str = "dictionary/") -> str:
    """The text of the page. It shows the columns of sources with the gold columns they reach."""
    found = {
        column: origin
        for column, origin in made.lineage.items()
        if made.project.relations[column.relation].kind not in ("source", "seed")
    }
    untraced = [column for column, origin in found.items() if origin.untraced]
    traced = len(found) - len(untraced)
    parts = [PAGE.format(traced=traced, all=len(found), share=traced / max(len(found), 1))]
    if untraced:
        parts.append("## Not traced\n")
        parts += table(
            ["column", "not understood"],
            [
                [made.columns({one}, folder), ", ".join(sorted(found[one].untraced))]
                for one in untraced
            ],
        )
    parts.append("\n## Where the sources' columns arrive in gold\n")
    parts += table(["at the source", "in gold"], _arrivals(made, folder))
    parts.append("\n## Origin of the marts\n")
    parts += table(["in gold", "at the source"], _marts(made, folder))
    return "\n".join(parts) + "\n"


def _gold(made: Dictionary) -> list[ColumnId]:
    relations = made.project.relations
    return [one for one in made.lineage if relations[one.relation].layer == "gold"]


def _arrivals(made: Dictionary, folder: str) -> list[list[str]]:
    reached: dict[ColumnId, set[ColumnId]] = {}
    for column in _gold(made):
        for end in ends(made.lineage, column):
            reached.setdefault(end, set()).add(column)
    relations = made.project.relations
    sources = [one for one in made.lineage if relations[one.relation].kind == "source"]
    return [
        [made.columns({one}, folder), made.columns(reached.get(one, set()), folder) or "nowhere"]
        for one in sources
    ]


def _marts(made: Dictionary, folder: str) -> list[list[str]]:
    rows = []
    for column in _gold(made):
        end = made.columns(ends(made.lineage, column), folder)
        rows.append([made.columns({column}, folder), end or made.direct(column, folder)])
    return rows
