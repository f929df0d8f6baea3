"""Generate the states of the GitHub files over time, and the batch in which each state lands.

The time of a listing is when it landed in the lake, not the batch in which a build first reads it.
So several arrive at once, and some arrive late. In each listing some plans, own and common ones,
change their price, leave or return. Some lines are bad, duplicated or contradictory.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from conformance.place import World
from oracle.reference import COLUMNS, MARKETS, PLANS, Listing, said

PRICES = (("Basic", "5.00"), ("Plus", "9.99"), ("Twin", "9.99"))  # `Secret` is in no listing
COMMON_PLANS = (("Free", "0.00"), ("Premium", "11.99"), ("Family", "19.99"))
OTHER_PRICES = ("0.00", "4.00", "9.99", "12.00")
COUNTRIES = (("Norway", "NO", "NOK"), ("Chile", "CL", "CLP"), ("Unknown", "XX", "XXX"))
REGIONS = ("North", "South", "Nordics")
LISTS = 10  # of each file, in addition to the odd ones
FIRST_LIST = datetime(2005, 1, 1)
MILLISECOND = timedelta(milliseconds=1)
Line = dict[str, Any]


class Delivery(NamedTuple):
    """A state of a file, and the batch in which it lands."""

    batch: int
    file: str
    listing: Listing


def chronicle(seed: int, world: World, groups: int, batches: int) -> list[Delivery]:
    """All listings of a run, with plans for this many groups. Equal arguments give equal listings.

    Most have the millisecond of a user's commit, or the one before or after it.
    """
    dice = random.Random(f"{seed}/lists")
    plans = [*COMMON_PLANS, *((f"{p} {n}", price) for n in range(groups) for p, price in PRICES)]
    priced = [_plan(plan, price) for plan, price in plans]
    markets = [
        {"country": country, "iso_code": code, "region": "North", "currency": currency}
        for country, code, currency in COUNTRIES
    ]
    states = [*_states(dice, PLANS, priced, _moments(dice, world))]
    states += [*_states(dice, MARKETS, markets, _moments(dice, world))]
    found = [
        Delivery(0 if listing.landed_at == FIRST_LIST else dice.randrange(batches), file, listing)
        for file, listing in states
    ]
    return [*found, *(_overwriting(found, file) for file in COLUMNS if batches > 1)]


def _plan(plan: str, price: str) -> Line:
    return {"plan": plan, "monthly_price": Decimal(price), "currency": "EUR", "max_devices": 1}


def _moments(dice: random.Random, world: World) -> list[datetime]:
    """The landing times of the listings, in order: half of them in the crowded first era."""
    commits = {
        (place.era, place.moment(change["_commit_time"]))
        for number, place in world.places.items()
        for change in world.scenarios[number].changes
        if change["table"] == "DimUser" and change["_commit_time"] is not None
    }
    first = sorted({moment for era, moment in commits if era == 0})
    every = sorted({moment for _, moment in commits}) or [datetime(2025, 1, 1)]
    chosen = dice.sample(first, min(LISTS // 2, len(first)))
    chosen += dice.sample(every, min(LISTS - len(chosen), len(every)))
    moments = {
        moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        + dice.choice([-1, 0, 0, 1]) * MILLISECOND
        for moment in chosen
    }
    return [FIRST_LIST, *sorted(moments)]


def _states(
    dice: random.Random, file: str, lines: Sequence[Line], moments: Sequence[datetime]
) -> Iterator[tuple[str, Listing]]:
    """The listings of a file in time order. Some have the same time, and two are odd."""
    of_key = COLUMNS[file][0]
    stays = {line[of_key]: line for line in lines}
    first, last = lines[0][of_key], lines[-1][of_key]
    odd = dice.randrange(1, max(2, len(moments) - 2))
    for number, moment in enumerate(moments):
        listed: list[Line] = []
        for key, line in stays.items():
            listed += _said(dice, file, key, line, stays)
        if number in (odd, odd + 2):  # every key; one key twice; one key with two values
            other = stays[last] | {COLUMNS[file][-1]: None}
            listed = [*stays.values(), stays[first], *([other] if number == odd else [])]
        if number == odd + 1:
            listed = [stays[first], *(line for line in listed if line[of_key] != last)]
        if not said(Listing(moment, listed), file):
            listed = [*stays.values()]
        dice.shuffle(listed)
        yield file, Listing(moment, listed, f"b{_name(dice)}")
        if number == odd:
            yield file, Listing(moment, listed[: len(listed) // 2 + 1], f"a{_name(dice)}")
            nameless = [line | {of_key: None} for line in listed[:3]]
            yield file, Listing(moment, nameless, f"c{_name(dice)}")
            yield file, Listing(moment + MILLISECOND, [], f"d{_name(dice)}")


def _name(dice: random.Random) -> str:
    return f"{dice.getrandbits(64):016x}"


def _said(
    dice: random.Random, file: str, key: str, line: Line, stays: dict[str, Line]
) -> Iterator[Line]:
    """A listing's lines for a key: usually those of the previous listing, kept in `stays`."""
    roll = dice.random()
    if roll < 0.12:  # missing in this listing
        return
    if roll < 0.3:
        stays[key] = line = _changed(dice, file, line)
    elif roll < 0.33:
        yield line
    elif roll < 0.36:
        yield _changed(dice, file, line)
    elif roll < 0.4 and file == PLANS:
        yield line | {"monthly_price": Decimal("-1.00")}
        if roll < 0.38:
            return
    yield line


