"""The marts: plays counted per day and audience, per week and track, and per window of users."""

from collections import defaultdict
from datetime import date, timedelta

from oracle.changes import History
from oracle.dimensions import UNKNOWN
from oracle.facts import plays, resolved_plays

CHART_LENGTH = 100


def _named(text: str | None) -> str:
    return UNKNOWN if text is None else text


def mart_daily_listening(history: History) -> list[dict]:
    """Plays per day, and per country and subscription of the listener then, and device."""
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


def _track_of_week(track_id: int, group: list[dict]) -> dict:
    last = max(group, key=lambda one: (one["play"]["stream_timestamp"], one["play"]["stream_id"]))
    return {
        "track_id": track_id,
        "track_name": _named(last["track"]["track_name"]),
        "artist_name": _named(last["artist"]["artist_name"]),
        "streams": len(group),
        "listeners": len({one["play"]["user_id"] for one in group}),
    }


def mart_top_tracks_weekly(history: History) -> list[dict]:
    """The chart of every week (from Monday), named as at the week's last play of each track."""
    weeks = defaultdict(lambda: defaultdict(list))
    for one in resolved_plays(history):
        play = one["play"]
        weeks[_monday(play["stream_timestamp"].date())][play["track_id"]].append(one)
    rows = []
    for week_start, groups in weeks.items():
        chart = sorted(
            (_track_of_week(track_id, group) for track_id, group in groups.items()),
            key=lambda row: (-row["streams"], -row["listeners"], row["track_id"]),
        )
        for rank, row in enumerate(chart[:CHART_LENGTH], start=1):
            rows.append({"week_start": week_start, "rank": rank} | row)
    return rows


def mart_user_engagement(history: History) -> list[dict]:
    """Distinct listeners of each calendar day, and of the 7 and 30 days that end with it."""
    users: dict[date, set] = defaultdict(set)
    for play in plays(history):
        users[play["stream_timestamp"].date()].add(play["user_id"])
    if not users:
        return []

    def active(last_day: date, days: int) -> int:
        window = (last_day - timedelta(days=back) for back in range(days))
        return len(set().union(*(users.get(day, set()) for day in window)))

    rows = []
    for offset in range((max(users) - min(users)).days + 1):
        day = min(users) + timedelta(days=offset)
        daily, weekly, monthly = (active(day, days) for days in (1, 7, 30))
        rows.append(
            {
                "date_day": day,
                "daily_active_users": daily,
                "weekly_active_users": weekly,
                "monthly_active_users": monthly,
                "stickiness": daily / monthly if monthly else None,
            }
        )
    return rows
