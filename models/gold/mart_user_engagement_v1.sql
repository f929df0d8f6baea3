-- Version 1, for reports that still read short names and a percentage: a view of version 2. It
-- keeps its percentage in the first 29 days too, whose month is shorter: its readers see no change.
select
    -- keys
    date_day,

    -- measures
    daily_active_users as dau,
    weekly_active_users as wau,
    monthly_active_users as mau,
    100 * (
        cast(daily_active_users as double) / nullif(cast(monthly_active_users as double), 0)
    ) as stickiness_percent
from {{ ref('mart_user_engagement', v=2) }}
