{#-
    True for rows that arrived since this model last ran: `column` is compared with the newest `mark` in
    the model's own rows, which moved in the same commit as those rows. What arrives later is stamped later,
    whatever the clock says (`next_mark`), so `>` loses nothing.
-#}
{% macro loaded_since(column, mark) -%}
    {%- if is_incremental() -%}
        {{ column }} > (select coalesce(max({{ mark }}), {{ beginning_of_time() }}) from {{ this }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
