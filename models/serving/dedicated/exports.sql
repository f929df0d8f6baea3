-- One row per table and slice that was ever exported, with its newest export.
{{
    config(
        schema='stage',
        pre_hook='{{ load_manifest() }}',
    )
}}
{{ pool_index('HEAP') }}

select
    table_name,
    slice,
    export_id,
    row_count
from (
    select
        table_name,
        slice,
        export_id,
        row_count,
        row_number() over (partition by table_name, slice order by export_id desc) as recency
    from {{ this.incorporate(path={'identifier': 'manifest'}) }}
) as ranked
where recency = 1