def _changed(dice: random.Random, file: str, line: Line) -> Line:
    if file == MARKETS:
        return line | {"region": dice.choice([*REGIONS, None])}
    if dice.random() < 0.2:
        return line | {"max_devices": dice.choice([1, 2, None])}
    if dice.random() < 0.2:
        return line | {"currency": dice.choice(["EUR", "NOK", None])}
    price = dice.choice([*OTHER_PRICES, None])
    return line | {"monthly_price": None if price is None else Decimal(price)}


def _overwriting(found: Sequence[Delivery], file: str) -> Delivery:
    """A file that landed in the first batch lands again in the next one with half of its lines."""
    first = next(one for one in found if one.file == file and one.batch == 0)
    lines = first.listing.lines[::2]
    landed_at = max(one.listing.landed_at for one in found if one.file == file) + MILLISECOND
    return Delivery(1, file, Listing(landed_at, lines, first.listing.name))


# --- the kinds of events in the listings ------------------------------------------------------


def kinds_of_lists(delivered: Sequence[Delivery]) -> set[str]:
    """The names of the kinds that occur in the listings of each file, with the file's name."""
    found: set[str] = set()
    for file in COLUMNS:
        own = [one for one in delivered if one.file == file]
        found |= {f"{file}: {kind}" for kind in _kinds(file, own)}
    return found


def _kinds(file: str, own: Sequence[Delivery]) -> Iterator[str]:
    key = COLUMNS[file][0]
    if max(Counter(one.batch for one in own).values()) > 1:
        yield "several in a batch"
    times = sorted((one.batch, one.listing.landed_at) for one in own)
    if any(
        one[0] < other[0] and one[1] > other[1] for one in times for other in times if one != other
    ):
        yield "late"
    if len({one.listing.landed_at for one in own}) < len(own):
        yield "two at one time"
    if len({one.listing.name for one in own}) < len(own):
        yield "a file overwritten"
    if any(not one.listing.lines for one in own):
        yield "without a line"
    if any(one.listing.lines and not said(one.listing, file) for one in own):
        yield "without a good line"
    in_order = sorted((one.listing for one in own if said(one.listing, file)), key=_time)
    present = [{line[key] for line in listing.lines} for listing in in_order]
    for value in set().union(*present):
        there = [value in one for one in present]
        if True in there and False in there[there.index(True) :]:
            gone = there.index(False, there.index(True))
            if True in there[gone:]:
                yield "left and returned"
    for listing in in_order:
        lines = Counter(line[key] for line in listing.lines)
        sayings = said(listing, file)
        if any(count > 1 and value in sayings for value, count in lines.items()):
            yield "a key twice alike, or beside a bad line"
        if any(count > 1 and value not in sayings for value, count in lines.items()):
            yield "a key twice with different values"


def _time(listing: Listing) -> datetime:
    return listing.landed_at


LIST_KINDS = {
    f"{file}: {kind}"
    for file in COLUMNS
    for kind in (
        "several in a batch",
        "late",
        "two at one time",
        "a file overwritten",
        "without a line",
        "without a good line",
        "left and returned",
        "a key twice alike, or beside a bad line",
        "a key twice with different values",
    )
}
