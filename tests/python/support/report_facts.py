"""The facts of an invented lakehouse, for tests of the report's page."""

import datetime as dt

from medallion.expectations import Rule
from medallion.report.artifacts import Build, Manifest, Outcome
from medallion.report.collect import Facts
from medallion.report.history import History, Record, record_of

NOW = dt.datetime(2026, 3, 9, 6, 0, tzinfo=dt.UTC)
HOSTILE = "</td><script>document.title='hacked'</script><img src=x onerror=alert(1)>\"'&"
TABLES = ("DimArtist", "DimDate", "DimTrack", "DimUser", "FactStream")
DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(60)]
MODELS = ("dim_user", "fct_streams", "mart_daily_listening", "mart_subscription_movements")
FAILED_TEST = "test.medallion.unique_dim_user_user_key.1"
RULES = {
    Rule("bronze", "azure_sql__fact_stream", "user_id_is_present", "…", "quarantine", "Why."): 7,
    Rule("bronze", "azure_sql__dim_user", "user_id_is_present", "…", "quarantine", "Why."): 0,
    Rule("silver", "plays_in_context", "track_is_released", "…", "warn", "Why."): 3,
}
MANIFEST = {
    "metadata": {},
    "nodes": {
        "model.medallion.dim_user": {
            "name": "dim_user",
            "alias": "dim_user",
            "resource_type": "model",
            "relation_name": "`medallion`.`silver`.`dim_user`",
            "columns": {
                "user_key": {"databricks_tags": {}},
                "country": {},
                "user_name": {"databricks_tags": {"pii": "name"}},
            },
        },
        FAILED_TEST: {
            "resource_type": "test",
            "attached_node": "model.medallion.dim_user",
            "column_name": "user_key",
            "test_metadata": {"name": "unique", "kwargs": {}},
            "depends_on": {"nodes": ["model.medallion.dim_user"]},
        },
    },
    "sources": {
        f"source.medallion.azure_sql.{name}": {
            "name": name,
            "resource_type": "source",
            "freshness": {
                "warn_after": {"count": 3, "period": "hour"},
                "error_after": {"count": 12, "period": "hour"},
            },
        }
        for name in TABLES
    },
}


def build(failing: bool = False, invocation: str = "now", ended: dt.datetime = NOW) -> Build:
    """A build of four models and three tests; one of them warns, or fails."""
    models = [
        Outcome(f"model.medallion.{name}", "success", 1.5 * (place + 1), 0, "", "")
        for place, name in enumerate(MODELS)
    ]
    tests = [
        Outcome("test.medallion.no_landed_row_is_unaccounted_for", "pass", 0.1, 0, "", ""),
        Outcome("test.medallion.windows_leave_no_gap", "pass", 0.1, 0, "", ""),
        Outcome(FAILED_TEST, "fail" if failing else "warn", 0.1, 2, "Got 2 results", "select 1"),
    ]
    started = ended - dt.timedelta(seconds=95)
    return Build(invocation, "dbt build", started, ended, (*models, *tests))


def records(count: int) -> tuple[Record, ...]:
    """The history of earlier builds, one a day."""
    return tuple(
        record_of(
            build(invocation=f"{day:08d}", ended=NOW - dt.timedelta(days=day)),
            landed=3000 - day,
            unaccounted=0,
            rules={f"{one.model}.{one.name}": max(0, n - day) for one, n in RULES.items()},
            hours_since_check={"dbo.DimUser": 0.2},
        )
        for day in range(count, 0, -1)
    )


def facts(history: int = 5, failing: bool = False) -> Facts:
    """The facts of a build with `history` builds before it."""
    made = Facts(NOW, build(failing), Manifest(MANIFEST), _answers(), dict(RULES))
    made.failing = {FAILED_TEST: [{"user_key": "k1", "user_name": "***", "country": HOSTILE}]}
    made.history = History(records(history))
    made.record = record_of(
        made.build,
        landed=3000,
        unaccounted=0,
        rules={f"{one.model}.{one.name}": count for one, count in RULES.items()},
        hours_since_check={"dbo.DimUser": 0.1},
    )
    return made


