{#-
    The rows of a batch that are merged: for each key the last row by `sequence_by`, or all rows if
    there is no `sequence_by`. A key with a NULL, or with two last rows, makes the statement fail:
    `=` would never match a NULL, and MERGE would insert both rows of a new key.
    The checks are in the filter, because no engine optimizes a filter away.
-#}
{% macro cdc_merge_batch(relation, columns, keys, sequence_by) -%}
    {%- set key = keys | join(', ') -%}
    select {{ columns | join(', ') }}
    from (
        select
            *,
            {% if sequence_by -%}
            rank() over (partition by {{ key }} order by {{ sequence_by }} desc) as _cdc_recency,
            count(*) over (partition by {{ key }}, {{ sequence_by }}) as _cdc_rows
            {%- else -%}
            count(*) over (partition by {{ key }}) as _cdc_rows
            {%- endif %}
        from {{ relation }}
    ) as batch
    where
        case
            when {% for column in keys %}{{ column }} is null or {% endfor %}_is_deleted is null
                {%- if sequence_by %} or {{ sequence_by }} is null{% endif %}
                then raise_error('cdc_merge into {{ this }}: a row has no {{ key | replace("`", "") }}
                {%- if sequence_by %}, {{ sequence_by }}{% endif %} or _is_deleted')
            {% if sequence_by -%}
            when _cdc_recency > 1 then false
            {% endif -%}
            when _cdc_rows > 1
                then raise_error(concat(
                    'cdc_merge into {{ this }}: two rows have the same {{ key | replace("`", "") }}
                    {%- if sequence_by %} and {{ sequence_by }}{% endif %}: ',
                    concat_ws(', ', {{ key }})
                ))
            else true
        end
{%- endmacro %}
