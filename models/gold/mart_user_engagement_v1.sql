-- Version 1, for reports that still use the short names and a percentage: a view of version 2. It
-- also shows the percentage in the first 29 days, whose window is shorter, so that its readers see
-- no change.
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
