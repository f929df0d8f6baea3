"""The report in the site: its page as it was written, and a page that leads to it."""

import shutil
from pathlib import Path

from medallion.report.history import Record, read_history
from medallion.report.write import PAGE

WITH = """\
# The report

[Open the report](report/page.html). It is about `{command}`, which ended {ended} UTC.

It says what landed, whether every row is accounted for, how fresh the sources are, which tests and
rules failed, how long each model took, and what the marts say. The page of each table in the
[data dictionary](dictionary/gold.md) shows the results of its tests in the same build.
"""
WITHOUT = """\
# The report

No report was found when this site was built. `make demo` writes one after each of its builds, and
`medallion report` writes one about the last `dbt build`. Build the site again after it, with
`make docs`.
"""


def latest_record(report: Path) -> Record | None:
    """The newest build in a report's history; None without a page or a build."""
    if not (report / PAGE).is_file():
        return None
    records = read_history(report).records
    return records[-1] if records else None


def copy_report(report: Path, pages: Path, latest: Record | None) -> None:
    """Write `report.md`, and copy the report's page to `report/page.html`."""
    text = WITHOUT
    if latest:
        ended = latest.ended_at[:16].replace("T", " ")
        text = WITH.format(command=latest.command, ended=ended)
        (pages / "report").mkdir(exist_ok=True)
        shutil.copyfile(report / PAGE, pages / "report" / "page.html")
    (pages / "report.md").write_text(text, encoding="utf-8")
