"""Small histories, computed by hand, for which the oracle must follow docs/history.md."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from oracle import publish
from oracle.changes import AFTER, BEFORE, DELETE, INSERT, KEYS
from oracle.dimensions import BEGINNING, END
from oracle.read_source import undo
from oracle.reference import MARKETS, PLANS, Listing

BLANK = {
    "DimUser": ("user_name", "country", "subscription_type", "start_date", "end_date"),
    "DimArtist": ("artist_name", "genre", "country"),
    "DimTrack": ("track_name", "artist_id", "album_name", "duration_sec", "release_date"),
    "DimDate": ("date", "day", "month", "year", "weekday"),
    "FactStream": (
        "user_id",
        "track_id",
        "date_key",
        "listen_duration",
        "device_type",
        "stream_timestamp",
    ),
}


def at(day: int, hour: int = 0) -> datetime:
    """A moment in October 2025. Its first day is a Wednesday."""
    return datetime(2025, 10, 1, hour) + timedelta(days=day - 1)


class Story:
    """A change log in order: each call is one change, in its own transaction unless `txn`."""

    def __init__(self):
        self.history = {table: [] for table in BLANK}
        self.listings = {PLANS: [], MARKETS: []}
        self.lsn = 0

    def tell(self, table, operation, key, when, txn=None, seqval=None, **columns):
        self.lsn += 1
        change = dict.fromkeys(BLANK[table]) | {"updated_at": when} | columns
        change |= {KEYS[table]: key, "_operation": operation, "_commit_time": when}
        change |= {"_start_lsn": f"{txn or self.lsn:020x}", "_seqval": f"{seqval or self.lsn:020x}"}
        self.history[table].append(change)
        return change

    def user(self, operation, when, country=None, key=1, **more):
        return self.tell("DimUser", operation, key, when, country=country, **more)

    def play(self, when, stream_id=1, operation=INSERT, commit=None, **columns):
        plain = {"user_id": 1, "track_id": 1, "listen_duration": 60, "stream_timestamp": when}
        commit = commit or at(28)
        return self.tell("FactStream", operation, stream_id, commit, **(plain | columns))

    def rows(self, table, *columns):
        """The table's rows without the unknown member, as tuples of some columns, in order."""
        known = [
            row
            for row in publish(self.history, self.listings)[table]
            if row.get("valid_from") != BEGINNING and row.get("date_key") != -1
        ]
        found_rows = [tuple(row[column] for column in columns) for row in known]
        return [row[0] for row in found_rows] if len(columns) == 1 else found_rows

    def users(self):
        return self.rows("silver.dim_user", "country", "valid_from", "valid_to", "is_current")

    def prices(self, landed_at, *lines, name="", **prices):
        """The price list as it landed: plans by name, or as pairs."""
        rest = {"currency": "EUR", "max_devices": 1}
        lines = [
            {"plan": plan, "monthly_price": Decimal(price)} | rest
            for plan, price in [*lines, *prices.items()]
        ]
        self.listings[PLANS].append(Listing(landed_at, lines, name))

    def plan(self, operation, when, plan, end_date=None):
        return self.user(operation, when, subscription_type=plan, end_date=end_date)

    def plans(self):
        columns = ("plan", "monthly_price", "valid_from", "valid_to")
        found_rows = self.rows("silver.dim_subscription_plan", *columns)
        return [(plan, str(price), *bounds) for plan, price, *bounds in found_rows]

    def movements(self, *columns):
        return self.rows("silver.fct_subscription_changes", *columns)

    def fact(self, *columns):
        return self.rows("silver.fct_streams", *columns)


@pytest.fixture
def story():
    return Story()


UNKNOWN_VERSION = (-1, BEGINNING)


# --- versions ---------------------------------------------------------------------------------


def test_user__a_change_closes_one_version_and_opens_the_next(story):
    story.user(INSERT, at(1), "NO")
    story.user(BEFORE, at(5), "NO")
    story.user(AFTER, at(5), "SE")
    assert story.users() == [("NO", at(1), at(5), False), ("SE", at(5), END, True)]


def test_user__a_delete_closes_and_opens_nothing(story):
    story.user(INSERT, at(1), "NO")
    story.user(DELETE, at(5), "NO")
    assert story.users() == [("NO", at(1), at(5), False)]


