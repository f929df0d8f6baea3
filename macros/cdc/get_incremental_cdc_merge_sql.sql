{#-
    Incremental strategy `cdc_merge`: one atomic MERGE on `unique_key` that inserts, updates, and deletes
    the rows whose `_is_deleted` is true. dbt-databricks' own `delete+insert` is two commits on older runtimes.
-#}
{% macro get_incremental_cdc_merge_sql(arg_dict) -%}
    {%- set unique_key = arg_dict['unique_key'] -%}
    {%- if not unique_key -%}
        {{ exceptions.raise_compiler_error(
            "The strategy cdc_merge needs a unique_key, and " ~ this ~ " has none."
        ) }}
    {%- endif -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    merge into {{ arg_dict['target_relation'] }} as target
    using {{ arg_dict['temp_relation'] }} as change
        on {% for key in keys %}target.{{ key }} = change.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    when matched and change._is_deleted then delete
    when matched then update set *
    when not matched and not change._is_deleted then insert *
{%- endmacro %}
