"""The fact: each play with the versions of its user, track and artist at the time of the play."""

from datetime import date, datetime, timedelta

from oracle.changes import BEFORE, DELETE, Change, History, is_placed, last_by_key, order
from oracle.dimensions import (
    UNKNOWN,
    Version,
    unknown_member,
    version_at,
    versions_by_key,
)

EARLIEST_PLAY = datetime(2006, 1, 1)
CLOCK_TOLERANCE = timedelta(days=1)


def broken_rules(change: Change) -> list[str]:
    """The reasons to quarantine a play's change, in the documented order; empty if it is kept."""
    required = ("stream_id", "user_id", "track_id", "stream_timestamp")
    reasons = [f"missing {column}" for column in required if change[column] is None]
    if change["listen_duration"] is not None and change["listen_duration"] < 0:
        reasons.append("negative listen_duration")
    played = change["stream_timestamp"]
    if played is not None and played < EARLIEST_PLAY:
        reasons.append("before 2006")
    if played is not None and played > change["_commit_time"] + CLOCK_TOLERANCE:
        reasons.append("after its commit")
    return reasons


def date_key_of(day: date) -> int:
    """The day as the integer yyyymmdd."""
    return day.year * 10000 + day.month * 100 + day.day


def plays(history: History) -> list[Change]:
    """The last change of every play that is neither deleted nor quarantined."""
    return [
        last
        for last in last_by_key(history["FactStream"], "stream_id").values()
        if last["_operation"] != DELETE and not broken_rules(last)
    ]


def quarantined_plays(history: History) -> list[dict]:
    """The rows of `quarantined_plays`: last changes that violate a rule, and changes of no play."""
    changes = [one for one in history["FactStream"] if one["_operation"] != BEFORE]
    unplaced = [one for one in changes if not is_placed(one)]
    without_id = {
        order(one): one for one in reversed(changes) if is_placed(one) and one["stream_id"] is None
    }
    broken = [
        last
        for last in last_by_key(changes, "stream_id").values()
        if last["_operation"] != DELETE and broken_rules(last)
    ]
    return [
        {
            "stream_id": one["stream_id"],
            "user_id": one["user_id"],
            "track_id": one["track_id"],
            "device_type": one["device_type"],
            "streamed_at": one["stream_timestamp"],
            "listen_duration_sec": one["listen_duration"],
        }
        for one in [*broken, *without_id.values(), *unplaced]
    ]


def resolved_plays(history: History) -> list[dict[str, Change | Version]]:
    """Each play with its user, track and artist versions, or the unknown member if none exists."""
    users, tracks, artists = (
        versions_by_key(history, table) for table in ("DimUser", "DimTrack", "DimArtist")
    )
    resolved = []
    for play in plays(history):
        moment = play["stream_timestamp"]
        user = version_at(users, play["user_id"], moment)
        track = version_at(tracks, play["track_id"], moment)
        artist = version_at(artists, track["artist_id"], moment) if track else None
        resolved.append(
            {
                "play": play,
                "user": user or unknown_member("DimUser"),
                "track": track or unknown_member("DimTrack"),
                "artist": artist or unknown_member("DimArtist"),
            }
        )
    return resolved


def fct_streams(history: History) -> list[dict]:
    """One row per play. A version is identified by natural key and start, not by surrogate key."""
    rows = []
    for one in resolved_plays(history):
        play, user, track, artist = one["play"], one["user"], one["track"], one["artist"]
        rows.append(
            {
                "stream_id": play["stream_id"],
                "user_version": (user["user_id"], user["valid_from"]),
                "track_version": (track["track_id"], track["valid_from"]),
                "artist_version": (artist["artist_id"], artist["valid_from"]),
                "device_type": UNKNOWN if play["device_type"] is None else play["device_type"],
                "date_key": date_key_of(play["stream_timestamp"]),
                "user_id": play["user_id"],
                "track_id": play["track_id"],
                "streamed_at": play["stream_timestamp"],
                "listen_duration_sec": play["listen_duration"],
            }
        )
    return rows