def test_user__an_equal_reinsert_opens_a_new_version_after_the_gap(story):
    story.user(INSERT, at(1), "NO")
    story.user(DELETE, at(5), "NO")
    story.user(INSERT, at(9), "NO")
    assert story.users() == [("NO", at(1), at(5), False), ("NO", at(9), END, True)]


def test_user__a_delete_of_an_unknown_key_changes_nothing(story):
    story.user(DELETE, at(5), "NO")
    assert story.users() == []


def test_user__two_deletes_close_once_at_the_first(story):
    story.user(INSERT, at(1), "NO")
    story.user(DELETE, at(5), "NO")
    story.user(DELETE, at(7), "NO")
    assert story.users() == [("NO", at(1), at(5), False)]


def test_user__a_change_of_only_updated_at_is_not_a_version(story):
    story.user(INSERT, at(1), "NO")
    story.user(AFTER, at(5), "NO", updated_at=at(5))
    story.user(AFTER, at(7), "SE")
    assert story.users() == [("NO", at(1), at(7), False), ("SE", at(7), END, True)]


def test_user__null_differs_from_a_value_and_equals_null(story):
    story.user(INSERT, at(1), None)
    story.user(AFTER, at(3), None)
    story.user(AFTER, at(5), "NO")
    story.user(AFTER, at(7), None)
    assert story.users() == [
        (None, at(1), at(5), False),
        ("NO", at(5), at(7), False),
        (None, at(7), END, True),
    ]


def test_user__a_change_back_and_forth_is_three_versions(story):
    for day, country in ((1, "NO"), (3, "SE"), (5, "NO")):
        story.user(AFTER, at(day), country)
    assert [row[0] for row in story.users()] == ["NO", "SE", "NO"]


def test_user__of_two_changes_in_a_transaction_only_the_last_is_a_state(story):
    story.user(INSERT, at(1), "NO")
    story.user(AFTER, at(5), "SE", txn=900, seqval=1)
    story.user(AFTER, at(5), "DK", txn=900, seqval=2)
    assert story.users() == [("NO", at(1), at(5), False), ("DK", at(5), END, True)]


def test_user__delete_and_equal_reinsert_in_a_transaction_is_not_a_version(story):
    story.user(INSERT, at(1), "NO")
    story.user(DELETE, at(5), "NO", txn=900, seqval=1)
    story.user(INSERT, at(5), "NO", txn=900, seqval=2)
    assert story.users() == [("NO", at(1), END, True)]


def test_user__insert_and_delete_in_a_transaction_leave_no_version(story):
    story.user(INSERT, at(5), "NO", txn=900, seqval=1)
    story.user(DELETE, at(5), "NO", txn=900, seqval=2)
    assert story.users() == []


def test_user__two_transactions_tied_in_commit_time_are_ordered_by_lsn(story):
    story.user(AFTER, at(5), "SE", txn=902)
    story.user(AFTER, at(5), "NO", txn=901)
    assert story.users() == [("SE", at(5), END, True)]


def test_user__a_change_takes_effect_no_earlier_than_the_one_before_it_in_the_log(story):
    story.user(INSERT, at(5, 12), "NO")
    story.user(DELETE, at(5), "NO")
    assert story.users() == []
    story.user(INSERT, at(5, 6), "SE")
    story.user(AFTER, at(7), "DK")
    story.user(AFTER, at(6), "FI")
    story.user(DELETE, at(4), "FI")
    story.user(INSERT, at(8), "NO")
    assert story.users() == [
        ("SE", at(5, 12), at(7), False),
        ("NO", at(8), END, True),
    ]
    assert reconciliation(story, "DimUser") == [7, 0, 0, 2, 1, 0, 4, 0]
    before = story.users()
    story.history["DimUser"].reverse()
    assert story.users() == before


def test_user__at_one_log_position_the_insert_follows_the_delete(story):
    story.user(INSERT, at(5), "SE", txn=900, seqval=1)
    story.user(DELETE, at(5), "NO", txn=900, seqval=1)
    assert story.users() == [("SE", at(5), END, True)]


def test_user__order_of_arrival_and_redelivery_change_nothing(story):
    story.user(INSERT, at(1), "NO")
    story.user(AFTER, at(3), "SE")
    story.user(DELETE, at(5), "SE")
    in_order = story.users()
    story.history["DimUser"] = [*reversed(story.history["DimUser"]), *story.history["DimUser"]]
    assert story.users() == in_order


def test_user__a_row_without_its_key_is_quarantined(story):
    story.user(INSERT, at(1), "NO", key=None)
    assert story.users() == []


