"""An independent computation of the published tables, in plain Python, from lists of changes.

It shares no code and no SQL with the dbt models. Both follow `docs/history.md`. So where they
agree, an error in both is unlikely.
"""

from collections.abc import Callable

from oracle.calendar import dim_date
from oracle.changes import History
from oracle.dimensions import dim_artist, dim_device, dim_track, dim_user
from oracle.facts import fct_streams, quarantined_plays
from oracle.marts import (
    mart_catalog_health,
    mart_daily_listening,
    mart_top_artists_weekly,
    mart_top_tracks_weekly,
    mart_user_engagement,
    mart_user_retention,
)
from oracle.reconciliation import reconciliation
from oracle.reference import MARKETS, PLANS, Listings, dim_market, dim_subscription_plan
from oracle.subscriptions import fct_subscription_changes, mart_subscription_movements

FROM_THE_LOG: dict[str, Callable[[History], list[dict]]] = {
    "silver.dim_user": dim_user,
    "silver.dim_artist": dim_artist,
    "silver.dim_track": dim_track,
    "silver.dim_date": dim_date,
    "silver.dim_device": dim_device,
    "silver.fct_streams": fct_streams,
    "quarantine.quarantined_plays": quarantined_plays,
    "silver.reconciliation": reconciliation,
    "gold.mart_daily_listening": mart_daily_listening,
    "gold.mart_top_tracks_weekly": mart_top_tracks_weekly,
    "gold.mart_top_artists_weekly": mart_top_artists_weekly,
    "gold.mart_user_engagement": mart_user_engagement,
    "gold.mart_user_retention": mart_user_retention,
    "gold.mart_catalog_health": mart_catalog_health,
}
FROM_THE_LISTINGS: dict[str, Callable[[Listings], list[dict]]] = {
    "silver.dim_subscription_plan": dim_subscription_plan,
    "silver.dim_market": dim_market,
}
FROM_BOTH: dict[str, Callable[[History, Listings], list[dict]]] = {
    "silver.fct_subscription_changes": fct_subscription_changes,
    "gold.mart_subscription_movements": mart_subscription_movements,
}
PUBLISHED = (*FROM_THE_LOG, *FROM_THE_LISTINGS, *FROM_BOTH)


def publish(history: History, listings: Listings | None = None) -> dict[str, list[dict]]:
    """The rows of every published table, from the changes of all sources and the GitHub files."""
    listed = listings or {PLANS: [], MARKETS: []}
    return (
        {table: compute(history) for table, compute in FROM_THE_LOG.items()}
        | {table: compute(listed) for table, compute in FROM_THE_LISTINGS.items()}
        | {table: compute(history, listed) for table, compute in FROM_BOTH.items()}
    )
