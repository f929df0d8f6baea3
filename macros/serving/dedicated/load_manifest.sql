{#- The pre-hook of `exports`: copies all manifests in the lake into their stage table. -#}
{% macro load_manifest() -%}
    {%- if execute -%}
        {%- do copy_into_stage(
            this.incorporate(path={'identifier': 'manifest'}),
            [('export_id', 'bigint'), ('table_name', 'nvarchar(128)'), ('slice', 'int'), ('row_count', 'bigint')],
            ['manifest'],
        ) -%}
    {%- endif -%}
{%- endmacro %}
