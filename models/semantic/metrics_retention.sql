{# Made by `medallion metrics models` from models/semantic/_metrics.yml; change it there. #}
version: 1.1
source: {{ ref('mart_user_retention') }}
comment: "Users of weekly cohorts who play again in later weeks."
dimensions:
  - name: cohort_week
    expr: cohort_week
    display_name: "Cohort"
    comment: "Monday of the week in which the users' first play was."
  - name: weeks_since
    expr: weeks_since
    display_name: "Weeks since the first"
    comment: "Number of weeks since the cohort's own week, which is 0. The rows end 520 weeks after the cohort's last active week."
  - name: is_week_complete
    expr: is_week_complete
    display_name: "The week is complete"
    comment: "False for a week whose Sunday is after the last day with plays: its figures may still increase."
measures:
  - name: cohort_users
    expr: "SUM(cohort_users) FILTER (WHERE is_week_complete = true)"
    display_name: "Users of the cohorts"
    comment: "Users of the chosen cohorts, once for each chosen week that is complete."
  - name: retained_users
    expr: "SUM(active_users) FILTER (WHERE is_week_complete = true)"
    display_name: "Retained users"
    comment: "Those of the cohorts' users who played in the chosen weeks that are complete."
  - name: retention
    expr: "MEASURE(retained_users) / NULLIF(MEASURE(cohort_users), 0)"
    display_name: "Retention"
    comment: "Retained users as a share of the cohorts' users, 0 to 1."