def test_dimensions__each_has_one_unknown_member(story):
    published = publish(story.history)
    (user,), (artist,), (track,) = (
        published[f"silver.dim_{name}"] for name in ("user", "artist", "track")
    )
    always = {"valid_from": datetime(1900, 1, 1), "valid_to": END, "is_current": True}
    assert user == always | {
        "user_id": -1,
        "user_name": "Unknown",
        "country": "Unknown",
        "subscription_type": "Unknown",
        "start_date": None,
        "end_date": None,
    }
    assert artist == always | {
        "artist_id": -1,
        "artist_name": "Unknown",
        "genre": "Unknown",
        "country": "Unknown",
    }
    assert track == always | {
        "track_id": -1,
        "track_name": "Unknown",
        "artist_id": -1,
        "album_name": "Unknown",
        "duration_sec": None,
        "release_date": None,
    }


# --- plays and their versions -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "version"),
    [
        pytest.param(at(1), (1, at(2)), id="before the first version: the first"),
        pytest.param(at(2), (1, at(2)), id="at the start of a version: that version"),
        pytest.param(at(4, 12), (1, at(4)), id="between: the version of the time"),
        pytest.param(at(6), UNKNOWN_VERSION, id="at the delete: unknown"),
        pytest.param(at(7), UNKNOWN_VERSION, id="in the gap: unknown"),
        pytest.param(at(8), (1, at(8)), id="from the reinsert: the new version"),
        pytest.param(at(20), (1, at(8)), id="long after: the last version"),
    ],
)
def test_play__has_the_user_version_of_its_time(story, moment, version):
    story.user(INSERT, at(2), "NO")
    story.user(AFTER, at(4), "SE")
    story.user(DELETE, at(6), "SE")
    story.user(INSERT, at(8), "DK")
    story.play(moment)
    assert story.fact("user_version", "user_id") == [(version, 1)]


def test_play__after_the_last_delete_the_user_is_unknown(story):
    story.user(INSERT, at(2), "NO")
    story.user(DELETE, at(6), "NO")
    story.play(at(7))
    assert story.fact("user_version") == [UNKNOWN_VERSION]


def test_play__a_late_user_replaces_the_unknown_member(story):
    story.play(at(3))
    assert story.fact("user_version", "user_id") == [(UNKNOWN_VERSION, 1)]
    story.user(INSERT, at(9), "NO")
    assert story.fact("user_version") == [(1, at(9))]


def test_play__its_artist_is_of_the_track_version_at_the_same_time(story):
    for artist in (7, 8):
        story.tell("DimArtist", INSERT, artist, at(1), artist_name=f"Artist {artist}")
    story.tell("DimArtist", AFTER, 7, at(3), artist_name="Artist 7, renamed")
    story.tell("DimTrack", INSERT, 1, at(1), artist_id=7)
    story.tell("DimTrack", AFTER, 1, at(5), artist_id=8)
    for stream_id, day in enumerate((2, 4, 6), start=1):
        story.play(at(day), stream_id)
    assert story.fact("track_version", "artist_version") == [
        ((1, at(1)), (7, at(1))),
        ((1, at(1)), (7, at(3))),
        ((1, at(5)), (8, at(1))),
    ]


def test_play__without_track_or_artist_the_artist_is_unknown(story):
    story.tell("DimTrack", INSERT, 1, at(1), artist_id=None)
    story.tell("DimTrack", INSERT, 2, at(1), artist_id=99)
    for track_id in (1, 2, 3):
        story.play(at(2), track_id, track_id=track_id)
    assert story.fact("track_version", "artist_version") == [
        ((1, at(1)), UNKNOWN_VERSION),
        ((2, at(1)), UNKNOWN_VERSION),
        (UNKNOWN_VERSION, UNKNOWN_VERSION),
    ]


def test_play__a_correction_moves_it_to_another_day(story):
    story.play(at(3), listen_duration=10)
    story.play(at(4), operation=AFTER, listen_duration=20)
    assert story.fact("date_key", "streamed_at", "listen_duration_sec") == [(20251004, at(4), 20)]
    assert story.rows("gold.mart_daily_listening", "date_day") == [date(2025, 10, 4)]
    assert story.rows("gold.mart_user_engagement", "date_day") == [date(2025, 10, 4)]


