"""Assembles the site: the hand-written pages, the generated pages, and dbt's own page."""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.report.write import PAGE
from medallion.site.column_lineage import read_lineage
from medallion.site.coverage import things
from medallion.site.dbt_page import copy_dbt_page
from medallion.site.dictionary import WIDE, Dictionary
from medallion.site.home_page import Figure, home_page, measured_figures
from medallion.site.lineage_page import lineage_page
from medallion.site.links import copy_pages
from medallion.site.pictures import inline_pictures
from medallion.site.project import Project, read_project
from medallion.site.queries import read_queries
from medallion.site.report_page import copy_report, latest_record
from medallion.site.screenshot import take_screenshots
from medallion.site.star_page import star_page
from medallion.site.star_schema import relationships

ASSETS = Path(__file__).parent / "assets"
CONFIG = PROJECT_ROOT / "mkdocs.yml"


@dataclass(frozen=True)
class Built:
    """The number of the site's pages, and of the columns whose origin is known.

    `no_screenshot` is the reason if the home page has no screenshot of the report.
    """

    pages: int
    relationships: int
    columns: int
    untraced: int
    no_screenshot: str


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
    (work / "star_schema.md").write_text(star_page(made), encoding="utf-8")
    (work / "lineage.md").write_text(lineage_page(made), encoding="utf-8")
    shutil.copytree(ASSETS, work / "assets")
    reason = "no report was found"
    if latest:
        reason = take_screenshots(report / PAGE, work / "assets")
    _write_home(made, work, not reason)
    rules = work / "rules.md"
    rules.write_text(WIDE + rules.read_text("utf-8"), encoding="utf-8")
    for file in work.glob("*.md"):
        file.write_text(inline_pictures(file.read_text("utf-8"), work), encoding="utf-8")
    _mkdocs(work, site, project)
    return Built(
        pages=len(list(site.rglob("index.html"))),
        relationships=len(relationships(project)),
        columns=len(made.lineage),
        untraced=sum(bool(one.untraced) for one in made.lineage.values()),
        no_screenshot=reason,
    )


def _write_home(made: Dictionary, work: Path, has_screenshot: bool) -> None:
    """Replace the overview of the documentation by the home page, which contains it."""
    needed = [one for one in things(made.project, made.queries) if one.kind.startswith("columns ")]
    described = sum(not one.lacks for one in needed) / len(needed)
    traced = sum(not one.untraced for one in made.lineage.values()) / len(made.lineage)
    described_columns = Figure(
        f"{len(made.lineage):,} columns",
        f"in {len(made.project.relations)} tables",
        f"{described:.0%} have a description, and {traced:.0%} are traced to their origin",
        "lineage/",
    )
    figures = [*measured_figures(PROJECT_ROOT / "docs" / "benchmarks.json"), described_columns]
    readme = (PROJECT_ROOT / "README.md").read_text("utf-8")
    page = work / "README.md"
    text = home_page(readme, page.read_text("utf-8"), figures, work, has_screenshot)
    page.write_text(text, encoding="utf-8")


def _with_tables(nav: Any, project: Project) -> Any:
    """The navigation with the pages of each layer's tables below the page of the layer."""
    if isinstance(nav, list):
        return [_with_tables(one, project) for one in nav]
    if not isinstance(nav, dict):
        return nav
    ((title, inner),) = nav.items()
    if isinstance(inner, list):
        return {title: _with_tables(inner, project)}
    tables = [
        {one.name: f"dictionary/{one.name}.md"}
        for one in project.relations.values()
        if inner == f"dictionary/{one.layer}.md"
    ]
    return {title: [inner, *tables] if tables else inner}


def _mkdocs(pages: Path, site: Path, project: Project) -> None:
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
        config = load_config(str(CONFIG), docs_dir=str(pages), site_dir=str(site), strict=True)
        config["nav"] = _with_tables(config["nav"], project)
        build(config)
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
