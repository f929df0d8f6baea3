"""The page of column lineage: how much is traced, and where each source column arrives."""

from medallion.site.column_lineage import ColumnId, ends
from medallion.site.dictionary import Dictionary
from medallion.site.tables import table

PAGE = """\
---
hide: [toc]
---

# Column lineage

Made by sqlglot from the SQL that dbt compiled for a first run. A column's page says what its
values are made of. Joins, filters and groups, which only decide what rows there are, are not
followed; what the query makes itself stands as its expression. In an incremental run the rows that
are kept come from the table itself, by the same columns.

{traced:,} of {all:,} columns are traced ({share:.1%}).
"""


def lineage_page(made: Dictionary, folder: str = "dictionary/") -> str:
    """The page's text. Sources' columns are shown with the columns of gold that they reach."""
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
            ["column", "what was not understood"],
            [
                [made.columns({one}, folder), ", ".join(sorted(found[one].untraced))]
                for one in untraced
            ],
        )
    parts.append("\n## Where the sources' columns arrive in gold\n")
    parts += table(["at the source", "in gold"], _arrivals(made, folder))
    parts.append("\n## What the marts are made of\n")
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
