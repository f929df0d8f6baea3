"""Subscriptions: the plan changes of each user, and what they make of each plan day by day."""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from oracle.changes import History
from oracle.dimensions import UNKNOWN, Version, versions_by_key
from oracle.facts import date_key_of
from oracle.reference import PLANS, Listings, name_of, plan_at, price_of, reference_versions

MEASURES = {
    "sign_up": "sign_ups",
    "return": "returns",
    "upgrade": "upgrades",
    "downgrade": "downgrades",
    "switch": "switches",
}
MICROSECOND = timedelta(microseconds=1)


def plan_of(version: Version | None) -> str | None:
    """The plan that a version subscribes to; None if it does not."""
    if version is None or version["end_date"] is not None:
        return None
    return UNKNOWN if version["subscription_type"] is None else version["subscription_type"]


def _boundaries(own: list[Version]) -> list[tuple[datetime, Version | None]]:
    """What a user's account becomes, and when; None where it was deleted."""
    told: list[tuple[datetime, Version | None]] = []
    for version, following in zip(own, [*own[1:], None], strict=True):
        told.append((version["valid_from"], version))
        ended_by_a_delete = not version["is_current"] and (
            following is None or following["valid_from"] != version["valid_to"]
        )
        if ended_by_a_delete:
            told.append((version["valid_to"], None))
    return told


def _kind_of(before: str | None, after: str | None, had_one: bool, prices: tuple) -> str:
    if before is None:
        return "return" if had_one else "sign_up"
    if after is None:
        return "cancel"
    if None in prices or prices[0] == prices[1]:
        return "switch"
    return "upgrade" if prices[1] > prices[0] else "downgrade"


def fct_subscription_changes(history: History, listings: Listings) -> list[dict[str, Any]]:
    """One row per plan change of a user. Versions are named by natural key and start."""
    priced = reference_versions(listings[PLANS], PLANS)
    rows = []
    for user_id, own in versions_by_key(history, "DimUser").items():
        plan, had_one, last = None, False, own[0]
        for moment, version in _boundaries(own):
            after = plan_of(version)
            named, last = version or last, version or last
            if after == plan:
                continue
            left, taken = plan_at(priced, plan, moment), plan_at(priced, after, moment)
            prices = (price_of(left), price_of(taken))
            rows.append(
                {
                    "user_version": (user_id, named["valid_from"]),
                    "from_plan_version": name_of(left),
                    "to_plan_version": name_of(taken),
                    "date_key": date_key_of(moment.date()),
                    "user_id": user_id,
                    "changed_at": moment,
                    "movement": _kind_of(plan, after, had_one, prices),
                    "from_plan": plan,
                    "to_plan": after,
                    "from_monthly_price": prices[0],
                    "to_monthly_price": prices[1],
                }
            )
            plan, had_one = after, True
    return rows


def mart_subscription_movements(history: History, listings: Listings) -> list[dict[str, Any]]:
    """Per day and plan with a movement: arrivals, leavings, subscribers and revenue at its end."""
    moved: dict[str, dict[date, Counter]] = defaultdict(lambda: defaultdict(Counter))
    for row in fct_subscription_changes(history, listings):
        day, kind = row["changed_at"].date(), row["movement"]
        if row["to_plan"] is not None:
            moved[row["to_plan"]][day][MEASURES[kind]] += 1
        if row["from_plan"] is not None:
            left = "cancellations" if kind == "cancel" else "departures"
            moved[row["from_plan"]][day][left] += 1
    priced = reference_versions(listings[PLANS], PLANS)
    rows = []
    for plan, days in moved.items():
        subscribers = 0
        for day in sorted(days):
            counts = days[day]
            arrived = sum(counts[measure] for measure in MEASURES.values())
            subscribers += arrived - counts["departures"] - counts["cancellations"]
            midnight = datetime.combine(day + timedelta(days=1), time())
            price = price_of(plan_at(priced, plan, midnight - MICROSECOND))
            rows.append(
                {"date_day": day, "plan": plan}
                | {measure: counts[measure] for measure in MEASURES.values()}
                | {
                    "departures": counts["departures"],
                    "cancellations": counts["cancellations"],
                    "subscribers": subscribers,
                    "monthly_price": price,
                    "recurring_revenue": None if price is None else Decimal(subscribers) * price,
                }
            )
    return rows
