{#-
    Creates a stage table again, with the rows of the folders. COPY INTO reads the lake as the
    workspace's managed identity, so there is no secret. Without folders the table stays empty.
-#}
{% macro copy_into_stage(stage, columns, folders) -%}
    {%- call statement('drop_stage') -%}
if object_id('{{ stage }}', 'U') is not null
    drop table {{ stage }}
    {%- endcall -%}
    {%- call statement('create_stage') -%}
create table {{ stage }} (
    {%- for name, type in columns %}
    [{{ name }}] {{ type }}{{ ',' if not loop.last }}
    {%- endfor %}
) with (distribution = round_robin, heap)
    {%- endcall -%}
    {%- if folders -%}
        {%- call statement('copy_into_stage') -%}
copy into {{ stage }} (
    {%- for name, type in columns %}[{{ name }}]{{ ', ' if not loop.last }}{% endfor -%}
)
from
    {%- for folder in folders %}
    '{{ export_root() }}/{{ folder }}/'{{ ',' if not loop.last }}
    {%- endfor %}
with (file_type = 'PARQUET', credential = (identity = 'Managed Identity'))
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
