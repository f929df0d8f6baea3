{# Made by `medallion metrics models` from models/semantic/_metrics.yml; change it there. #}
version: 1.1
source: {{ ref('mart_user_engagement', v=2) }}
comment: "Active users of each day, and of the 7 and 30 days that end with it."
dimensions:
  - name: date_day
    expr: date_day
    display_name: "Day"
    comment: "The day, UTC."
  - name: is_window_complete
    expr: is_window_complete
    display_name: "30 days are complete"
    comment: "True from the 30th day of the series, when the 30 days that end with this day are all in the series. The 7-day window is complete from the 7th day."
measures:
  - name: listeners
    expr: "AVG(daily_active_users)"
    display_name: "Listeners per day"
    comment: "Distinct listeners of a day, as the average of the chosen days."
  - name: daily_active_users
    expr: "SUM(daily_active_users)"
    display_name: "Daily active users"
    comment: "Distinct users with plays on the last of the chosen days."
    window:
      - order: date_day
        range: current
        semiadditive: last
  - name: weekly_active_users
    expr: "SUM(weekly_active_users)"
    display_name: "Weekly active users"
    comment: "Distinct users with plays in the 7 days that end with the last of the chosen days."
    window:
      - order: date_day
        range: current
        semiadditive: last
  - name: monthly_active_users
    expr: "SUM(monthly_active_users)"
    display_name: "Monthly active users"
    comment: "Distinct users with plays in the 30 days that end with the last of the chosen days."
    window:
      - order: date_day
        range: current
        semiadditive: last
