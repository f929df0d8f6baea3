"""Writes the report: the page, and the record of the build in the history."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from medallion.page.render import html
from medallion.report.collect import Connected, Facts, collect
from medallion.report.history import replace_text, write_record
from medallion.report.page import page_of

PAGE = "index.html"


@dataclass(frozen=True)
class Written:
    """The page's file, its sentence, and what it was made from."""

    file: Path
    verdict: str
    facts: Facts

    @property
    def build_failed(self) -> bool:
        """Whether dbt failed, or left no results of this build."""
        return self.facts.build is None or bool(self.facts.build.failed)


def write_report(
    artifacts: Path,
    folder: Path,
    connected: Connected,
    *,
    since: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Written:
    """Write `index.html` in `folder`, from the dbt artifacts in `artifacts` and the lakehouse.

    The build is added to the history in `folder`. The page is written even if something is missing,
    and names it. `since` is the earliest start of a build that counts as this one.
    """
    facts = collect(artifacts, folder, connected, since=since, now=now)
    if facts.record:
        write_record(folder, facts.record)
    page = page_of(facts)
    replace_text(folder / PAGE, html(page))
    return Written(folder / PAGE, page.verdict, facts)