def test_play__deleted_it_is_absent_and_reinserted_it_is_back(story):
    story.play(at(3))
    story.play(at(3), operation=DELETE)
    assert story.fact("stream_id") == []
    story.play(at(5), operation=INSERT)
    assert story.fact("streamed_at") == [at(5)]


def test_play__an_older_change_that_arrives_late_does_not_win(story):
    story.play(at(4), operation=AFTER, txn=20)
    story.play(at(3), operation=INSERT, txn=10)
    assert story.fact("streamed_at") == [at(4)]


def test_play__the_date_key_is_of_the_timestamp_not_of_the_source(story):
    story.play(at(3, 23), date_key=20240101)
    assert story.fact("date_key") == [20251003]


@pytest.mark.parametrize(
    "broken",
    [
        {"stream_id": None},
        {"user_id": None},
        {"track_id": None},
        {"stream_timestamp": None},
        {"listen_duration": -1},
        {"stream_timestamp": datetime(2005, 12, 31, 23, 59, 59)},
        {"stream_timestamp": at(4, 1), "commit": at(3)},
    ],
)
def test_play__that_violates_a_rule_is_absent(story, broken):
    story.play(**{"when": at(3)} | broken)
    assert story.fact("stream_id") == []


@pytest.mark.parametrize(
    "sound",
    [
        {"listen_duration": 0},
        {"listen_duration": None},
        {"device_type": None},
        {"stream_timestamp": datetime(2006, 1, 1)},
        {"stream_timestamp": at(4), "commit": at(3)},
    ],
)
def test_play__at_the_edge_of_a_rule_is_kept(story, sound):
    story.play(**{"when": at(3)} | sound)
    assert story.fact("stream_id") == [1]


def test_play__a_correction_that_violates_a_rule_hides_the_play(story):
    story.play(at(3))
    story.play(at(3), operation=AFTER, listen_duration=-5)
    assert story.fact("stream_id") == []


def test_play__a_correction_that_fixes_it_restores_it(story):
    story.play(at(3), listen_duration=-5)
    story.play(at(3), operation=AFTER, listen_duration=5)
    assert story.fact("listen_duration_sec") == [5]


# --- devices and days -------------------------------------------------------------------------


def test_device__is_known_once_any_change_named_it(story):
    story.play(at(3), device_type="Car")
    story.play(at(3), operation=BEFORE, device_type="Radio")
    story.play(at(3), operation=AFTER, device_type=None)
    assert story.rows("silver.dim_device", "device_type") == ["Unknown", "Car"]
    assert story.fact("device_type") == ["Unknown"]


def test_date__comes_from_the_source_else_from_its_key_else_from_a_play(story):
    spoken = {"day": 4, "month": 10, "year": 2025, "weekday": "Samstag"}
    story.tell("DimDate", INSERT, 20251004, at(1), date=date(2025, 10, 4), **spoken)
    story.tell("DimDate", INSERT, 20251005, at(1))
    story.tell("DimDate", INSERT, 20251006, at(1))
    story.tell("DimDate", DELETE, 20251006, at(2))
    story.play(at(4), 1)
    story.play(at(31), 2, commit=at(31))
    columns = ("date_key", "date_day", "day", "weekday", "iso_week", "quarter", "is_weekend")
    assert story.rows("silver.dim_date", *columns) == [
        (20251004, date(2025, 10, 4), 4, "Samstag", 40, 4, True),
        (20251005, date(2025, 10, 5), None, None, 40, 4, True),
        (20251031, date(2025, 10, 31), 31, "Friday", 44, 4, False),
    ]


def test_date__a_quarantined_play_adds_no_day(story):
    story.play(at(4), listen_duration=-1)
    assert story.rows("silver.dim_date", "date_key") == []


# --- marts ------------------------------------------------------------------------------------


def test_daily_listening__counts_by_the_listener_as_of_the_play(story):
    story.user(INSERT, at(1), "NO", subscription_type="Free")
    story.user(AFTER, at(3, 12), "SE", subscription_type=None)
    story.play(at(3, 1), 1, device_type="Car")
    story.play(at(3, 2), 2, device_type="Car", listen_duration=None)
    story.play(at(3, 3), 3)
    story.play(at(3, 13), 4, device_type="Car")
    story.play(at(3, 1), 5, device_type="Car", user_id=9)
    columns = ("country", "subscription_type", "device_type")
    columns += ("streams", "listeners", "listen_seconds")
    assert story.rows("gold.mart_daily_listening", *columns) == [
        ("NO", "Free", "Car", 2, 1, 60),
        ("NO", "Free", "Unknown", 1, 1, 60),
        ("SE", "Unknown", "Car", 1, 1, 60),
        ("Unknown", "Unknown", "Car", 1, 1, 60),
    ]


