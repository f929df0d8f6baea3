{#-
    For a model that is computed completely: the rows that are missing in the table or differ from
    it, and, as tombstones (`_is_deleted`), the rows that only the table still has. Two NULLs are
    equal, as in every `partition by`. The rebuilt rows must have the model's columns, in the same
    order; `values` are the columns that are not in the key.
-#}
{% macro only_differences(rebuilt, unique_key, values) -%}
    {%- if is_incremental() -%}
    select compared.*
    from (
        select
            gathered.*,
            row_number() over (
                partition by {{ unique_key | join(', ') }}
                order by gathered._is_leftover
            ) as preference,
            count(*) over (
                partition by {{ (unique_key + values) | join(', ') }}
            ) as occurrences
        from (
            select
                rebuilt.*,
                false as _is_leftover
            from {{ rebuilt }} as rebuilt
            union all
            select
                existing.*,
                true as _is_leftover
            from {{ this }} as existing
        ) as gathered
    ) as compared
    where compared.preference = 1 and compared.occurrences = 1
    {%- else -%}
    select
        rebuilt.*,
        false as _is_leftover
    from {{ rebuilt }} as rebuilt
    {%- endif -%}
{%- endmacro %}