def _answers() -> dict[str, list[dict]]:
    checked = (NOW - dt.timedelta(minutes=20)).isoformat()
    outcomes = ("before_images", "redelivered", "deleted", "collapsed", "superseded", "quarantined")
    days = [day.isoformat() for day in DAYS]
    return {
        "reconciliation": [
            {"source_table": name, "landed": 600, "applied": 540} | dict.fromkeys(outcomes, 10)
            for name in TABLES
        ],
        "windows": [
            {"source_table": f"dbo.{name}", "windows": 4, "gaps": 0, "overlaps": 0, "differing": 0}
            for name in TABLES
        ],
        "landings": [
            {
                "run_id": f"r{number}",
                "landed": 150 + number,
                "bytes": 21_000 + 900 * number,
                "started_at": (NOW - dt.timedelta(hours=number + 1)).isoformat(),
                "ended_at": (NOW - dt.timedelta(hours=number)).isoformat(),
                "is_first_load": number == 3,
            }
            for number in range(4)
        ],
        "landed_tables": [
            {"source_table": "dbo.DimUser", "mode": "increment", "landed": 150, "bytes": 21_000}
        ],
        "first_loads": [
            {"source_table": f"dbo.{name}", "landed": 500, "bytes": 20_000} for name in TABLES
        ],
        "source_rows": [{"source_table": f"dbo.{name}", "source_rows": 510} for name in TABLES],
        "checked": [
            {"source": f"dbo.{name}", "checked_at": checked, "newest_at": checked}
            for name in TABLES
        ],
        "files": [{"source": "markets.csv", "newest_at": checked}],
        "listening": [
            {"date_day": day, "streams": 900 + place % 7 * 40, "hours": 31.5}
            for place, day in enumerate(days)
        ],
        "listening_country": [
            {"label": HOSTILE, "streams": 90},
            {"label": "Saint Vincent and the Grenadines", "streams": 80},
        ],
        "listening_plan": [{"label": "Premium", "streams": 170}],
        "listening_device": [{"label": "Mobile", "streams": 170}],
        "tracks": [
            {
                "week_start": week,
                "rank": rank,
                "track_name": f"Track {rank}" if rank > 1 else HOSTILE,
                "artist_name": "Artist with a long name",
                "streams": 50 - rank,
                "listeners": 30,
            }
            for week in ("2026-02-23", "2026-02-16")
            for rank in range(1, 11)
        ],
        "artists": [
            {
                "week_start": week,
                "rank": rank,
                "artist_name": f"Artist {rank + shift}",
                "streams": 90 - rank,
                "listeners": 60,
            }
            for week, shift in (("2026-02-23", 1), ("2026-02-16", 0))
            for rank in range(1, 11)
        ],
        "engagement": [
            {
                "date_day": day,
                "daily_active_users": 300 + place,
                "weekly_active_users": 700 + place,
                "monthly_active_users": 900 + place,
                "stickiness": 0.33 if place > 29 else None,
                "is_window_complete": place > 29,
            }
            for place, day in enumerate(days)
        ],
        "cohorts": [
            {
                "cohort_week": (DAYS[0] + dt.timedelta(weeks=week)).isoformat(),
                "weeks_since": since,
                "cohort_users": 120,
                "active_users": 120 - 9 * since,
                "retention": 1 - 0.075 * since,
                "is_week_complete": week + since < 8,
            }
            for week in range(9)
            for since in range(9 - week)
        ],
        "revenue": [
            {
                "date_day": day,
                "plan": plan,
                "subscribers": 100 + place,
                "recurring_revenue": (100 + place) * price,
                "currency": "USD",
                "gained": 1,
                "upgrades": 0,
                "downgrades": 0,
                "cancellations": 0,
            }
            for place, day in enumerate(days)
            for plan, price in (("Family", 19.99), ("Free", 0.0), ("Premium", 11.99))
        ],
        "catalogue": [
            {
                "streams": 1000,
                "unknown_tracks": 3,
                "unknown_artists": 1,
                "incomplete": 0,
                "longer": 2,
            }
        ],
    }
