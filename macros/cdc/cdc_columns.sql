{#-
    The control columns at the end of every staged change. A change that cannot be placed in the log
    has no `_change_sequence`; the same rule also quarantines it.
-#}
{% macro cdc_columns(of) -%}
    _operation = 1 as _is_deleted,
        case
            when {{ expectation_condition(expectation('change_can_be_placed', of)) }}
                then concat(_start_lsn, _seqval, cast(_operation as string))
        end as _change_sequence,
        _commit_time as _changed_at,
        _run_id,
        _file,
        _loaded_at,
        struct(*) as _landed_row,
        {{ quarantine_reasons(of) }} as _quarantine_reasons
{%- endmacro %}