def test_top_tracks__rank_by_streams_then_listeners_then_track(story):
    for stream_id, (track_id, user_id) in enumerate(
        [(5, 1), (5, 1), (4, 1), (4, 2), (3, 1), (2, 1), (2, 1), (2, 1)], start=1
    ):
        story.play(at(6 + stream_id % 7), stream_id, track_id=track_id, user_id=user_id)
    columns = ("week_start", "rank", "track_id", "streams", "listeners")
    week = date(2025, 10, 6)
    assert story.rows("gold.mart_top_tracks_weekly", *columns) == [
        (week, 1, 2, 3, 1),
        (week, 2, 4, 2, 2),
        (week, 3, 5, 2, 1),
        (week, 4, 3, 1, 1),
    ]


def test_top_tracks__are_named_as_at_the_last_play_of_the_week(story):
    story.tell("DimArtist", INSERT, 7, at(1), artist_name="Old artist")
    story.tell("DimArtist", AFTER, 7, at(8), artist_name="New artist")
    story.tell("DimTrack", INSERT, 1, at(1), track_name="Old", artist_id=7)
    story.tell("DimTrack", AFTER, 1, at(8), track_name="New", artist_id=7)
    story.tell("DimTrack", AFTER, 1, at(14), track_name=None, artist_id=None)
    for stream_id, day in enumerate((5, 7, 9, 15), start=1):
        story.play(at(day), stream_id)
    columns = ("week_start", "track_name", "artist_name", "streams")
    assert story.rows("gold.mart_top_tracks_weekly", *columns) == [
        (date(2025, 9, 29), "Old", "Old artist", 1),
        (date(2025, 10, 6), "New", "New artist", 2),
        (date(2025, 10, 13), "Unknown", "Unknown", 1),
    ]


def test_top_tracks__keep_a_hundred(story):
    for track_id in range(1, 103):
        story.play(at(3), track_id, track_id=track_id)
    ranks = story.rows("gold.mart_top_tracks_weekly", "rank", "track_id")
    assert ranks == [(rank, rank) for rank in range(1, 101)]


def test_engagement__windows_end_with_the_day_and_cover_quiet_days(story):
    story.play(at(1), 1, user_id=1)
    story.play(at(1), 2, user_id=2)
    story.play(at(7), 3, user_id=3)
    story.play(at(8), 4, user_id=1, commit=at(40))
    story.play(at(31), 5, user_id=4, commit=at(40))
    rows = publish(story.history)["gold.mart_user_engagement"]
    counts = {row["date_day"].day: tuple(row.values())[1:] for row in rows}
    assert len(rows) == 31
    assert counts[1] == (2, 2, 2, None, False)
    assert counts[2] == (0, 2, 2, None, False)
    assert counts[7] == (1, 3, 3, None, False)
    assert counts[8] == (1, 2, 3, None, False)
    assert counts[29] == (0, 0, 3, None, False)
    assert counts[30] == (0, 0, 3, 0.0, True)
    assert counts[31] == (1, 1, 3, 1 / 3, True)


def test_engagement__a_month_without_plays_has_no_stickiness(story):
    story.play(at(1), 1)
    story.play(at(32), 2, commit=at(40))
    rows = {r["date_day"]: r for r in publish(story.history)["gold.mart_user_engagement"]}
    assert rows[date(2025, 10, 31)]["is_window_complete"]
    assert rows[date(2025, 10, 31)]["stickiness"] is None
    assert rows[date(2025, 11, 1)]["stickiness"] == 1.0


def test_marts__without_plays_are_empty(story):
    published = publish(story.history)
    assert not any(rows for table, rows in published.items() if table.startswith("gold."))


def test_top_artists__number_those_without_one_minus_one(story):
    story.tell("DimTrack", INSERT, 1, at(1), artist_id=7)
    story.tell("DimTrack", INSERT, 2, at(1), artist_id=None)
    for stream_id, track_id in enumerate((1, 2, 3), start=1):
        story.play(at(6), stream_id, track_id=track_id)
    assert story.rows(
        "gold.mart_top_artists_weekly", "rank", "artist_id", "artist_name", "streams"
    ) == [
        (1, -1, "Unknown", 2),
        (2, 7, "Unknown", 1),
    ]


