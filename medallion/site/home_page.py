"""The first page: what the project is, three key figures, its picture, and the report's screenshot.

Each figure is computed from the file that stores its measurement, or from the project itself.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from medallion.errors import MedallionError
from medallion.page.blocks import counted, duration

HARDEST, COMPARED, OURS = "worst day", "plays_by_watermark", "fct_streams"
HERO = """\
---
hide: [toc]
---

# {title}

{intro}

{buttons}

<div class="figures" markdown>
{figures}
</div>

{picture}

{screenshot}

{rest}
"""
BUTTONS = {
    "first_hour.md": "The first hour",
    "latest_report.md": "The latest report",
    "dictionary/gold.md": "Data dictionary",
}
PICTURE = "![From the source to the reports](architecture.svg)"
FIGURE = """\
<a class="figure" href="{href}"><span class="value">{value}</span>\
<span class="label">{label}</span><span class="note">{note}</span></a>"""
SHOT = """\
## The report of a build

[![The first screen of the report about a build](assets/report_light.png#only-light)](\
latest_report.md)
[![The first screen of the report about a build](assets/report_dark.png#only-dark)](\
latest_report.md)
{ .screenshot }
"""


@dataclass(frozen=True)
class Figure:
    """A key figure, with the page that says how it was measured."""

    value: str
    label: str
    note: str
    href: str


def measured_figures(benchmarks: Path) -> list[Figure]:
    """The time of a first build, and wrong plays after the hardest day, at the largest size.

    None if the project has no benchmarks. Raises `MedallionError` if the file lacks a measurement.
    """
    if not benchmarks.is_file():
        return []
    sizes = json.loads(benchmarks.read_text(encoding="utf-8"))
    one = sizes[max(sizes, key=int)]
    try:
        runs = one["engines"]["sail"]["first build"]["seconds"]
        last = {each["name"]: each for each in one["approaches"] if each["step"] == HARDEST}
        ours, other = last[OURS], last[COMPARED]
    except KeyError as error:
        raise MedallionError(f"{benchmarks} lacks {error}: run `make bench`.") from error
    wrong = ours["wrong"] + ours["missing"]
    return [
        Figure(
            duration(median(runs)),
            f"for the first build of {one['plays']:,} plays",
            f"Median of {counted(len(runs), 'run')} on Sail, measured on {one['measured_on']}",
            "benchmarks/",
        ),
        Figure(
            f"{wrong:,} wrong plays",
            "after the day that changes most",
            f"With a plain high-water mark: {other['wrong'] + other['missing']:,} of"
            f" {one['plays']:,} wrong or missing",
            "benchmarks/",
        ),
    ]


def home_page(
    readme: str, docs: str, figures: list[Figure], pages: Path, has_screenshot: bool
) -> str:
    """The page's text: the title of `readme`, and the text of `docs` around the generated parts.

    `pages` is the folder of all pages. What is not in it is not linked.
    """
    title = readme.splitlines()[0].removeprefix("# ")
    intro, heading, rest = docs.partition("\n## ")
    buttons = [
        f"[{label}]({page}){{ .md-button{' .md-button--primary' * (not place)} }}"
        for place, (page, label) in enumerate(BUTTONS.items())
        if (pages / page).is_file()
    ]
    return HERO.format(
        title=title,
        intro=intro.partition("\n")[2].strip(),
        buttons="\n".join(buttons),
        figures="\n".join(FIGURE.format(**vars(one)) for one in figures),
        picture=PICTURE if (pages / "architecture.svg").is_file() else "",
        screenshot=SHOT if has_screenshot else "",
        rest=(heading + rest).strip(),
    )
