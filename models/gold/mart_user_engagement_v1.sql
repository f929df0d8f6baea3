-- Version 1, for reports that still read short names and a percentage: a view of version 2.
select
    -- keys
    date_day,

    -- measures
    daily_active_users as dau,
    weekly_active_users as wau,
    monthly_active_users as mau,
    100 * stickiness as stickiness_percent
from {{ ref('mart_user_engagement', v=2) }}
