"""Date functions; each formats its result as `o` unless a format is given."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions.registry import function, integer, text
from medallion.adf.language.functions.zones import zone
from medallion.adf.language.moments import (
    TICKS_PER_SECOND,
    Moment,
    add_months,
    from_datetime,
    now,
    show,
)
from medallion.adf.language.timestamps import parse

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def _format(name: str, position: int, form: Any) -> str:
    return text(name, position, form) if form is not None else "o"


def _register_addition(name: str, seconds: int) -> None:
    @function(name, 2, 3)
    def add(value: Any, amount: Any, form: Any = None) -> str:
        ticks = integer(name, 2, amount) * seconds * TICKS_PER_SECOND
        return show(parse(name, value).plus(ticks), _format(name, 3, form))


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
        f"The template function '{name}' does not support the time unit '{unit}'; "
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
        return show(from_datetime(begun, moment.suffix), _format(name, 2, form))


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


UTC = ZoneInfo("UTC")


def _moved(name: str, moment: Moment, source: ZoneInfo, target: ZoneInfo) -> Moment:
    """Convert a moment between zones; a moment marked as UTC must come from UTC."""
    if moment.suffix and source.key != "UTC":
        raise ExpressionError(
            f"The template function '{name}' got a timestamp with its own time zone, "
            f"which is not '{source.key}'; remove it from the timestamp."
        )
    there = _local(name, moment.datetime, source).astimezone(target)
    suffix = "Z" if target.key == "UTC" else ""
    return from_datetime(there.replace(tzinfo=None), suffix, extra=moment.ticks % 10)


def _local(name: str, when: dt.datetime, source: ZoneInfo) -> dt.datetime:
    """The time in its zone: standard time if it is ambiguous, an error if clocks skip it."""
    local = when.replace(tzinfo=source, fold=1)
    if local.astimezone(UTC).astimezone(source).replace(tzinfo=None) != when:
        raise ExpressionError(
            f"The template function '{name}' got {when}, which does not exist "
            f"in the time zone '{source.key}'."
        )
    return local


@function("convertFromUtc", 2, 3)
def convert_from_utc(value: Any, target: Any, form: Any = None) -> str:
    """A UTC timestamp in a time zone."""
    name = "convertFromUtc"
    moved = _moved(name, parse(name, value), UTC, zone(name, 2, target))
    return show(moved, _format(name, 3, form))


@function("convertToUtc", 2, 3)
def convert_to_utc(value: Any, source: Any, form: Any = None) -> str:
    """A time zone's timestamp in UTC."""
    name = "convertToUtc"
    moved = _moved(name, parse(name, value), zone(name, 2, source), UTC)
    return show(moved, _format(name, 3, form))


@function("convertTimeZone", 3, 4)
def convert_time_zone(value: Any, source: Any, target: Any, form: Any = None) -> str:
    """A time zone's timestamp in another."""
    name = "convertTimeZone"
    moved = _moved(name, parse(name, value), zone(name, 2, source), zone(name, 3, target))
    return show(moved, _format(name, 4, form))
