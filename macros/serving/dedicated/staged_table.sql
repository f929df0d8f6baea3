{#- The stage table of an exported model, beside the table of exports. -#}
{% macro staged_table(node) -%}
    {{ return(ref('exports').incorporate(path={'identifier': node.name})) }}
{%- endmacro %}
