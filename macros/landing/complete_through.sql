{#-
    A query for the time up to which a table of the source has landed, UTC: the commit time of its
    watermark, which has the name of the table's landing `folder`. Data Factory moves the watermark
    in each run, even if nothing had changed, so its age shows how far the lake lags behind the
    source.
-#}
{% macro complete_through(folder) -%}
    select to_timestamp(commit_time) as complete_through
    from read_files(
        'abfss://control@{{ var("storage_account") }}.dfs.core.windows.net/watermarks/{{ folder.split('/') | last }}.json',
        format => 'json',
        mode => 'FAILFAST',
        schema => 'lsn string, commit_time string'
    )
{%- endmacro %}
