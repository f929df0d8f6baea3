"""The dimensions of the GitHub files: the versions of plans and markets, and a plan's price.

A `Listing` is one landed state of a file: its landing time (UTC), its lines, and its name. It is
the complete list as of that time, whenever it is read.
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
    name: str = ""


Listings = dict[str, list[Listing]]  # file -> its landed states, in any order


def reference_versions(listings: list[Listing], file: str) -> dict[str, list[Version]]:
    """Each key's versions in time order, from its first listing to the first listing without it."""
    key, *attributes = COLUMNS[file]
    versions: dict[str, list[Version]] = {}
    for landed_at, listing in _counted(listings, file):
        sayings = said(listing, file)
        present = {line[key] for line in listing.lines}
        for own in versions.values():
            last = own[-1]
            saying = sayings.get(last[key])
            is_other = saying is not None and saying != tuple(last[c] for c in attributes)
            if last["is_current"] and (is_other or last[key] not in present):
                last |= {"valid_to": landed_at, "is_current": False}
        for value, saying in sayings.items():
            own = versions.setdefault(value, [])
            if not own or not own[-1]["is_current"]:
                bounds = {"valid_from": landed_at, "valid_to": END, "is_current": True}
                own.append({key: value} | dict(zip(attributes, saying, strict=True)) | bounds)
    return {value: own for value, own in versions.items() if own}


def said(listing: Listing, file: str) -> dict[str, tuple]:
    """The values of each key in a listing, without bad lines and contradictory lines."""
    key, *attributes = COLUMNS[file]
    found: dict[str, set[tuple]] = {}
    for line in listing.lines:
        if is_good(line, file):
            found.setdefault(line[key], set()).add(tuple(line[column] for column in attributes))
    return {value: min(sayings) for value, sayings in found.items() if len(sayings) == 1}


def is_good(line: dict[str, Any], file: str) -> bool:
    """Whether no rule quarantines the line: it has a key, and its price is not negative."""
    price = line.get("monthly_price")
    return line[COLUMNS[file][0]] not in (None, "") and (price is None or price >= 0)


def _counted(listings: list[Listing], file: str) -> list[tuple[datetime, Listing]]:
    """The listings with good lines, in time order; of those with one time, the last by name."""
    saying = [one for one in listings if said(one, file)]
    by_time = {one.landed_at: one for one in sorted(saying, key=lambda one: one.name)}
    return sorted(by_time.items(), key=lambda item: item[0])


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
    """The version of a plan at a moment; before the first version, the first; None if unknown."""
    return None if plan is None else version_at(versions, plan, moment)


def name_of(plan: Version | None) -> tuple[str, datetime]:
    """The plan and start that identify a plan's version; the unknown member for None."""
    return (plan["plan"], plan["valid_from"]) if plan else (UNKNOWN, BEGINNING)


def price_of(plan: Version | None) -> Decimal | None:
    """The monthly price of a plan's version; None if unknown."""
    return plan["monthly_price"] if plan else None


def currency_of(plan: Version | None) -> str | None:
    """The currency of a plan's price; None if unknown."""
    return plan["currency"] if plan else None
