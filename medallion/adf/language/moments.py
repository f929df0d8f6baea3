"""Points in time as .NET's `DateTime`: ticks of 100 ns since year 1, and a zone's suffix."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from medallion.adf.language.errors import ExpressionError

TICKS_PER_SECOND = 10_000_000
EPOCH = dt.datetime(1, 1, 1)
END_TICKS = ((dt.datetime.max - EPOCH) // dt.timedelta(microseconds=1) + 1) * 10
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Moment:
    """A point in time: `ticks` of 100 ns since 0001-01-01, and the printed suffix of its zone.

    `suffix` is `Z` for UTC, empty for an unspecified zone, and `+00:00` for a local time. A
    timestamp with an offset becomes a local time on a machine in UTC, such as the service's.
    """

    ticks: int
    suffix: str

    @property
    def datetime(self) -> dt.datetime:
        """The same moment as a naive `datetime`, cut to microseconds."""
        return EPOCH + dt.timedelta(microseconds=self.ticks // 10)

    @property
    def fraction(self) -> int:
        """The ticks after the whole second."""
        return self.ticks % TICKS_PER_SECOND

    def plus(self, ticks: int) -> "Moment":
        """The moment this many ticks later. Raises `ExpressionError` outside years 1 to 9999."""
        later = Moment(self.ticks + ticks, self.suffix)
        if not 0 <= later.ticks < END_TICKS:
            raise out_of_range()
        return later


def out_of_range() -> ExpressionError:
    """The error for a moment that .NET's `DateTime` cannot hold."""
    return ExpressionError("The resulting timestamp is outside the years 1 to 9999.")


def from_datetime(value: dt.datetime, suffix: str, extra: int = 0) -> Moment:
    """The moment of a naive `datetime`; `extra` counts the ticks below its microsecond."""
    return Moment((value - EPOCH) // dt.timedelta(microseconds=1) * 10 + extra, suffix)


def now() -> Moment:
    """The present, in UTC."""
    return from_datetime(dt.datetime.now(dt.UTC).replace(tzinfo=None), "Z")


def add_months(moment: Moment, months: int) -> Moment:
    """The same day `months` later, or the month's last day if that day does not exist."""
    when = moment.datetime
    year, month0 = divmod(when.year * 12 + when.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise out_of_range()
    day = min(when.day, calendar.monthrange(year, month0 + 1)[1])
    return from_datetime(
        when.replace(year=year, month=month0 + 1, day=day), moment.suffix, moment.ticks % 10
    )


# The patterns of .NET's standard formats in US English.
STANDARD = {
    "d": "M/d/yyyy",
    "D": "dddd, MMMM d, yyyy",
    "f": "dddd, MMMM d, yyyy h:mm tt",
    "F": "dddd, MMMM d, yyyy h:mm:ss tt",
    "g": "M/d/yyyy h:mm tt",
    "G": "M/d/yyyy h:mm:ss tt",
    "m": "MMMM d",
    "M": "MMMM d",
    "o": "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
    "O": "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-dd'T'HH:mm:ss",
    "t": "h:mm tt",
    "T": "h:mm:ss tt",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, MMMM d, yyyy h:mm:ss tt",
    "y": "MMMM yyyy",
    "Y": "MMMM yyyy",
}
TOKEN = re.compile(
    r"(?P<literal>'[^']*'|\"[^\"]*\"|\\.)|%(?=[^%])|\.(?P<optional>F+)"
    r"|(?P<field>y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|K|z+|g+)|(?P<other>[^%'\"\\])",
    re.DOTALL,
)
LONGEST_FRACTION = 7


def show(moment: Moment, form: str) -> str:
    """Format by a standard (one letter) or custom .NET format string, in US English.

    Source: https://learn.microsoft.com/dotnet/standard/base-types/custom-date-and-time-format-strings
    Raises `ExpressionError` for a format that .NET rejects.
    """
    pattern = form or "o"
    if len(pattern) == 1:
        if pattern not in STANDARD:
            raise _unformattable(form)
        pattern = STANDARD[pattern]
    printed, position = [], 0
    while position < len(pattern):
        token = TOKEN.match(pattern, position)
        if token is None:
            raise _unformattable(form)
        printed.append(_token(moment, token, form))
        position = token.end()
    return "".join(printed)


def _unformattable(form: str) -> ExpressionError:
    return ExpressionError(f"The date format '{form}' is not a .NET format.")


def _token(moment: Moment, token: re.Match[str], form: str) -> str:
    if token["literal"]:
        return token[0][1:] if token[0][0] == "\\" else token[0][1:-1]
    if token["optional"]:
        digits = _fraction(moment, token["optional"], form)
        return "." + digits if digits else ""
    if not token["field"]:
        return token["other"] or ""
    if token[0][0] in "fF":
        return _fraction(moment, token[0], form)
    return _field(moment, moment.datetime, token[0])


def _fraction(moment: Moment, token: str, form: str) -> str:
    """A second's fraction, one digit per letter of the token; `F` drops trailing zeros."""
    if len(token) > LONGEST_FRACTION:
        raise _unformattable(form)
    digits = f"{moment.fraction:07d}"[: len(token)]
    return digits if token[0] == "f" else digits.rstrip("0")


def _field(moment: Moment, when: dt.datetime, token: str) -> str:
    width = len(token)
    match token[0]:
        case "y":
            year = when.year % 100 if width <= 2 else when.year
            return str(year).zfill(width)
        case "M":
            return _named(when.month, MONTHS[when.month - 1], width)
        case "d":
            return _named(when.day, DAYS[when.weekday()], width)
        case "t":
            return ("AM" if when.hour < 12 else "PM")[:width]
        case "K":
            return moment.suffix
        case "z":
            return {1: "+0", 2: "+00"}.get(width, "+00:00")
        case "g":
            return "A.D."
    clock = {"H": when.hour, "h": when.hour % 12 or 12, "m": when.minute, "s": when.second}
    return str(clock[token[0]]).zfill(min(width, 2))


def _named(number: int, name: str, width: int) -> str:
    if width <= 2:
        return str(number).zfill(width)
    return name[:3] if width == 3 else name
