"""Renders the page: one HTML file that loads nothing, with its styles, script and charts in it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from medallion.report.blocks import Block, Heading, Note, Page, Section, Table
from medallion.report.charts import Chart
from medallion.report.collect import Facts
from medallion.report.sections.freshness import freshness
from medallion.report.sections.landed import landed
from medallion.report.sections.listening import catalogue, listening, top_charts
from medallion.report.sections.reconciliation import reconciliation
from medallion.report.sections.revenue import revenue
from medallion.report.sections.rules import expectations, quarantine
from medallion.report.sections.run_time import run_time
from medallion.report.sections.test_results import tests
from medallion.report.sections.users import cohorts, engagement
from medallion.report.verdict import about, figures, verdict

FILES = Path(__file__).parent / "template"
TITLE = "Lakehouse report"
SECTIONS: tuple[tuple[str, Sequence[Callable[[Facts], Section]]], ...] = (
    (
        "Is it complete and right?",
        (landed, reconciliation, freshness, quarantine, expectations, tests, run_time),
    ),
    ("What the data says", (listening, top_charts, engagement, cohorts, revenue, catalogue)),
)


def page_of(facts: Facts) -> Page:
    """The page's contents, without its form."""
    sentence, level = verdict(facts)
    notices = [f"{name}: {reason}" for name, reason in facts.missing.items()]
    if facts.history.damaged:
        files = ", ".join(facts.history.damaged)
        notices.append(f"The history lacks builds whose records are damaged: {files}.")
    groups = [(title, [section(facts) for section in some]) for title, some in SECTIONS]
    return Page(TITLE, sentence, level, about(facts), figures(facts), notices, groups)


def html(page: Page) -> str:
    """The page as HTML. Every text is escaped; only our own files and the charts are not."""
    environment = Environment(
        loader=FileSystemLoader(FILES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(kind=_kind, drawn=_drawn)
    template = environment.get_template("page.html")
    style, script = (Markup((FILES / name).read_text("utf-8")) for name in ("page.css", "page.js"))
    return template.render(page=page, style=style, script=script)


def sections(page: Page) -> Iterator[Section]:
    """All sections of a page."""
    for _, some in page.groups:
        yield from some


def _kind(block: Block) -> str:
    return {Chart: "chart", Table: "table", Note: "note", Heading: "heading"}[type(block)]


def _drawn(chart: Chart) -> Iterator[tuple[str, Markup]]:
    for name, svg in chart.drawn():
        yield name, Markup(svg)
