{#- The stage table of an exported model, in the schema of the table of exports. -#}
{% macro staged_table(node) -%}
    {{ return(ref('exports').incorporate(path={'identifier': node.name})) }}
{%- endmacro %}
