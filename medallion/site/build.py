"""Assembles the site: the hand-written pages, the generated pages, and dbt's own page."""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.site.column_lineage import read_lineage
from medallion.site.dbt_page import copy_dbt_page
from medallion.site.dictionary import Dictionary
from medallion.site.lineage_page import lineage_page
from medallion.site.links import copy_pages
from medallion.site.project import Project, read_project
from medallion.site.queries import read_queries
from medallion.site.report_page import copy_report, latest_record
from medallion.site.star_schema import drawing, relationships
from medallion.site.tables import table

CONFIG = PROJECT_ROOT / "mkdocs.yml"
STAR = """\
---
hide: [toc]
---

# Star schema

Drawn from the relationship tests: every `dbt build` checks each line. A table without a line is
joined on other columns, such as a name and a time.

{drawing}

"""


@dataclass(frozen=True)
class Built:
    """The number of the site's pages, and of the columns whose origin is known."""

    pages: int
    relationships: int
    columns: int
    untraced: int


def build_site(full: Path, docs: Path, work: Path, site: Path, report: Path) -> Built:
    """Build `site` from two target folders of dbt, with intermediate pages in `work`.

    `full` holds the SQL that dbt compiled for a first run, in which columns are traced. `docs`
    holds the result of `dbt docs generate --static`. `report` is the folder of the report, which
    may be missing. Raises `MedallionError` for a missing page or link.
    """
    project = read_project(full / "manifest.json", docs / "catalog.json")
    queries = read_queries(project)
    latest = latest_record(report)
    made = Dictionary(project, queries, read_lineage(project, queries), latest)
    shutil.rmtree(work, ignore_errors=True)
    copy_pages(PROJECT_ROOT / "docs", work, PROJECT_ROOT)
    copy_report(report, work, latest)
    copy_dbt_page(docs / "static_index.html", work / "dbt" / "index.html")
    (work / "dictionary").mkdir()
    for name, text in made.pages().items():
        (work / "dictionary" / name).write_text(text, encoding="utf-8")
    (work / "star_schema.md").write_text(_star(project), encoding="utf-8")
    (work / "lineage.md").write_text(lineage_page(made), encoding="utf-8")
    _mkdocs(work, site)
    return Built(
        pages=len(list(site.rglob("index.html"))),
        relationships=len(relationships(project)),
        columns=len(made.lineage),
        untraced=sum(bool(one.untraced) for one in made.lineage.values()),
    )


def _star(project: Project) -> str:
    found = relationships(project)
    if not found:
        return STAR.format(drawing="The project has no test `relationships` yet.")
    svg = drawing(project, found, "../dictionary/{}/")
    rows = [[_linked(one.child, one.key), _linked(one.parent, one.field)] for one in found]
    return STAR.format(drawing=svg) + "\n".join(table(["every value of", "is one of"], rows)) + "\n"


def _linked(relation: str, column: str) -> str:
    return f"[{relation}.{column}](dictionary/{relation}.md#{column})"


def _mkdocs(pages: Path, site: Path) -> None:
    """Run `mkdocs build --strict` with the given folders."""
    try:
        from mkdocs.commands.build import build
        from mkdocs.config import load_config
        from mkdocs.exceptions import Abort, MkDocsException
    except ImportError as error:
        raise MedallionError("mkdocs is not installed: run `make dev`.") from error
    said = _Warnings()
    logging.getLogger("mkdocs").addHandler(said)
    try:
        build(load_config(str(CONFIG), docs_dir=str(pages), site_dir=str(site), strict=True))
    except (Abort, MkDocsException) as error:
        raise MedallionError(f"The site has faults: {'; '.join(said.texts) or error}") from error
    finally:
        logging.getLogger("mkdocs").removeHandler(said)


class _Warnings(logging.Handler):
    """Keeps the warnings of mkdocs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(" ".join(record.getMessage().split()))
