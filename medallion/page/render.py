"""Renders a page: one HTML file that loads nothing, with its styles, script and charts in it."""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from medallion.page.blocks import Block, Heading, Note, Page, Section, Table
from medallion.page.charts import Chart

FILES = Path(__file__).parent / "template"


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
