-- One row per change of a user's plan, computed from the versions of the user, with the prices at
-- the time of the change. If the history of the user or of a plan changed, the user's rows are
-- rebuilt from all changes and replaced completely.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='subscription_change_key',
        meta={'sequence_by': '_loaded_through'},
    )
}}

{% set user_changes = ref('stg_azure_sql__user_changes') -%}
{% set columns = [
    'subscription_change_key',
    'user_key',
    'from_plan_key',
    'to_plan_key',
    'date_key',
    'user_id',
    'changed_at',
    'movement',
    'from_plan',
    'to_plan',
    'from_monthly_price',
    'to_monthly_price',
    'from_currency',
    'to_currency',
    '_loaded_through',
    '_price_list',
] -%}

with

users as (

    select *
    from {{ ref('dim_user') }}
    where user_key != {{ unknown_key() }}

),

known_plans as (

    select *
    from {{ ref('dim_subscription_plan') }}
    where subscription_plan_key != {{ unknown_key() }}

),

plans as (

    {{ versions_at('known_plans', 'plan') | indent(4) }}

),

price_list as (

    select
        coalesce(
            bit_xor(
                xxhash64(subscription_plan_key, unix_micros(valid_to), monthly_price, currency)
            ),
            0
        ) as checksum
    from known_plans

),

{% if is_incremental() -%}
changes as (

    select *
    from {{ user_changes }}
    where _quarantine_reasons is null

),

-- The log, not the dimension, shows whose history changed: a user that lost its last version no
-- longer has a row in the dimension. A user without a row in this table has no price to look up
-- again.
affected_users as (

    select user_id
    from changes
    where {{ loaded_since('_loaded_at', '_loaded_through') }}
    union distinct
    select existing.user_id
    from price_list
    inner join {{ this }} as existing on price_list.checksum != existing._price_list

),

{% endif -%}
versions as (

    select
        users.*,
        lead(users.valid_from) over (
            partition by users.user_id order by users.valid_from
        ) as next_valid_from
    {% if is_incremental() -%}
    from affected_users
    inner join users on affected_users.user_id = users.user_id
    {%- else -%}
    from users
    {%- endif %}

),

-- The plan from the start of each version; NULL while the user does not subscribe. A delete begins
-- no version, so after a delete there is no plan.
states as (

    select
        user_id,
        user_key,
        _loaded_through,
        start_date,
        valid_from as changed_at,
        case when end_date is null then coalesce(subscription_type, 'Unknown') end as plan
    from versions

    union all

    select
        user_id,
        user_key,
        _loaded_through,
        cast(null as date) as start_date,
        valid_to as changed_at,
        cast(null as string) as plan
    from versions
    where not is_current and not valid_to <=> next_valid_from

),

compared as (

    select
        *,
        lag(plan) over (partition by user_id order by changed_at) as from_plan,
        row_number() over (partition by user_id order by changed_at) = 1 as is_first_state,
        count(plan) over (
            partition by user_id
            order by changed_at
            rows between unbounded preceding and current row
        ) as subscribed_states
    from states

),

priced as (

    select
        compared.user_id,
        compared.user_key,
        compared._loaded_through,
        compared.changed_at,
        compared.subscribed_states,
        -- one day of tolerance for users who register before midnight and are committed after it
        compared.is_first_state
        and compared.start_date < date_add(cast(compared.changed_at as date), -1) as is_opening,
        compared.from_plan,
        compared.plan as to_plan,
        coalesce(from_plans.subscription_plan_key, {{ unknown_key() }}) as from_plan_key,
        coalesce(to_plans.subscription_plan_key, {{ unknown_key() }}) as to_plan_key,
        from_plans.monthly_price as from_monthly_price,
        to_plans.monthly_price as to_monthly_price,
        from_plans.currency as from_currency,
        to_plans.currency as to_currency
    from compared
    left outer join plans as from_plans
        on
            compared.from_plan = from_plans.plan
            and compared.changed_at >= from_plans.matches_from
            and compared.changed_at < from_plans.valid_to
    left outer join plans as to_plans
        on
            compared.plan = to_plans.plan
            and compared.changed_at >= to_plans.matches_from
            and compared.changed_at < to_plans.valid_to
    where not compared.plan <=> compared.from_plan

),

rebuilt as (

    select
        {{ version_key('priced.user_id', 'priced.changed_at') }} as subscription_change_key,
        priced.user_key,
        priced.from_plan_key,
        priced.to_plan_key,
        {{ date_key('priced.changed_at') }} as date_key,
        priced.user_id,
        priced.changed_at,
        case
            when priced.to_plan is null then 'cancel'
            when priced.is_opening then 'opening'
            when priced.subscribed_states = 1 then 'sign_up'
            when priced.from_plan is null then 'return'
            when not priced.from_currency <=> priced.to_currency then 'switch'
            when priced.to_monthly_price > priced.from_monthly_price then 'upgrade'
            when priced.to_monthly_price < priced.from_monthly_price then 'downgrade'
            else 'switch'
        end as movement,
        priced.from_plan,
        priced.to_plan,
        priced.from_monthly_price,
        priced.to_monthly_price,
        priced.from_currency,
        priced.to_currency,
        priced._loaded_through,
        price_list.checksum as _price_list
    from price_list
    cross join priced

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_users',
        'subscription_change_key',
        scope='user_id',
        columns=columns
    ) | indent(4) }}

)

select
    -- keys
    subscription_change_key,
    user_key,
    from_plan_key,
    to_plan_key,
    date_key,
    user_id,

    -- attributes
    changed_at,
    movement,
    from_plan,
    to_plan,

    -- measures
    from_monthly_price,
    to_monthly_price,
    from_currency,
    to_currency,

    -- control
    _loaded_through,
    _price_list,
    _is_deleted
from replaced
