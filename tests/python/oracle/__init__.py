"""An independent computation of the published tables, in plain Python, from lists of changes.

It shares no code and no SQL with the dbt models: what both agree on, by "What the history means",
is unlikely to be wrong in both.
"""

from oracle.calendar import dim_date
from oracle.changes import History
from oracle.dimensions import dim_artist, dim_device, dim_track, dim_user
from oracle.facts import fct_streams
from oracle.marts import mart_daily_listening, mart_top_tracks_weekly, mart_user_engagement

PUBLISHED = {
    "silver.dim_user": dim_user,
    "silver.dim_artist": dim_artist,
    "silver.dim_track": dim_track,
    "silver.dim_date": dim_date,
    "silver.dim_device": dim_device,
    "silver.fct_streams": fct_streams,
    "gold.mart_daily_listening": mart_daily_listening,
    "gold.mart_top_tracks_weekly": mart_top_tracks_weekly,
    "gold.mart_user_engagement": mart_user_engagement,
}


def publish(history: History) -> dict[str, list[dict]]:
    """Every published table's rows, computed from the changes of every source table."""
    return {table: compute(history) for table, compute in PUBLISHED.items()}
