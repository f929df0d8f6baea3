"""Notices for what a section lacks."""

from medallion.page.blocks import BAD, NONE, Note, Section
from medallion.report.collect import Facts


def lacking(facts: Facts, *names: str) -> list[Note]:
    """A notice for each of these answers that is missing."""
    reasons = dict.fromkeys(facts.missing[one] for one in names if one in facts.missing)
    if not reasons and any(one not in facts.answers for one in names):
        reasons = dict.fromkeys([facts.missing.get("lakehouse", "It was not read.")])
    return [Note(f"This part is missing. {reason}", BAD) for reason in reasons]


def without_build(facts: Facts) -> list[Note]:
    """A notice if dbt left no results."""
    return [Note(f"This part is missing. {facts.missing.get('build', '')}", BAD)]


def empty(facts: Facts, id_: str, title: str, *names: str) -> Section | None:
    """The section if an answer is missing, or if its mart has no rows."""
    if missing := lacking(facts, *names):
        return Section(id_, title, "This mart could not be read.", missing, BAD)
    if not facts.answers[names[0]]:
        return Section(id_, title, "The mart is built and has no rows yet.", level=NONE)
    return None
