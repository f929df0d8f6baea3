{#-
    Files in bronze that no receipt names. A file belongs to the last run if no other run wrote a
    receipt after the file's run began. The late rows of a first load also belong to it, because a
    run that repeats an interrupted first load no longer finds late rows and leaves the file
    unchanged.
-#}
{% macro files_without_receipt(of_the_last_run) -%}
with

deliveries as (

    select * from {{ ref('file_deliveries') }}

),

windows as (

    select * from {{ ref('ingestion_windows') }}

),

unnamed as (

    select
        deliveries.source_table,
        deliveries.file,
        max(deliveries.run_id) as run_id,
        max(deliveries.ingested_at) as ingested_at
    from deliveries
    left anti join windows
        on deliveries.source_table = windows.source_table and deliveries.file = windows.file
    group by deliveries.source_table, deliveries.file

),

judged as (

    select
        unnamed.source_table,
        unnamed.file,
        unnamed.run_id,
        endswith(unnamed.file, '_late.parquet') or count(windows.run_id) = 0 as is_of_the_last_run
    from unnamed
    left outer join windows
        on
            unnamed.source_table = windows.source_table
            and unnamed.run_id != windows.run_id
            and unnamed.ingested_at < windows.ended_at
    group by unnamed.source_table, unnamed.file, unnamed.run_id

)

select
    source_table,
    file,
    run_id
from judged
where is_of_the_last_run = {{ of_the_last_run | lower }}
{%- endmacro %}
