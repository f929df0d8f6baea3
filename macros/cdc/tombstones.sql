{#-
    This model's rows of the touched scope that the rebuild no longer has, marked as leftovers. The
    rebuilt rows must have the model's columns, in its order.
-#}
{% macro tombstones(rebuilt, unique_key, scope) -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    select
        existing.*,
        true as _is_leftover
    from {{ this }} as existing
    left anti join {{ rebuilt }} as rebuilt
        on {% for key in keys %}existing.{{ key }} = rebuilt.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}

    where existing.{{ scope }} in (select touched.{{ scope }} from touched)
{%- endmacro %}
