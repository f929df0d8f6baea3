{#- The control columns that every staged change ends with. -#}
{% macro cdc_columns() -%}
    _operation = 1 as _is_deleted,
        concat(_start_lsn, _seqval, cast(_operation as string)) as _change_sequence,
        _commit_time as _changed_at,
        _run_id,
        _file,
        _loaded_at
{%- endmacro %}
