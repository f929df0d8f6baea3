"""Subscribers and recurring revenue per plan."""

from collections.abc import Iterator
from typing import Any

from medallion.page.blocks import (
    NOTHING,
    Block,
    Cell,
    Note,
    Section,
    Table,
    cell,
    counted,
    day,
    listed,
    number,
)
from medallion.page.charts import Chart, Column, areas
from medallion.report.collect import Facts
from medallion.report.queries import Rows
from medallion.report.sections.missing import empty


def revenue(facts: Facts) -> Section:
    """Subscribers and recurring revenue per plan."""
    title = "Revenue"
    if without := empty(facts, "revenue", title, "revenue"):
        return without
    rows = facts.answers["revenue"]
    newest = rows[-1]["date_day"]
    now = [row for row in rows if row["date_day"] == newest]
    sums: dict[str, float] = {}
    for row in now:
        if row["recurring_revenue"] is not None:
            sums[row["currency"]] = sums.get(row["currency"], 0) + row["recurring_revenue"]
    money = listed([f"{amount:,.2f} {currency}" for currency, amount in sums.items() if amount])
    subscribers = sum(row["subscribers"] for row in now)
    lead = (
        f"On {day(newest)}, the day of the last movement, {counted(subscribers, 'subscriber')} pay "
        f"{money or 'nothing'} per month at list prices."
    )
    blocks: list[Block] = []
    unpriced = [row["plan"] for row in now if row["recurring_revenue"] is None]
    if unpriced:
        blocks.append(Note(f"The revenue lacks plans without a list price: {listed(unpriced)}."))
    blocks += [chart for currency in sums for chart in _charts(rows, currency)]
    blocks.append(_plans_table(rows, now))
    return Section("revenue", title, lead, blocks)


def _charts(rows: Rows, currency: str) -> Iterator[Chart]:
    """The revenue in one currency; none if all its plans are free."""
    data = [row for row in rows if row["currency"] == currency and row["recurring_revenue"]]
    plans = tuple(dict.fromkeys(row["plan"] for row in data))
    if plans:
        top = f"Recurring revenue per month by plan, in {currency}"
        text = f"Stacked areas of the revenue of {counted(len(plans), 'plan')}."
        amount = Column("recurring_revenue", format=",.0f")
        yield areas(top, text, data, Column("date_day"), amount, Column("plan", domain=plans))


def _plans_table(rows: Rows, now: Rows) -> Table:
    head = ["Plan", "Subscribers", "Price", "Revenue per month", "Gained", "Upgrades", "Downgrades"]
    body = [
        [
            Cell(row["plan"]),
            cell(row["subscribers"]),
            number(_price(row)),
            number(_money(row)),
            *(
                cell(sum(one[name] for one in rows if one["plan"] == row["plan"]))
                for name in ("gained", "upgrades", "downgrades", "cancellations")
            ),
        ]
        for row in now
    ]
    caption = "Gained are sign-ups and returns. The movements are those of the days shown"
    caption += f", {counted(len({row['date_day'] for row in rows}), 'day')}."
    return Table([*head, "Cancellations"], body, caption)


def _price(row: dict[str, Any]) -> str:
    if row["recurring_revenue"] is None or not row["subscribers"]:
        return NOTHING
    return f"{row['recurring_revenue'] / row['subscribers']:,.2f}"


def _money(row: dict[str, Any]) -> str:
    if row["recurring_revenue"] is None:
        return NOTHING
    return f"{row['recurring_revenue']:,.2f} {row['currency']}"
