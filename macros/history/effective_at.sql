{#-
    The time when a change takes effect: the greatest commit time among the change itself and all
    earlier changes of its key in LSN order. LSN order decides, and the source's clock may be set
    back: a change never takes effect before the change that it follows.
-#}
{% macro effective_at(key, of=none) -%}
    max(_changed_at) over (
        partition by {{ key_columns(key, of) }}
        order by _change_sequence
        rows between unbounded preceding and current row
    )
{%- endmacro %}
