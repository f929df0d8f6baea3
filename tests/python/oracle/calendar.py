"""The calendar: the source's days, and the days of plays that are missing in the source."""

from datetime import date

from oracle.changes import DELETE, History, last_by_key
from oracle.dimensions import UNKNOWN, UNKNOWN_ID
from oracle.facts import date_key_of, plays

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _day_of(date_key: int) -> date | None:
    try:
        return date(date_key // 10000, date_key // 100 % 100, date_key % 100)
    except ValueError:
        return None


def _calendar_row(date_key: int, day: date | None, spoken: dict) -> dict:
    return {
        "date_key": date_key,
        "date_day": day,
        **{column: spoken[column] for column in ("day", "month", "year", "weekday")},
        "iso_week": day.isocalendar().week if day else None,
        "quarter": (day.month + 2) // 3 if day else None,
        "is_weekend": day.weekday() >= 5 if day else None,
    }


def dim_date(history: History) -> list[dict]:
    """The source's calendar, the missing days of plays, and the unknown member."""
    rows = {}
    for date_key, last in last_by_key(history["DimDate"], "date_key").items():
        if last["_operation"] != DELETE:
            rows[date_key] = _calendar_row(date_key, last["date"] or _day_of(date_key), last)
    for play in plays(history):
        day = play["stream_timestamp"].date()
        spoken = {"day": day.day, "month": day.month, "year": day.year}
        spoken["weekday"] = WEEKDAYS[day.weekday()]
        rows.setdefault(date_key_of(day), _calendar_row(date_key_of(day), day, spoken))
    nothing = {"day": None, "month": None, "year": None, "weekday": UNKNOWN}
    rows[UNKNOWN_ID] = _calendar_row(UNKNOWN_ID, None, nothing)
    return list(rows.values())
