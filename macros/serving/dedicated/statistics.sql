{#-
    The post-hook of a pool model: statistics of the columns in `meta.statistics`, so that readers
    neither wait for statistics nor get plans from old ones. A table that was swapped in has no
    statistics yet, so they are created; those of a table that grew are updated.
-#}
{% macro statistics() -%}
    {%- for column in (config.get('meta') or {}).get('statistics', []) %}
if exists (select 1 from sys.stats where object_id = object_id('{{ this }}') and name = 'of_{{ column }}')
    update statistics {{ this }} ([of_{{ column }}])
else
    create statistics [of_{{ column }}] on {{ this }} ([{{ column }}]);
    {%- endfor -%}
{%- endmacro %}
