"""Marts of plays: per day and audience, per week and track or artist, per window of users."""

from collections import defaultdict
from datetime import date, timedelta

from oracle.changes import UNKNOWN_ID, History
from oracle.dimensions import BEGINNING, UNKNOWN
from oracle.facts import plays, resolved_plays

CHART_LENGTH = 100
MONTH = 30  # days in the window of monthly active users
CARRIED_WEEKS = 520  # weeks for which a cohort without active users is reported


def _named(text: str | None) -> str:
    return UNKNOWN if text is None else text


def mart_daily_listening(history: History) -> list[dict]:
    """Plays per day, country and subscription of the listener at that time, and device."""
    groups = defaultdict(list)
    for one in resolved_plays(history):
        play, user = one["play"], one["user"]
        audience = (user["country"], user["subscription_type"], play["device_type"])
        groups[play["stream_timestamp"].date(), *map(_named, audience)].append(play)
    return [
        {
            "date_day": day,
            "country": country,
            "subscription_type": subscription_type,
            "device_type": device_type,
            "streams": len(group),
            "listeners": len({play["user_id"] for play in group}),
            "listen_seconds": sum(play["listen_duration"] or 0 for play in group),
        }
        for (day, country, subscription_type, device_type), group in groups.items()
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _charts(history: History, numbers: tuple[str, str]) -> list[dict]:
    """The top 100 of each week by streams, listeners and id, for the entities in two columns."""
    source, column = numbers
    weeks: dict[date, dict[int, list]] = defaultdict(lambda: defaultdict(list))
    for one in resolved_plays(history):
        number = one[source][column]
        monday = _monday(one["play"]["stream_timestamp"].date())
        weeks[monday][UNKNOWN_ID if number is None else number].append(one)
    rows = []
    for week_start, groups in weeks.items():
        chart = sorted(
            (_charted(column, number, group) for number, group in groups.items()),
            key=lambda row: (-row["streams"], -row["listeners"], row[column]),
        )
        for rank, row in enumerate(chart[:CHART_LENGTH], start=1):
            rows.append({"week_start": week_start, "rank": rank} | row)
    return rows


def _charted(column: str, number: int, group: list[dict]) -> dict:
    last = max(group, key=lambda one: (one["play"]["stream_timestamp"], one["play"]["stream_id"]))
    return {
        column: number,
        "track_name": _named(last["track"]["track_name"]),
        "artist_name": _named(last["artist"]["artist_name"]),
        "streams": len(group),
        "listeners": len({one["play"]["user_id"] for one in group}),
    }


def mart_top_tracks_weekly(history: History) -> list[dict]:
    """The chart of each week (from Monday), with names as of a track's last play in the week."""
    return _charts(history, ("play", "track_id"))


def mart_top_artists_weekly(history: History) -> list[dict]:
    """The same chart for artists, with names from the track versions."""
    rows = _charts(history, ("track", "artist_id"))
    for row in rows:
        del row["track_name"]
    return rows


def mart_user_engagement(history: History) -> list[dict]:
    """Distinct listeners of each calendar day, and of the 7 and 30 days that end on it."""
    users: dict[date, set] = defaultdict(set)
    for play in plays(history):
        users[play["stream_timestamp"].date()].add(play["user_id"])
    if not users:
        return []

    def active(last_day: date, days: int) -> int:
        window = (last_day - timedelta(days=back) for back in range(days))
        return len(set().union(*(users[day] for day in window if day in users)))

    rows = []
    for offset in range((max(users) - min(users)).days + 1):
        day = min(users) + timedelta(days=offset)
        daily, weekly, monthly = (active(day, days) for days in (1, 7, MONTH))
        complete = offset >= MONTH - 1
        rows.append(
            {
                "date_day": day,
                "daily_active_users": daily,
                "weekly_active_users": weekly,
                "monthly_active_users": monthly,
                "stickiness": daily / monthly if monthly and complete else None,
                "is_window_complete": complete,
            }
        )
    return rows


def mart_user_retention(history: History) -> list[dict]:
    """Per week of first plays and weeks since then: active users, and users in the cohort."""
    weeks: dict[int, set[date]] = defaultdict(set)
    last_day = date.min
    for play in plays(history):
        day = play["stream_timestamp"].date()
        weeks[play["user_id"]].add(_monday(day))
        last_day = max(last_day, day)
    active: dict[date, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for own in weeks.values():
        for week in own:
            active[min(own)][week] += 1
    rows = []
    for cohort, users in active.items():
        week, silent = cohort, 0
        while week <= last_day:
            silent = 0 if week in users else silent + 1
            if silent <= CARRIED_WEEKS:
                rows.append(
                    {
                        "cohort_week": cohort,
                        "weeks_since": (week - cohort).days // 7,
                        "cohort_users": users[cohort],
                        "active_users": users.get(week, 0),
                        "retention": users.get(week, 0) / users[cohort],
                        "is_week_complete": week + timedelta(days=6) <= last_day,
                    }
                )
            week += timedelta(weeks=1)
    return rows


def _is_unknown(version: dict) -> bool:
    return version["valid_from"] == BEGINNING


def _is_incomplete(track: dict) -> bool:
    if _is_unknown(track):
        return False
    return any(track[column] is None for column in ("track_name", "artist_id", "duration_sec"))


def _is_longer(one: dict) -> bool:
    listened, duration = one["play"]["listen_duration"], one["track"]["duration_sec"]
    return None not in (listened, duration) and 10 * listened > 11 * duration


def mart_catalog_health(history: History) -> list[dict]:
    """Per day with plays: how many name a track or an artist with incomplete catalogue data."""
    days = defaultdict(list)
    for one in resolved_plays(history):
        days[one["play"]["stream_timestamp"].date()].append(one)
    return [
        {
            "date_day": day,
            "streams": len(group),
            "tracks_played": len({one["play"]["track_id"] for one in group}),
            "streams_of_unknown_tracks": sum(_is_unknown(one["track"]) for one in group),
            "streams_of_unknown_artists": sum(_is_unknown(one["artist"]) for one in group),
            "streams_of_incomplete_tracks": sum(_is_incomplete(one["track"]) for one in group),
            "streams_longer_than_the_track": sum(_is_longer(one) for one in group),
        }
        for day, group in days.items()
    ]
