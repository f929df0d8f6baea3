"""Lineage as drawings: the project's tables by layer, a table's neighbours, a table's columns."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from medallion.page.blocks import counted
from medallion.site.boxes import (
    GAP,
    HEAD,
    MARGIN,
    ROW,
    Box,
    Line,
    curve,
    framed,
    svg,
    text,
    width_of,
)
from medallion.site.column_lineage import ColumnId, Lineage
from medallion.site.project import LAYERS, Project, Relation

LANE = 84  # between two columns of boxes: space for the lines
RAIL = 26  # on a phone: space for the lines, which pass at the left of all boxes
TITLE = 22
# The groups of the project's drawing, in the order of a build. A group of silver is a folder.
GROUPS = (
    *("sources", "bronze", "staging", "quarantine", "core", "context"),
    *("increments", "reconciliation", "snapshots", "gold", "semantic", "serving"),
)
FULL, PHONE = 900, 320  # the widths of the project's drawing, in pixels
SPACE = 26  # between two groups: space for an arrow


def project_lineage(project: Project, page: str) -> str:
    """The tables in a group per layer, from the sources downwards; `page` formats a link.

    Each group names the groups that it reads. A line per table would hide all of them.
    """
    label = "The lineage of the layers"
    return "\n".join(
        framed(_grouped(project, page, label, width), label, size)
        for size, width in (("wide", FULL), ("narrow", PHONE))
    )


def _grouped(project: Project, page: str, label: str, width: int) -> str:
    relations = [one for one in project.relations.values() if one.kind != "seed"]
    boxes: list[Box] = []
    frames, texts, sentences = [], [], []
    y, before = MARGIN, ""
    others = {_group(one) for one in relations} - set(GROUPS)
    names = [*GROUPS, *sorted(others)]
    for name in names:
        some = [one for one in relations if _group(one) == name]
        if not some:
            continue
        reads = {_group(read) for one in some for read in project.reads(one)} - {name}
        cell = width_of(one.name for one in some) + GAP
        across = max((width - GAP) // cell, 1)
        title, reading = _title(name), ", ".join(one for one in names if one in reads)
        texts.append(
            text(MARGIN + GAP, y + TITLE, f"{title}: {counted(len(some), 'table')}", "lane")
        )
        top = y + TITLE + GAP
        if reading:
            below = 0 if width == FULL else 18
            anchor, x = ("end", width - GAP) if width == FULL else ("start", MARGIN + GAP)
            texts.append(text(x, y + TITLE + below, f"reads {reading}", "note", anchor))
            top += below
            sentences.append(f"{title} reads {reading}.")
        for at, one in enumerate(some):
            left = MARGIN + GAP + at % across * cell
            place = top + at // across * (HEAD + GAP // 2)
            href, kind = page.format(one.name), one.layer
            boxes.append(Box(one.name, kind, href, left, place, cell - GAP))
        bottom = boxes[-1].y + HEAD + GAP
        frames.append(
            f'<rect class="group {some[0].layer}" x="{MARGIN}" y="{y}" width="{width - MARGIN}"'
            f' height="{bottom - y}" rx="8"/>'
        )
        if before in reads:
            middle = MARGIN + width // 2
            frames.append(f'<path class="arrow" d="M{middle - 8},{y - 18} h16 l-8,10 z"/>')
        y, before = bottom + SPACE, name
    return svg(
        "lineage layers", label, " ".join(sentences), boxes, frames, texts, (width, y - SPACE)
    )


def neighbours(project: Project, one: Relation, page: str) -> str:
    """What a table reads and what reads it, for a screen and for a phone; empty without any."""
    reads, read_by = project.reads(one), project.read_by(one)
    if not reads and not read_by:
        return ""
    label = f"The lineage of {one.name}"
    return "\n".join(
        framed(draw(label, one, reads, read_by, page), label, size)
        for draw, size in ((_beside, "wide"), (_below, "narrow"))
    )


def column_lineage(
    project: Project, one: Relation, columns: Iterable[str], lineage: Lineage, page: str
) -> str:
    """The columns that a table's columns come from directly; empty if they come from none."""
    origins: Mapping[str, set[ColumnId]] = {
        name: found for name in columns if (found := lineage[ColumnId(one.unique_id, name)].columns)
    }
    used: dict[str, list[str]] = {}
    for found in origins.values():
        for column in sorted(found):
            if column.column not in used.setdefault(column.relation, []):
                used[column.relation].append(column.column)
    if not used:
        return ""
    names = [project.relations[each].name for each in used]
    width = width_of(names, (row for rows in used.values() for row in rows))
    boxes, y = {}, MARGIN
    for unique_id, rows in used.items():
        read = project.relations[unique_id]
        href = page.format(read.name)
        boxes[unique_id] = Box(read.name, read.layer, href, MARGIN, y, width, tuple(rows))
        y += boxes[unique_id].height + GAP
    right, own = MARGIN + width + LANE + 20, tuple(origins)
    this = Box(one.name, one.layer, "", right, MARGIN, width_of([one.name], own), own)
    lines = [
        curve(
            Line(
                boxes[each.relation],
                this,
                f"{boxes[each.relation].name}.{each.column} → {one.name}.{name}",
                each.column,
                name,
            ),
            LANE // 2,
        )
        for name, found in origins.items()
        for each in sorted(found)
    ]
    label = f"The origin of the columns of {one.name}"
    description = "Each line leads from a column to a column that is computed from it."
    drawn = [*boxes.values(), this]
    return framed(svg("lineage columns", label, description, drawn, lines), label)


