-- One row per current user, with the values that its rules compare.
with

users as (

    select *
    from {{ ref('dim_user') }}
    where is_current and user_key != {{ unknown_key() }}

),

markets as (

    select * from {{ ref('stg_github__markets') }}

),

plans as (

    select * from {{ ref('stg_github__subscription_plans') }}

)

select
    -- keys
    users.user_key,
    users.user_id,

    -- attributes
    users.country,
    markets.country as market_country,
    users.subscription_type,
    plans.plan,
    users.start_date,
    users.end_date
from users
left outer join markets on users.country = markets.country
left outer join plans on users.subscription_type = plans.plan
