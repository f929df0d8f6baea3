{#-
    A pool model's post-hook: statistics of the columns that `meta.statistics` names, so that no reader waits for them
    and none plans with old ones. A table that was swapped in has none yet; one that grew has its own updated.
-#}
{% macro statistics() -%}
    {%- for column in (config.get('meta') or {}).get('statistics', []) %}
if exists (select 1 from sys.stats where object_id = object_id('{{ this }}') and name = 'of_{{ column }}')
    update statistics {{ this }} ([of_{{ column }}])
else
    create statistics [of_{{ column }}] on {{ this }} ([{{ column }}]);
    {%- endfor -%}
{%- endmacro %}
