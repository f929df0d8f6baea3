{#-
    The SQL pools of Synapse that serve a model, by its layer and name: both serve the marts and the dimensions, the
    dedicated pool alone the facts that it is given in slices. dbt_project.yml gives the same models their place in the lake.
-#}
{% macro served_by(layer, name) -%}
    {%- if (layer == 'gold' and name.startswith('mart_')) or (layer == 'silver' and name.startswith('dim_')) -%}
        {{ return(['serverless', 'dedicated']) }}
    {%- endif -%}
    {{ return(['dedicated'] if name in var('pool_slices') else []) }}
{%- endmacro %}
