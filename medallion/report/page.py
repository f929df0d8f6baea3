"""The contents of the report."""

from collections.abc import Callable, Sequence

from medallion.page.blocks import Page, Section
from medallion.report.collect import Facts
from medallion.report.queries import QUERIES, is_asked
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
CHECKS: Sequence[Callable[[Facts], Section]] = (
    *(landed, reconciliation, freshness, quarantine, expectations, tests, run_time),
)
# Sections about marts, each with a query whose marts another project may not have.
MARTS: Sequence[tuple[Callable[[Facts], Section], str]] = (
    (listening, "listening"),
    (top_charts, "tracks"),
    (engagement, "engagement"),
    (cohorts, "cohorts"),
    (revenue, "revenue"),
    (catalogue, "catalogue"),
)


def page_of(facts: Facts) -> Page:
    """The page's contents, without its form."""
    sentence, level = verdict(facts)
    notices = [f"{name}: {reason}" for name, reason in facts.missing.items()]
    if facts.history.damaged:
        files = ", ".join(facts.history.damaged)
        notices.append(f"The history lacks builds whose records are damaged: {files}.")
    groups = [("Is it complete and right?", [section(facts) for section in CHECKS])]
    if about_marts := [section for section, query in MARTS if is_asked(QUERIES[query])]:
        groups.append(("What the data says", [section(facts) for section in about_marts]))
    return Page(TITLE, sentence, level, about(facts), figures(facts), notices, groups)
