"""The report in the site: its page as it was written, and a page that leads to it."""

import shutil
from pathlib import Path

from medallion.report.history import Record, read_history
from medallion.report.write import PAGE

WITH = """\
# The latest report

[Open the report](latest_report/page/index.html). It is about `{command}`, which ended {ended} UTC.

The page of each table in the [data dictionary](dictionary/gold.md) shows the results of its tests
in the same build.
"""
EXPLAINED = "\n[The report](report.md) explains its sections.\n"
WITHOUT = """\
# The latest report

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
    """Write `latest_report.md`, and copy the report's page to `latest_report/page/index.html`."""
    text = WITHOUT
    if latest:
        ended = latest.ended_at[:16].replace("T", " ")
        text = WITH.format(command=latest.command, ended=ended)
        if (pages / "report.md").is_file():
            text += EXPLAINED
        copy = pages / "latest_report" / "page" / "index.html"
        copy.parent.mkdir(parents=True)
        shutil.copyfile(report / PAGE, copy)
    (pages / "latest_report.md").write_text(text, encoding="utf-8")
