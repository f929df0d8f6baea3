"""Date functions; each formats its result as `o` unless told otherwise."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.functions.registry import function, integer, text
from medallion.local.factory.moments import (
    TICKS_PER_SECOND,
    Moment,
    add_months,
    from_datetime,
    now,
    parse,
    show,
)
from medallion.local.factory.values import is_number

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}

# Windows' names of time zones, which Data Factory uses, as IANA's.
# Source: https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml
ZONES = {
    "UTC": "UTC",
    "GMT Standard Time": "Europe/London",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Romance Standard Time": "Europe/Paris",
    "E. Europe Standard Time": "Europe/Chisinau",
    "GTB Standard Time": "Europe/Bucharest",
    "FLE Standard Time": "Europe/Kiev",
    "Turkey Standard Time": "Europe/Istanbul",
    "Russian Standard Time": "Europe/Moscow",
    "Israel Standard Time": "Asia/Jerusalem",
    "Egypt Standard Time": "Africa/Cairo",
    "South Africa Standard Time": "Africa/Johannesburg",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "E. Africa Standard Time": "Africa/Nairobi",
    "Arab Standard Time": "Asia/Riyadh",
    "Arabian Standard Time": "Asia/Dubai",
    "Pakistan Standard Time": "Asia/Karachi",
    "India Standard Time": "Asia/Kolkata",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "SE Asia Standard Time": "Asia/Bangkok",
    "China Standard Time": "Asia/Shanghai",
    "Singapore Standard Time": "Asia/Singapore",
    "Taipei Standard Time": "Asia/Taipei",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Korea Standard Time": "Asia/Seoul",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "E. Australia Standard Time": "Australia/Brisbane",
    "W. Australia Standard Time": "Australia/Perth",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Alaskan Standard Time": "America/Anchorage",
    "Pacific Standard Time": "America/Los_Angeles",
    "US Mountain Standard Time": "America/Phoenix",
    "Mountain Standard Time": "America/Denver",
    "Central Standard Time": "America/Chicago",
    "Eastern Standard Time": "America/New_York",
    "Atlantic Standard Time": "America/Halifax",
    "Newfoundland Standard Time": "America/St_Johns",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Standard Time": "America/Buenos_Aires",
    "SA Pacific Standard Time": "America/Bogota",
}


def _format(name: str, position: int, form: Any) -> str:
    return text(name, position, form) if form is not None else "o"


def _ticks(name: str, position: int, amount: Any, seconds: int) -> int:
    if is_number(amount):
        return int(amount * seconds * TICKS_PER_SECOND)
    return integer(name, position, amount)


def _register_addition(name: str, seconds: int) -> None:
    @function(name, 2, 3)
    def add(value: Any, amount: Any, form: Any = None) -> str:
        later = parse(name, value).plus(_ticks(name, 2, amount, seconds))
        return show(later, _format(name, 3, form))


_register_addition("addDays", 86400)
_register_addition("addHours", 3600)
_register_addition("addMinutes", 60)
_register_addition("addSeconds", 1)


def _shift(name: str, moment: Moment, count: int, unit: str) -> Moment:
    kind = unit.lower()
    if kind in SECONDS:
        return moment.plus(count * SECONDS[kind] * TICKS_PER_SECOND)
    if kind in ("month", "year"):
        return add_months(moment, count * (12 if kind == "year" else 1))
    raise ExpressionError(
        f"The template function '{name}' knows no time unit '{unit}'; "
        "use Second, Minute, Hour, Day, Week, Month or Year."
    )


def _register_shift(name: str, sign: int) -> None:
    @function(name, 3, 4)
    def shift(value: Any, interval: Any, unit: Any, form: Any = None) -> str:
        count = sign * integer(name, 2, interval)
        moved = _shift(name, parse(name, value), count, text(name, 3, unit))
        return show(moved, _format(name, 4, form))


_register_shift("addToTime", 1)
_register_shift("subtractFromTime", -1)


def _register_relative(name: str, sign: int) -> None:
    @function(name, 2, 3)
    def relative(interval: Any, unit: Any, form: Any = None) -> str:
        moved = _shift(name, now(), sign * integer(name, 1, interval), text(name, 2, unit))
        return show(moved, _format(name, 3, form))


_register_relative("getFutureTime", 1)
_register_relative("getPastTime", -1)


def _register_start(name: str, cut: Callable[[dt.datetime], dt.datetime]) -> None:
    @function(name, 1, 2)
    def start(value: Any, form: Any = None) -> str:
        moment = parse(name, value)
        begun = cut(moment.datetime).replace(minute=0, second=0, microsecond=0)
        return show(from_datetime(begun, moment.utc), _format(name, 2, form))


_register_start("startOfHour", lambda when: when)
_register_start("startOfDay", lambda when: when.replace(hour=0))
_register_start("startOfMonth", lambda when: when.replace(day=1, hour=0))


@function("utcNow", 0, 1)
def utc_now(form: Any = None) -> str:
    """The present in UTC."""
    return show(now(), _format("utcNow", 1, form))


@function("formatDateTime", 1, 2)
def format_date_time(value: Any, form: Any = None) -> str:
    """A timestamp in a .NET format."""
    return show(parse("formatDateTime", value), _format("formatDateTime", 2, form))


@function("dayOfMonth", 1)
def day_of_month(value: Any) -> int:
    """The day of the month, from 1."""
    return parse("dayOfMonth", value).datetime.day


@function("dayOfWeek", 1)
def day_of_week(value: Any) -> int:
    """The day of the week, where Sunday is 0."""
    return parse("dayOfWeek", value).datetime.isoweekday() % 7


@function("dayOfYear", 1)
def day_of_year(value: Any) -> int:
    """The day of the year, from 1."""
    return parse("dayOfYear", value).datetime.timetuple().tm_yday


@function("ticks", 1)
def ticks(value: Any) -> int:
    """The 100-nanosecond ticks since 0001-01-01."""
    return parse("ticks", value).ticks


def _zone(name: str, position: int, zone: Any) -> ZoneInfo:
    named = text(name, position, zone)
    known = {key.lower(): value for key, value in ZONES.items()}
    if named.lower() not in known:
        raise ExpressionError(
            f"The template function '{name}' knows no time zone '{named}' locally; "
            "use one of Windows' names, such as 'Pacific Standard Time'."
        )
    return ZoneInfo(known[named.lower()])


def _moved(moment: Moment, source: ZoneInfo, target: ZoneInfo) -> Moment:
    there = moment.datetime.replace(tzinfo=source).astimezone(target)
    return from_datetime(there.replace(tzinfo=None), target.key == "UTC", extra=moment.ticks % 10)


@function("convertFromUtc", 2, 3)
def convert_from_utc(value: Any, zone: Any, form: Any = None) -> str:
    """A UTC timestamp in a time zone."""
    name = "convertFromUtc"
    moved = _moved(parse(name, value), ZoneInfo("UTC"), _zone(name, 2, zone))
    return show(moved, _format(name, 3, form))


@function("convertToUtc", 2, 3)
def convert_to_utc(value: Any, zone: Any, form: Any = None) -> str:
    """A time zone's timestamp in UTC."""
    name = "convertToUtc"
    moved = _moved(parse(name, value), _zone(name, 2, zone), ZoneInfo("UTC"))
    return show(moved, _format(name, 3, form))


@function("convertTimeZone", 3, 4)
def convert_time_zone(value: Any, source: Any, target: Any, form: Any = None) -> str:
    """A time zone's timestamp in another."""
    name = "convertTimeZone"
    moved = _moved(parse(name, value), _zone(name, 2, source), _zone(name, 3, target))
    return show(moved, _format(name, 4, form))
