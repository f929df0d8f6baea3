{#-
    A query for the time up to which a table of the source has landed, UTC: the commit time of its watermark, which is
    named as the `folder` that the table lands in. Data Factory
    moves it at each run, also when nothing had changed, so its age is how far the lake lags behind the source.
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
