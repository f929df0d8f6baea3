{#-
    True for rows that arrived since this model last ran: `column` is compared with the model's
    high-water mark, the newest `mark` in its own rows, which moved in the same commit as those
    rows. Rows that arrive later get a later stamp, even if the clock is set back (`next_mark`), so `>`
    loses no row.
-#}
{% macro loaded_since(column, mark) -%}
    {%- if is_incremental() -%}
        {{ column }} > (select coalesce(max({{ mark }}), {{ beginning_of_time() }}) from {{ this }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
