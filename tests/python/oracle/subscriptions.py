"""Subscriptions: the plan changes of each user, and each plan's daily figures."""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from oracle.changes import History
from oracle.dimensions import UNKNOWN, Version, versions_by_key
from oracle.facts import date_key_of
from oracle.reference import (
    PLANS,
    Listings,
    currency_of,
    name_of,
    plan_at,
    price_of,
    reference_versions,
)

MEASURES = {
    "opening": "openings",
    "sign_up": "sign_ups",
    "return": "returns",
    "upgrade": "upgrades",
    "downgrade": "downgrades",
    "switch": "switches",
}
CARRIED = timedelta(weeks=520)  # how long a plan without movements is reported


def plan_of(version: Version | None) -> str | None:
    """The plan of a version's subscription; None without a subscription."""
    if version is None or version["end_date"] is not None:
        return None
    return UNKNOWN if version["subscription_type"] is None else version["subscription_type"]


def _boundaries(own: list[Version]) -> list[tuple[datetime, Version | None]]:
    """The states of a user's account with their start; None where the account was deleted."""
    states: list[tuple[datetime, Version | None]] = []
    for version, following in zip(own, [*own[1:], None], strict=True):
        states.append((version["valid_from"], version))
        ended_by_a_delete = not version["is_current"] and (
            following is None or following["valid_from"] != version["valid_to"]
        )
        if ended_by_a_delete:
            states.append((version["valid_to"], None))
    return states


def _first_kind(version: Version, own: list[Version]) -> str:
    """'Opening' if the account subscribed when first seen and had begun long before."""
    began, seen = version["start_date"], version["valid_from"].date()
    long_before = began is not None and (seen - began).days > 1
    return "opening" if version is own[0] and long_before else "sign_up"


def _kind_of_change(left: Version | None, taken: Version | None) -> str:
    """The kind of a change between plans, by the prices of their versions, which may be unknown."""
    before, after = price_of(left), price_of(taken)
    comparable = currency_of(left) == currency_of(taken)
    if not comparable or before is None or after is None or before == after:
        return "switch"
    return "upgrade" if after > before else "downgrade"


def fct_subscription_changes(history: History, listings: Listings) -> list[dict[str, Any]]:
    """One row per plan change of a user. Natural key and start identify a version."""
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
            if after is None or version is None:
                movement = "cancel"
            elif plan is None:
                movement = "return" if had_one else _first_kind(version, own)
            else:
                movement = _kind_of_change(left, taken)
            rows.append(
                {
                    "user_version": (user_id, named["valid_from"]),
                    "from_plan_version": name_of(left),
                    "to_plan_version": name_of(taken),
                    "date_key": date_key_of(moment.date()),
                    "user_id": user_id,
                    "changed_at": moment,
                    "movement": movement,
                    "from_plan": plan,
                    "to_plan": after,
                    "from_monthly_price": price_of(left),
                    "to_monthly_price": price_of(taken),
                    "from_currency": currency_of(left),
                    "to_currency": currency_of(taken),
                }
            )
            plan, had_one = after, True
    return rows


def _last_day(history: History, listings: Listings) -> date:
    """The last day on which a version of an account or of a plan began or ended."""
    accounts = versions_by_key(history, "DimUser")
    plans = reference_versions(listings[PLANS], PLANS)
    versions = [version for own in (*accounts.values(), *plans.values()) for version in own]
    ended = (version["valid_to"] for version in versions if not version["is_current"])
    return max((*ended, *(version["valid_from"] for version in versions))).date()


def mart_subscription_movements(history: History, listings: Listings) -> list[dict[str, Any]]:
    """Per plan and day from its first movement: arrivals, departures, subscribers and revenue."""
    moved: dict[str, dict[date, Counter]] = defaultdict(lambda: defaultdict(Counter))
    for row in fct_subscription_changes(history, listings):
        day, kind = row["changed_at"].date(), row["movement"]
        if row["to_plan"] is not None:
            moved[row["to_plan"]][day][MEASURES[kind]] += 1
        if row["from_plan"] is not None:
            left = "cancellations" if kind == "cancel" else "departures"
            moved[row["from_plan"]][day][left] += 1
    if not moved:
        return []
    priced = reference_versions(listings[PLANS], PLANS)
    end = _last_day(history, listings)
    rows = []
    for plan, days in moved.items():
        subscribers, moves = 0, sorted(days)
        for day, next_day in zip(moves, [*moves[1:], None], strict=True):
            counts = days[day]
            arrived = sum(counts[measure] for measure in MEASURES.values())
            subscribers += arrived - counts["departures"] - counts["cancellations"]
            rows.append(_movement_row(priced, plan, day, counts, subscribers))
            quiet = (next_day - day).days - 1 if next_day else (end - day).days
            for offset in range(1, min(quiet, CARRIED.days) + 1):
                quiet_day = day + timedelta(days=offset)
                rows.append(_movement_row(priced, plan, quiet_day, Counter(), subscribers))
    return rows


def _movement_row(
    priced: dict[str, list[Version]], plan: str, day: date, counts: Counter, subscribers: int
) -> dict[str, Any]:
    """A plan's row for a day, at the price of the day's last microsecond."""
    version = plan_at(priced, plan, datetime.combine(day, time.max))
    price, currency = price_of(version), currency_of(version)
    return (
        {"date_day": day, "plan": plan}
        | {measure: counts[measure] for measure in MEASURES.values()}
        | {
            "departures": counts["departures"],
            "cancellations": counts["cancellations"],
            "subscribers": subscribers,
            "monthly_price": price,
            "recurring_revenue": None if price is None else Decimal(subscribers) * price,
            "currency": UNKNOWN if currency is None else currency,
        }
    )
