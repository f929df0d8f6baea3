{# Made by `medallion metrics models` from models/semantic/_metrics.yml; change it there. #}
version: 1.1
source: {{ ref('mart_subscription_movements') }}
comment: "Subscribers and recurring revenue of each plan at the end of each day."
dimensions:
  - name: date_day
    expr: date_day
    display_name: "Day"
    comment: "Day on which the source committed the changes, UTC. The rows of a plan continue for at most 520 weeks after its last movement."
  - name: plan
    expr: plan
    display_name: "Plan"
    comment: "Name of the plan; `Unknown` for accounts without a plan."
  - name: currency
    expr: currency
    display_name: "Currency"
    comment: "ISO 4217 code of the price's currency at the end of the day. `Unknown` if the list names no currency, or if the price is not known."
measures:
  - name: subscribers
    expr: "SUM(subscribers)"
    display_name: "Subscribers"
    comment: "Users with a plan at the end of the last of the chosen days."
    window:
      - order: date_day
        range: current
        semiadditive: last
  - name: recurring_revenue
    expr: "CASE WHEN COUNT(DISTINCT currency) = 1 THEN SUM(recurring_revenue) END"
    display_name: "Recurring revenue per month"
    comment: "Subscribers times the list price per month, at the end of the last of the chosen days. NULL for several currencies: group by the currency, or choose one."
    window:
      - order: date_day
        range: current
        semiadditive: last
