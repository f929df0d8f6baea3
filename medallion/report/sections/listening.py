"""What people listen to: plays, charts, and the catalogue behind them."""

from collections.abc import Sequence
from typing import Any

from medallion.page.blocks import (
    NOTHING,
    Block,
    Cell,
    Heading,
    Section,
    Table,
    cell,
    counted,
    day,
    number,
)
from medallion.page.charts import Column, bars, lines
from medallion.report.collect import Facts
from medallion.report.queries import DAYS, Rows
from medallion.report.sections.missing import empty


def listening(facts: Facts) -> Section:
    """Plays and hours per day, and who played them."""
    title = "Daily listening"
    parts = ("listening", "listening_country", "listening_plan", "listening_device")
    if without := empty(facts, "listening", title, *parts):
        return without
    rows = facts.answers["listening"]
    last, total = rows[-1], sum(row["streams"] for row in rows)
    lead = (
        f"On {day(last['date_day'])}, the newest day, there were {counted(last['streams'], 'play')}"
        f" of {last['hours']:,.1f} hours. The {counted(len(rows), 'day')} shown have {total:,}."
    )
    text = f"A line from {day(rows[0]['date_day'])} to {day(last['date_day'])}."
    at = Column("date_day")
    blocks: list[Block] = [
        lines("Plays per day", text, rows, at, [Column("streams", "plays")]),
        Table(
            ["Day", "Plays", "Hours"],
            [
                [Cell(day(row["date_day"])), cell(row["streams"]), number(f"{row['hours']:,.1f}")]
                for row in reversed(rows)
            ],
            summary="Plays and hours of each day",
        ),
    ]
    for name, of in (("country", "country"), ("plan", "plan"), ("device", "device")):
        data = facts.answers[f"listening_{name}"]
        top = f"Plays of the last 28 days by {of}"
        if len(data) >= 10:
            top += ", the first 10"
        blocks.append(bars(top, f"A bar per {of}.", data, Column("label"), Column("streams")))
    return Section("listening", title, lead, blocks, short="Listening")


def top_charts(facts: Facts) -> Section:
    """The newest week's tracks and artists, with their places in the week before."""
    title = "Top charts"
    if without := empty(facts, "charts", title, "tracks", "artists"):
        return without
    week = facts.answers["tracks"][0]["week_start"]
    first = facts.answers["tracks"][0]
    lead = (
        f"In the week of {day(week)}, “{first['track_name'] or 'a track without a title'}” by "
        f"{first['artist_name'] or 'an unknown artist'} leads with "
        f"{counted(first['streams'], 'play')}. The newest week may not be over."
    )
    blocks: list[Block] = []
    for name, columns_ in (
        ("tracks", ("track_name", "artist_name")),
        ("artists", ("artist_name",)),
    ):
        blocks += [Heading(name.capitalize()), _chart_table(facts.answers[name], columns_)]
    return Section("charts", title, lead, blocks, short="Charts")


def _chart_table(rows: Rows, names: Sequence[str]) -> Table:
    newest = max(row["week_start"] for row in rows)
    before = {_names(row, names): row["rank"] for row in rows if row["week_start"] != newest}

    def moved(row: dict[str, Any]) -> Cell:
        place = before.get(_names(row, names))
        if place is None:
            return Cell("new" if before else NOTHING)
        change = place - row["rank"]
        return Cell(f"▲ {change}" if change > 0 else f"▼ {-change}" if change < 0 else "=")

    head = ["Place", *(name.partition("_")[0].capitalize() for name in names)]
    return Table(
        [*head, "Plays", "Listeners", "Before"],
        [
            [
                cell(row["rank"]),
                *(cell(row[name]) for name in names),
                cell(row["streams"]),
                cell(row["listeners"]),
                moved(row),
            ]
            for row in rows
            if row["week_start"] == newest
        ],
        "“Before” compares with the first places of the week before.",
    )


def _names(row: dict[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def catalogue(facts: Facts) -> Section:
    """The plays that the catalogue of tracks and artists cannot explain."""
    title = "Catalogue"
    if without := empty(facts, "catalogue", title, "catalogue"):
        return without
    row = facts.answers["catalogue"][0]
    if not row["streams"]:
        return Section("catalogue", title, "There are no plays yet.")
    kinds = (
        ("unknown_tracks", "of unknown tracks"),
        ("unknown_artists", "of unknown artists"),
        ("incomplete", "of tracks without title, artist or length"),
        ("longer", "longer than their track"),
    )
    body = [
        [Cell(f"Plays {text}"), cell(row[name]), number(f"{row[name] / row['streams']:.2%}")]
        for name, text in kinds
    ]
    known = 1 - row["unknown_tracks"] / row["streams"]
    lead = f"The catalogue knows the track of {known:.2%} of the plays of the last {DAYS} days."
    return Section("catalogue", title, lead, [Table(["", "Plays", "Share"], body)])