def test_retention__counts_the_weeks_from_that_of_the_first_play(story):
    for stream_id, (user_id, day) in enumerate([(1, 5), (1, 6), (1, 20), (2, 5), (3, 6)], start=1):
        story.play(at(day), stream_id, user_id=user_id)
    first, second = date(2025, 9, 29), date(2025, 10, 6)
    assert sorted(
        tuple(row.values()) for row in publish(story.history)["gold.mart_user_retention"]
    ) == [
        (first, 0, 2, 2, 1.0, True),
        (first, 1, 2, 1, 0.5, True),
        (first, 2, 2, 0, 0.0, True),
        (first, 3, 2, 1, 0.5, False),
        (second, 0, 1, 1, 1.0, True),
        (second, 1, 1, 0, 0.0, True),
        (second, 2, 1, 0, 0.0, False),
    ]


def test_retention__follows_a_silent_cohort_for_520_weeks(story):
    weeks = 600
    story.play(at(6), 1)
    story.play(at(6 + 7 * weeks), 2, commit=at(6 + 7 * weeks))
    rows = story.rows("gold.mart_user_retention", "weeks_since", "active_users")
    assert rows == [(0, 1), *((week, 0) for week in range(1, 521)), (weeks, 1)]


def test_catalog_health__counts_unknown_incomplete_and_too_long(story):
    story.tell("DimTrack", INSERT, 1, at(1), track_name="Song", artist_id=7, duration_sec=100)
    story.tell("DimTrack", INSERT, 2, at(1), track_name="Song", artist_id=None, duration_sec=100)
    for stream_id, (track_id, seconds) in enumerate(
        [(1, 110), (1, 111), (2, 1), (3, 999)], start=1
    ):
        story.play(at(6), stream_id, track_id=track_id, listen_duration=seconds)
    [row] = publish(story.history)["gold.mart_catalog_health"]
    assert [*row.values()][1:] == [4, 3, 1, 4, 1, 1]


# --- subscriptions ----------------------------------------------------------------------------


def test_subscription__is_signed_up_for_moved_cancelled_and_taken_again(story):
    story.prices(at(1), Basic="5.00", Plus="9.99", Twin="9.99")
    for day, plan in enumerate(("Basic", "Plus", "Twin", "Basic", "Gone", None), start=2):
        story.plan(AFTER, at(day), plan)
    story.plan(AFTER, at(8), None, end_date=date(2030, 1, 1))
    story.plan(AFTER, at(9), "Plus")
    story.user(DELETE, at(10))
    assert story.movements("changed_at", "movement", "from_plan", "to_plan") == [
        (at(2), "sign_up", None, "Basic"),
        (at(3), "upgrade", "Basic", "Plus"),
        (at(4), "switch", "Plus", "Twin"),
        (at(5), "downgrade", "Twin", "Basic"),
        (at(6), "switch", "Basic", "Gone"),
        (at(7), "switch", "Gone", "Unknown"),
        (at(8), "cancel", "Unknown", None),
        (at(9), "return", None, "Plus"),
        (at(10), "cancel", "Plus", None),
    ]
    assert story.movements("user_version")[-1] == (1, at(9))


def test_subscription__of_an_account_that_begins_cancelled_signs_up_later(story):
    story.plan(INSERT, at(2), "Basic", end_date=date(2025, 10, 1))
    story.plan(AFTER, at(3), "Basic")
    assert story.movements("changed_at", "movement") == [(at(3), "sign_up")]


def test_subscription__is_priced_as_at_the_moment_of_the_change(story):
    story.prices(at(4), Basic="5.00", Plus="9.99")
    story.prices(at(6), Basic="5.00", Plus="4.00")
    for day, plan in ((2, "Basic"), (3, "Plus"), (5, "Basic"), (6, "Plus")):
        story.plan(AFTER, at(day), plan)
    columns = ("movement", "from_monthly_price", "to_monthly_price", "to_plan_version")
    assert story.movements(*columns)[1:] == [
        ("upgrade", Decimal("5.00"), Decimal("9.99"), ("Plus", at(4))),
        ("downgrade", Decimal("9.99"), Decimal("5.00"), ("Basic", at(4))),
        ("downgrade", Decimal("5.00"), Decimal("4.00"), ("Plus", at(6))),
    ]


