-- Every change that is applied according to the log is a row of its dimension or fact, and every
-- row has such a change. A difference means that a build lost or duplicated rows: `dbt run
-- --full-refresh` rebuilds them from bronze.
with

expected as (

    select * from {{ ref('reconciliation') }}

),

actual as (

    select
        'DimUser' as source_table,
        count(*) as standing
    from {{ ref('dim_user') }}
    where user_key != {{ unknown_key() }}
    union all
    select
        'DimArtist' as source_table,
        count(*) as standing
    from {{ ref('dim_artist') }}
    where artist_key != {{ unknown_key() }}
    union all
    select
        'DimTrack' as source_table,
        count(*) as standing
    from {{ ref('dim_track') }}
    where track_key != {{ unknown_key() }}
    union all
    select
        'FactStream' as source_table,
        count(*) as standing
    from {{ ref('fct_streams') }}

)

select
    expected.source_table,
    expected.applied,
    actual.standing
from expected
inner join actual on expected.source_table = actual.source_table
where expected.applied != actual.standing
