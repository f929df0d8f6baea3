"""Subscribers and recurring revenue per plan."""

from typing import Any

from medallion.report.blocks import (
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
from medallion.report.charts import Column, areas
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
    plans = tuple(dict.fromkeys(row["plan"] for row in rows))
    blocks: list[Block] = []
    unpriced = [row["plan"] for row in now if row["recurring_revenue"] is None]
    if unpriced:
        blocks.append(Note(f"The revenue lacks plans without a list price: {listed(unpriced)}."))
    for currency in sums:
        data = [
            row
            for row in rows
            if row["currency"] == currency and row["recurring_revenue"] is not None
        ]
        top = f"Recurring revenue per month by plan, in {currency}"
        text = f"Stacked areas of the revenue of {counted(len(plans), 'plan')}."
        by_plan = Column("plan", domain=tuple(one for one in plans if _has(data, one)))
        if any(row["recurring_revenue"] for row in data):
            amount = Column("recurring_revenue", format=",.0f")
            blocks.append(areas(top, text, data, Column("date_day"), amount, by_plan))
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
    blocks.append(Table([*head, "Cancellations"], body, caption))
    return Section("revenue", title, lead, blocks)


def _has(rows: Rows, plan: str) -> bool:
    return any(row["plan"] == plan and row["recurring_revenue"] for row in rows)


def _price(row: dict[str, Any]) -> str:
    if row["recurring_revenue"] is None or not row["subscribers"]:
        return NOTHING
    return f"{row['recurring_revenue'] / row['subscribers']:,.2f}"


def _money(row: dict[str, Any]) -> str:
    if row["recurring_revenue"] is None:
        return NOTHING
    return f"{row['recurring_revenue']:,.2f} {row['currency']}"
