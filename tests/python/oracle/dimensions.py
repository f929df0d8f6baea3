"""The dimensions: the versions of users, artists and tracks, and the devices."""

from datetime import datetime
from typing import Any

from oracle.changes import BEFORE, DELETE, KEYS, UNKNOWN_ID, History, states_by_key

BEGINNING = datetime(1900, 1, 1)
END = datetime(9999, 12, 31)
UNKNOWN = "Unknown"

TEXTS = {
    "DimUser": ("user_name", "country", "subscription_type"),
    "DimArtist": ("artist_name", "genre", "country"),
    "DimTrack": ("track_name", "album_name"),
}
OTHERS = {
    "DimUser": ("start_date", "end_date"),
    "DimArtist": (),
    "DimTrack": ("artist_id", "duration_sec", "release_date"),
}
Version = dict[str, Any]


def unknown_member(table: str) -> Version:
    """The row that represents a key which is missing at the time of an event."""
    member = dict.fromkeys(TEXTS[table], UNKNOWN) | dict.fromkeys(OTHERS[table])
    member |= {KEYS[table]: UNKNOWN_ID}
    if table == "DimTrack":
        member["artist_id"] = UNKNOWN_ID
    return member | {"valid_from": BEGINNING, "valid_to": END, "is_current": True}


def versions_by_key(history: History, table: str) -> dict[Any, list[Version]]:
    """Each key's versions in time order. Between two versions there may be a gap without it."""
    tracked = TEXTS[table] + OTHERS[table]
    versions: dict[Any, list[Version]] = {}
    for value, states in states_by_key(history[table], KEYS[table]).items():
        own: list[Version] = []
        for begins, state in states:
            open_version = own[-1] if own else None
            if open_version and not open_version["is_current"]:
                open_version = None
            if state["_operation"] != DELETE:
                attributes = {column: state[column] for column in tracked}
                if open_version and all(open_version[c] == attributes[c] for c in tracked):
                    continue
                own.append({KEYS[table]: value} | attributes)
                own[-1] |= {"valid_from": begins, "valid_to": END, "is_current": True}
            if open_version:
                open_version |= {"valid_to": begins, "is_current": False}
        if own:
            versions[value] = own
    return versions


def version_at(versions: dict[Any, list[Version]], value: Any, moment: datetime) -> Version | None:
    """The version at a moment; before the first version, the first; without a version, None."""
    own = versions.get(value, [])
    if own and moment < own[0]["valid_from"]:
        return own[0]
    return next((v for v in own if v["valid_from"] <= moment < v["valid_to"]), None)


def _with_unknown(history: History, table: str) -> list[Version]:
    known = [v for own in versions_by_key(history, table).values() for v in own]
    return [unknown_member(table), *known]


def dim_user(history: History) -> list[Version]:
    """One row per version of a user, and the unknown member."""
    return _with_unknown(history, "DimUser")


def dim_artist(history: History) -> list[Version]:
    """One row per version of an artist, and the unknown member."""
    return _with_unknown(history, "DimArtist")


def dim_track(history: History) -> list[Version]:
    """One row per version of a track, and the unknown member."""
    return _with_unknown(history, "DimTrack")


def dim_device(history: History) -> list[dict]:
    """One row per device type that a change of a play ever named, and the unknown member."""
    seen = {c["device_type"] for c in history["FactStream"] if c["_operation"] != BEFORE} - {None}
    return [{"device_type": UNKNOWN}, *({"device_type": device} for device in sorted(seen))]