@pytest.mark.parametrize(
    ("began", "movement"),
    [
        (date(2025, 10, 1), "opening"),
        (date(2025, 10, 2), "sign_up"),
        (date(2025, 10, 3), "sign_up"),
        (date(2025, 10, 9), "sign_up"),
        (None, "sign_up"),
    ],
)
def test_subscription__of_an_account_older_than_the_log_is_an_opening(story, began, movement):
    story.user(INSERT, at(3, 23), subscription_type="Basic", start_date=began)
    story.user(DELETE, at(4))
    story.user(INSERT, at(5), subscription_type="Basic", start_date=began)
    assert story.movements("movement") == [movement, "cancel", "return"]


def test_subscription__of_an_account_first_seen_without_one_is_not_an_opening(story):
    closed = {"start_date": date(2020, 1, 1), "end_date": date(2024, 1, 1)}
    story.user(INSERT, at(3), subscription_type="Basic", **closed)
    story.user(AFTER, at(4), subscription_type="Basic", start_date=date(2020, 1, 1))
    assert story.movements("changed_at", "movement") == [(at(4), "sign_up")]


def test_subscription__of_another_currency_is_neither_higher_nor_lower(story):
    lines = [("Euro", "11.99", "EUR"), ("Krone", "139.00", "NOK"), ("A", "1.00", None)]
    lines.append(("B", "2.00", None))
    story.listings[PLANS].append(
        Listing(
            at(1),
            [
                {"plan": plan, "monthly_price": Decimal(price), "currency": currency}
                | {"max_devices": 1}
                for plan, price, currency in lines
            ],
        )
    )
    for day, plan in enumerate(("Euro", "Krone", "A", "B", "Gone"), start=2):
        story.plan(AFTER, at(day), plan)
    assert story.movements("movement", "from_currency", "to_currency") == [
        ("sign_up", None, "EUR"),
        ("switch", "EUR", "NOK"),
        ("switch", "NOK", None),
        ("upgrade", None, None),
        ("switch", None, None),
    ]
    currencies = story.rows("gold.mart_subscription_movements", "date_day", "plan", "currency")
    last = date(2025, 10, 6)
    assert {plan: currency for day, plan, currency in currencies if day == last} == {
        "Euro": "EUR",
        "Krone": "NOK",
        "A": "Unknown",
        "B": "Unknown",
        "Gone": "Unknown",
    }


def test_subscription_movements__count_subscribers_to_the_end_of_the_day(story):
    story.prices(at(1), Basic="5.00", Plus="9.99")
    story.plan(INSERT, at(2), "Basic")
    story.user(INSERT, at(2, 5), key=2, subscription_type="Basic")
    story.plan(AFTER, at(4), "Plus")
    story.user(DELETE, at(4, 1), key=2)
    columns = ("date_day", "plan", "sign_ups", "upgrades", "departures", "cancellations")
    columns += ("subscribers", "recurring_revenue")
    assert story.rows("gold.mart_subscription_movements", *columns) == [
        (date(2025, 10, 2), "Basic", 2, 0, 0, 0, 2, Decimal("10.00")),
        (date(2025, 10, 3), "Basic", 0, 0, 0, 0, 2, Decimal("10.00")),
        (date(2025, 10, 4), "Basic", 0, 0, 1, 1, 0, Decimal("0.00")),
        (date(2025, 10, 4), "Plus", 0, 1, 0, 0, 1, Decimal("9.99")),
    ]


def test_subscription_movements__report_a_new_price_without_movements(story):
    story.prices(at(1), Basic="5.00")
    story.plan(INSERT, at(2), "Basic")
    story.prices(at(4, 23), Basic="6.00")
    columns = ("date_day", "sign_ups", "subscribers", "recurring_revenue")
    assert story.rows("gold.mart_subscription_movements", *columns) == [
        (date(2025, 10, 2), 1, 1, Decimal("5.00")),
        (date(2025, 10, 3), 0, 1, Decimal("5.00")),
        (date(2025, 10, 4), 0, 1, Decimal("6.00")),
    ]


def test_subscription_movements__carry_a_plan_for_520_weeks(story):
    story.plan(INSERT, datetime(1, 1, 1), "Basic")
    story.user(INSERT, datetime(9999, 12, 31, 23), key=2, subscription_type="Basic")
    days = story.rows("gold.mart_subscription_movements", "date_day")
    assert len(days) == 1 + 7 * 520 + 1
    assert days[-2:] == [date(1, 1, 1) + timedelta(weeks=520), date(9999, 12, 31)]


