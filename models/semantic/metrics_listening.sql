{# Made by `medallion metrics models` from models/semantic/_metrics.yml; change it there. #}
version: 1.1
source: {{ ref('mart_daily_listening') }}
comment: "Plays per day, country, plan and device of the listener's account."
dimensions:
  - name: date_day
    expr: date_day
    display_name: "Day"
    comment: "Day on which the plays began, UTC."
  - name: country
    expr: country
    display_name: "Country"
    comment: "Country of the listener's account at the time of the play; `Unknown` if it is not known."
  - name: subscription_type
    expr: subscription_type
    display_name: "Plan"
    comment: "Plan of the listener's account at the time of the play; `Unknown` if it is not known."
  - name: device_type
    expr: device_type
    display_name: "Device"
    comment: "Type of the device; `Unknown` if it is not known."
measures:
  - name: streams
    expr: "SUM(streams)"
    display_name: "Streams"
    comment: "Number of plays."
  - name: listening_hours
    expr: "SUM(listen_seconds) / 3600"
    display_name: "Listening hours"
    comment: "Hours listened. A play with an unknown listening time adds none."
