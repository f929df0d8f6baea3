{#-
    When a change takes effect: the greatest commit time among it and all earlier changes of its key in LSN order.
    LSN order decides, and a source's clock may step back: a change never takes effect before the one it follows.
-#}
{% macro effective_at(key, of=none) -%}
    max(_changed_at) over (
        partition by {{ key_columns(key, of) }}
        order by _change_sequence
        rows between unbounded preceding and current row
    )
{%- endmacro %}
