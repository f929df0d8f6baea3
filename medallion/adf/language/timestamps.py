"""Reads timestamps as .NET's `DateTime.Parse` does in the invariant culture.

Source: https://learn.microsoft.com/dotnet/api/system.datetime.parse#the-string-to-parse
.NET completes a text without a date or year from the current day; such texts are rejected here.
"""

import datetime as dt
import re

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.moments import DAYS, MONTHS, Moment, from_datetime, out_of_range

DAY_NAME = "|".join(f"{day}|{day[:3]}" for day in DAYS)
MONTH_NAME = "|".join(f"{month}|{month[:3]}" for month in MONTHS)
DATES = (
    r"(?P<year>\d{4})[-/.](?P<month>\d\d?)(?:[-/.](?P<day>\d\d?))?",
    r"(?P<month>\d\d?)[-/.](?P<day>\d\d?)[-/.](?P<year>\d{4}|\d\d)",
    rf"(?P<day>\d\d?)[- ](?P<name>{MONTH_NAME})[- ,]+(?P<year>\d{{4}}|\d\d)",
    rf"(?P<name>{MONTH_NAME})[ ]+(?P<day>\d\d?),?[ ]+(?P<year>\d{{4}})",
    rf"(?P<name>{MONTH_NAME}),?[ ]+(?P<year>\d{{4}})",
    rf"(?P<year>\d{{4}})[- ](?P<name>{MONTH_NAME})[- ](?P<day>\d\d?)",
)
ZONE = r"Z|GMT|[+-]\d\d?(?::?\d\d)?"
TIME = (
    r"(?:(?P<early>Z)|T|[ ]+)(?P<hour>\d\d?)(?::(?P<minute>\d\d?)"
    r"(?::(?P<second>\d\d?)(?:\.(?P<fraction>\d+))?)?)?\s*(?P<half>AM|PM)?"
)
FORMS = [
    re.compile(
        rf"(?:(?P<weekday>{DAY_NAME})\.?,?\s+)?{date}(?:{TIME})?\s*(?P<zone>{ZONE})?", re.IGNORECASE
    )
    for date in DATES
]
LATEST_SHORT_YEAR = 49  # '49' is 2049 and '50' is 1950


def parse(name: str, value: object) -> Moment:
    """Read a timestamp; an offset is applied, giving UTC.

    Raises `ExpressionError` that names the function `name` for anything else.
    """
    if isinstance(value, str):
        for form in FORMS:
            if matched := form.fullmatch(value.strip()):
                try:
                    return _moment({k: v for k, v in matched.groupdict().items() if v})
                except (ValueError, OverflowError):
                    break
    raise ExpressionError(
        f"In function '{name}', the value provided for date time string '{value}' was not valid; "
        "it must match ISO 8601."
    )


def _moment(part: dict[str, str]) -> Moment:
    day = dt.datetime(_year(part["year"]), _month(part), int(part.get("day", 1)))
    if part.get("weekday", "").lower()[:3] not in ("", DAYS[day.weekday()].lower()[:3]):
        raise ValueError("another day of the week")
    when = day.replace(
        hour=_hour(part), minute=int(part.get("minute", 0)), second=int(part.get("second", 0))
    )
    ticks = int(part.get("fraction", "0")[:7].ljust(7, "0"))
    zone = part.get("zone", part.get("early", "")).upper()
    if not zone or zone in ("Z", "GMT"):
        return from_datetime(when, "Z" if zone else "").plus(ticks)
    return from_datetime(when, "+00:00").plus(ticks - _offset_ticks(zone))


def _year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (2000 if int(digits) <= LATEST_SHORT_YEAR else 1900)


def _month(part: dict[str, str]) -> int:
    if "month" in part:
        return int(part["month"])
    return [month[:3].lower() for month in MONTHS].index(part["name"][:3].lower()) + 1


def _hour(part: dict[str, str]) -> int:
    hour, half = int(part.get("hour", 0)), part.get("half", "").upper()
    if half and not 1 <= hour <= 12:
        raise ValueError("no hour of a half day")
    if "hour" in part and "minute" not in part and not half:
        raise ValueError("an hour without minutes")
    return hour % 12 + (12 if half == "PM" else 0) if half else hour


def _offset_ticks(zone: str) -> int:
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:-2] or 0), int(digits[-2:])
    if len(digits) <= 2:
        hours, minutes = int(digits), 0
    if hours > 14 or minutes > 59:
        raise out_of_range()
    return (1 if zone[0] == "+" else -1) * (hours * 60 + minutes) * 60 * 10_000_000