def _beside(
    label: str, one: Relation, reads: Sequence[Relation], read_by: Sequence[Relation], page: str
) -> str:
    """Three columns of boxes: what it reads, the table, and what reads it."""
    step = HEAD + GAP // 2
    height = max(len(reads), len(read_by), 1) * step
    x, placed, texts = MARGIN, [], []
    for title, some in (("reads", reads), ("", [one]), ("read by", read_by)):
        if not some:
            continue
        width = width_of(each.name for each in some)
        top = MARGIN + TITLE + (height - len(some) * step) // 2
        if title:
            texts.append(text(x, top - 8, title, "lane"))
        placed.append(
            [
                Box(each.name, _kind(each, one), _href(each, one, page), x, top + at * step, width)
                for at, each in enumerate(some)
            ]
        )
        x += width + LANE
    lines = [
        curve(Line(start, end, f"{start.name} → {end.name}"), LANE // 2)
        for left, right in pairwise(placed)
        for start in left
        for end in right
    ]
    drawn = [box for lane in placed for box in lane]
    return svg("lineage", label, _sentence(reads, read_by), drawn, lines, texts)


def _below(
    label: str, one: Relation, reads: Sequence[Relation], read_by: Sequence[Relation], page: str
) -> str:
    """One column of boxes, with a line at the left from each one to the table, or from it."""
    width, y = width_of(each.name for each in [*reads, one, *read_by]), MARGIN
    boxes: dict[str, Box] = {}
    texts = []
    for title, some in (("reads", reads), ("", [one]), ("read by", read_by)):
        if title and some:
            texts.append(text(MARGIN + RAIL, y + 14, title, "lane"))
            y += TITLE
        for each in some:
            kind, href = _kind(each, one), _href(each, one, page)
            boxes[each.unique_id] = Box(each.name, kind, href, MARGIN + RAIL, y, width)
            y += HEAD + GAP // 2
        y += GAP // 2
    this, rail = boxes[one.unique_id], MARGIN + ROW // 2
    lines = []
    for each in [*reads, *read_by]:
        start, end = boxes[each.unique_id].middle(), this.middle() + (-6 if each in reads else 6)
        left = MARGIN + RAIL
        path = f'd="M{left},{start} H{rail} V{end} H{left}"'
        lines.append(f'<path class="line" {path} fill="none"/>')
    drawn = list(boxes.values())
    return svg("lineage", label, _sentence(reads, read_by), drawn, lines, texts)


def _sentence(reads: Sequence[Relation], read_by: Sequence[Relation]) -> str:
    parts = [
        f"{title} {', '.join(one.name for one in some)}"
        for title, some in (("It reads", reads), ("It is read by", read_by))
        if some
    ]
    return ". ".join(parts) + "."


def _kind(each: Relation, one: Relation) -> str:
    return f"{each.layer} this" if each is one else each.layer


def _href(each: Relation, one: Relation, page: str) -> str:
    return "" if each is one else page.format(each.name)


def _group(one: Relation) -> str:
    """The folder of a table of silver; otherwise its layer."""
    return one.node["original_file_path"].split("/")[2] if one.layer == "silver" else one.layer


def _title(name: str) -> str:
    return name if name in LAYERS else f"silver, {name}"