def test_plans__have_a_version_per_price_until_a_list_omits_them(story):
    story.prices(at(1), Basic="5.00", Plus="9.99")
    story.prices(at(2), Basic="6.00", Plus="9.99")
    story.prices(at(3), Basic="6.00")
    story.prices(at(4), Basic="6.00", Plus="9.99")
    expected = [
        ("Basic", "5.00", at(1), at(2)),
        ("Basic", "6.00", at(2), END),
        ("Plus", "9.99", at(1), at(3)),
        ("Plus", "9.99", at(4), END),
    ]
    assert story.plans() == expected
    story.listings[PLANS].reverse()  # the order of arrival does not matter
    assert sorted(story.plans()) == expected


def test_plans__a_bad_or_contradictory_line_does_not_change_a_listed_plan(story):
    story.prices(at(1), Basic="5.00", Plus="9.99")
    story.prices(at(2), ("Basic", "6.00"), ("Basic", "7.00"), ("Plus", "-1.00"), ("Twin", "-1.00"))
    story.prices(at(3), ("Basic", "5.00"), ("Plus", "9.99"), ("Twin", "-1.00"), ("Twin", "4.00"))
    story.prices(at(4), ("Basic", "5.00"), ("Basic", "5.00"), ("", "5.00"), Plus="9.99")
    assert story.plans() == [
        ("Basic", "5.00", at(1), END),
        ("Plus", "9.99", at(1), END),
        ("Twin", "4.00", at(3), at(4)),
    ]


def test_plans__a_list_without_good_lines_ends_nothing_and_the_last_name_wins_a_tie(story):
    story.prices(at(1), Basic="5.00", name="b")
    story.prices(at(1), Basic="4.00", name="a")
    story.prices(at(1), Basic="-4.00", name="c")
    story.prices(at(2))
    story.prices(at(3), ("Basic", "1.00"), ("Basic", "2.00"), ("", "3.00"))
    assert story.plans() == [("Basic", "5.00", at(1), END)]


# --- reconciliation ---------------------------------------------------------------------------


def reconciliation(story, table):
    [row] = [
        row
        for row in publish(story.history)["silver.reconciliation"]
        if row["source_table"] == table
    ]
    return [*row.values()][1:]


def test_reconciliation__of_a_dimension_counts_each_landed_row_once(story):
    story.user(INSERT, at(1), "NO")
    story.user(BEFORE, at(2), "NO")
    story.user(AFTER, at(2), "SE", txn=3, seqval=1)
    story.user(AFTER, at(2), "NO", txn=3, seqval=2)
    story.user(DELETE, at(3), "NO")
    story.user(DELETE, at(4), "NO")
    story.user(INSERT, at(5), "NO", key=-1)
    story.user(INSERT, at(5), "NO", key=3)["_seqval"] = None
    story.history["DimUser"] *= 2
    assert reconciliation(story, "DimUser") == [16, 2, 6, 1, 1, 2, 1, 3]


def test_reconciliation__of_plays_counts_the_effect_of_the_last_change(story):
    story.play(at(3), 1)
    story.play(at(3), 1, operation=DELETE)
    story.play(at(3), 2, operation=DELETE)
    story.play(at(3), 3)
    story.play(at(3), 3, operation=AFTER, listen_duration=-1)
    story.play(at(3), 4)
    story.play(at(3), None)
    assert reconciliation(story, "FactStream") == [7, 0, 0, 1, 1, 1, 2, 2]


# --- undoing the source's changes -------------------------------------------------------------


def test_undo__gives_the_rows_from_before_the_changes(story):
    before = {"user_id": 1, "country": "NO"}
    for operation, country in ((BEFORE, "NO"), (AFTER, "SE"), (BEFORE, "SE"), (AFTER, "DK")):
        story.user(operation, at(3), country)
    story.user(DELETE, at(4), "FI", key=2)
    story.user(INSERT, at(4), "IS", key=3)
    today = [{"user_id": 1, "country": "DK"}, {"user_id": 3, "country": "IS"}, {"user_id": 4}]
    rows = undo(today, story.history["DimUser"], "user_id")
    assert [row["user_id"] for row in rows] == [4, 1, 2]
    assert rows[1].items() >= before.items()
    assert not any(column.startswith("_") for row in rows for column in row)
