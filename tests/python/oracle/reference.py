"""The dimensions of the GitHub files: the versions of plans and markets, and the price of a plan.

A `Listing` is one landed state of a file: when it landed (UTC), and its lines. A snapshot is taken
of each, in the order in which they landed.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from oracle.dimensions import BEGINNING, END, UNKNOWN, Version, version_at

PLANS, MARKETS = "subscription_plans", "markets"
COLUMNS = {
    PLANS: ("plan", "monthly_price", "currency", "max_devices"),
    MARKETS: ("country", "iso_code", "region", "currency"),
}
TEXTS = {"plan", "currency", "country", "iso_code", "region"}


class Listing(NamedTuple):
    """A GitHub file as it landed."""

    landed_at: datetime
    lines: list[dict[str, Any]]


Listings = dict[str, list[Listing]]  # file -> its landed states, in any order


def reference_versions(listings: list[Listing], file: str) -> dict[str, list[Version]]:
    """Each key's versions in time order: from the listing that first had it to one that has not."""
    key, *attributes = COLUMNS[file]
    versions: dict[str, list[Version]] = {}
    for listing in sorted(listings, key=lambda listing: listing.landed_at):
        lines = {line[key]: line for line in listing.lines}
        for own in versions.values():
            last = own[-1]
            line = lines.get(last[key])
            if last["is_current"] and (line is None or any(line[c] != last[c] for c in attributes)):
                last |= {"valid_to": listing.landed_at, "is_current": False}
        for value, line in lines.items():
            own = versions.setdefault(value, [])
            if not own or not own[-1]["is_current"]:
                bounds = {"valid_from": listing.landed_at, "valid_to": END, "is_current": True}
                own.append({column: line[column] for column in COLUMNS[file]} | bounds)
    return versions


def dim_subscription_plan(listings: Listings) -> list[Version]:
    """One row per version of a plan, and the unknown member."""
    return _with_unknown(listings[PLANS], PLANS)


def dim_market(listings: Listings) -> list[Version]:
    """One row per version of a market, and the unknown member."""
    return _with_unknown(listings[MARKETS], MARKETS)


def _with_unknown(listings: list[Listing], file: str) -> list[Version]:
    unknown: Version = {column: UNKNOWN if column in TEXTS else None for column in COLUMNS[file]}
    unknown |= {"valid_from": BEGINNING, "valid_to": END, "is_current": True}
    known = reference_versions(listings, file).values()
    return [unknown, *(version for own in known for version in own)]


def plan_at(
    versions: dict[str, list[Version]], plan: str | None, moment: datetime
) -> Version | None:
    """The version of a plan at a moment; before its first version, the first; None if not known."""
    return None if plan is None else version_at(versions, plan, moment)


def name_of(plan: Version | None) -> tuple[str, datetime]:
    """How a row names a plan's version: by plan and start; the unknown member if there is none."""
    return (plan["plan"], plan["valid_from"]) if plan else (UNKNOWN, BEGINNING)


def price_of(plan: Version | None) -> Decimal | None:
    """The monthly price of a plan's version; None if it is not known."""
    return plan["monthly_price"] if plan else None


def currency_of(plan: Version | None) -> str | None:
    """The currency of a plan's price; None if it is not known."""
    return plan["currency"] if plan else None
