{#- `unique_key` as a list of quoted columns. -#}
{% macro cdc_merge_keys(unique_key) -%}
    {%- if not unique_key -%}
        {{ exceptions.raise_compiler_error(
            "The strategy cdc_merge needs a unique_key, and " ~ this ~ " has none."
        ) }}
    {%- endif -%}
    {%- set keys = [] -%}
    {%- for key in ([unique_key] if unique_key is string else unique_key) -%}
        {%- do keys.append(adapter.quote(key)) -%}
    {%- endfor -%}
    {{ return(keys) }}
{%- endmacro %}
