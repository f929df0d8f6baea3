"""The contents of the report."""

from collections.abc import Callable, Sequence

from medallion.page.blocks import Page, Section
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
