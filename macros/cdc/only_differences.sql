{#-
    For a model that is computed completely: the rows that are missing in the table or differ from
    it, and, as tombstones (`_is_deleted`), the rows that only the table still has. Two NULLs are
    equal, as in every `partition by`. `unique_key` and `values` together are all columns of the
    model except `_is_deleted`.
-#}
{% macro only_differences(rebuilt, unique_key, values) -%}
    {%- if is_incremental() -%}
    {%- set columns = [] -%}
    {%- for column in unique_key + values -%}
        {%- do columns.append(adapter.quote(column)) -%}
    {%- endfor -%}
    select compared.*
    from (
        select
            gathered.*,
            row_number() over (
                partition by {{ key_columns(unique_key) }}
                order by gathered._is_deleted
            ) as preference,
            count(*) over (
                partition by {{ columns | join(', ') }}
            ) as occurrences
        from (
            select {{ columns | join(', ') }}, false as _is_deleted
            from {{ rebuilt }}
            union all
            select {{ columns | join(', ') }}, true as _is_deleted
            from {{ this }}
        ) as gathered
    ) as compared
    where compared.preference = 1 and compared.occurrences = 1
    {%- else -%}
    select
        rebuilt.*,
        false as _is_deleted
    from {{ rebuilt }} as rebuilt
    {%- endif -%}
{%- endmacro %}
