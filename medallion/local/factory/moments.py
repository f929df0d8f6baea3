"""Points in time as .NET's `DateTime`: ticks of 100 ns since year 1, UTC or unspecified."""

import datetime as dt
import re
from dataclasses import dataclass

from medallion.local.factory.errors import ExpressionError

TICKS_PER_SECOND = 10_000_000
EPOCH = dt.datetime(1, 1, 1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)"
    r"(?:[T ]+(?P<hour>\d\d?):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,7})\d*)?)?)?"
    r"\s*(?P<zone>Z|GMT|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
AMERICAN = re.compile(
    r"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{4})"
    r"(?:\s+(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,7}))?)?"
    r"\s*(?P<half>AM|PM)?)?\s*(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Moment:
    """A point in time: `ticks` of 100 ns since 0001-01-01, and whether it is known to be UTC."""

    ticks: int
    utc: bool

    @property
    def datetime(self) -> dt.datetime:
        """The same moment as a naive `datetime`, cut to microseconds."""
        return EPOCH + dt.timedelta(microseconds=self.ticks // 10)

    @property
    def fraction(self) -> int:
        """The ticks after the whole second."""
        return self.ticks % TICKS_PER_SECOND

    def plus(self, ticks: int) -> "Moment":
        """The moment this many ticks later."""
        return Moment(self.ticks + ticks, self.utc)


def from_datetime(value: dt.datetime, utc: bool, extra: int = 0) -> Moment:
    """The moment of a naive `datetime`; `extra` counts the ticks below its microsecond."""
    return Moment((value - EPOCH) // dt.timedelta(microseconds=1) * 10 + extra, utc)


def now() -> Moment:
    """The present, in UTC."""
    return from_datetime(dt.datetime.now(dt.UTC).replace(tzinfo=None), utc=True)


def parse(name: str, value: object) -> Moment:
    """Read a timestamp as ISO 8601 or as `MM/dd/yyyy`; an offset is applied, giving UTC.

    Raises `ExpressionError` naming the function `name` for anything else.
    """
    if isinstance(value, str):
        matched = ISO.fullmatch(value.strip()) or AMERICAN.fullmatch(value.strip())
        if matched:
            try:
                return _moment({k: v for k, v in matched.groupdict().items() if v})
            except (ValueError, OverflowError):
                pass
    raise ExpressionError(
        f"In function '{name}', the value provided for date time string '{value}' was not valid; "
        "it must match ISO 8601."
    )


def _moment(part: dict[str, str]) -> Moment:
    hour = int(part.get("hour", 0))
    if half := part.get("half"):
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    day = dt.datetime(int(part["year"]), int(part["month"]), int(part["day"]))
    minute, second = int(part.get("minute", 0)), int(part.get("second", 0))
    when = day.replace(hour=hour, minute=minute, second=second)
    zone = part.get("zone", "")
    if zone and zone[0] in "+-":
        digits = zone.replace(":", "")
        offset = dt.timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
        when = when - offset if zone[0] == "+" else when + offset
    return from_datetime(when, bool(zone)).plus(int(part.get("fraction", "0").ljust(7, "0")))


def add_months(moment: Moment, months: int) -> Moment:
    """The same day `months` later, or the month's last day where it has no such day."""
    when = moment.datetime
    year, month0 = divmod(when.year * 12 + when.month - 1 + months, 12)
    following = dt.date(year + month0 // 11, (month0 + 1) % 12 + 1, 1)
    day = min(when.day, (following - dt.timedelta(days=1)).day)
    return from_datetime(
        when.replace(year=year, month=month0 + 1, day=day), moment.utc, moment.ticks % 10
    )


STANDARD = {
    "d": "M/d/yyyy",
    "D": "dddd, MMMM dd, yyyy",
    "f": "dddd, MMMM dd, yyyy h:mm tt",
    "F": "dddd, MMMM dd, yyyy h:mm:ss tt",
    "g": "M/d/yyyy h:mm tt",
    "G": "M/d/yyyy h:mm:ss tt",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
    "O": "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-dd'T'HH:mm:ss",
    "t": "h:mm tt",
    "T": "h:mm:ss tt",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, MMMM dd, yyyy h:mm:ss tt",
    "y": "MMMM, yyyy",
    "Y": "MMMM, yyyy",
}
TOKEN = re.compile(
    r"'[^']*'|\"[^\"]*\"|\\.|%|y+|M+|d+|H+|h+|m+|s+|f{1,7}|F{1,7}|t+|K|z+|g+|.", re.DOTALL
)


def show(moment: Moment, form: str) -> str:
    """Format by a standard (one letter) or custom .NET format string, in US English.

    Source: https://learn.microsoft.com/dotnet/standard/base-types/custom-date-and-time-format-strings
    """
    if len(form) == 1:
        if form not in STANDARD:
            raise ExpressionError(f"The date format '{form}' is not a standard format of .NET.")
        form = STANDARD[form]
    return "".join(_part(moment, moment.datetime, token) for token in TOKEN.findall(form))


def _part(moment: Moment, when: dt.datetime, token: str) -> str:
    letter, width = token[0], len(token)
    if letter in "'\"" and width > 1:
        return token[1:-1]
    if letter == "\\" and width > 1:
        return token[1:]
    match letter:
        case "%":
            return ""
        case "y":
            year = when.year % 100 if width <= 2 else when.year
            return str(year).zfill(width)
        case "M":
            return _named(when.month, MONTHS[when.month - 1], width)
        case "d":
            return _named(when.day, DAYS[when.weekday()], width)
        case "H":
            return str(when.hour).zfill(min(width, 2))
        case "h":
            return str(when.hour % 12 or 12).zfill(min(width, 2))
        case "m":
            return str(when.minute).zfill(min(width, 2))
        case "s":
            return str(when.second).zfill(min(width, 2))
        case "f" | "F":
            digits = f"{moment.fraction:07d}"[:width]
            return digits if letter == "f" else digits.rstrip("0")
        case "t":
            return ("AM" if when.hour < 12 else "PM")[:width]
        case "K":
            return "Z" if moment.utc else ""
        case "z":
            return {1: "+0", 2: "+00"}.get(width, "+00:00")
        case "g":
            return "A.D."
    return token


def _named(number: int, name: str, width: int) -> str:
    if width <= 2:
        return str(number).zfill(width)
    return name[:3] if width == 3 else name
