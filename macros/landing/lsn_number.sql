{#-
    An LSN as a number, so that the next LSN can be computed. Its 80 bits do not fit into a bigint,
    and `conv` accepts 64 bits.
-#}
{% macro lsn_number(lsn) -%}
    cast(conv(substr({{ lsn }}, 3, 8), 16, 10) as decimal(10, 0)) * cast(281474976710656 as decimal(15, 0))
            + cast(conv(substr({{ lsn }}, 11, 12), 16, 10) as decimal(15, 0))
{%- endmacro %}
