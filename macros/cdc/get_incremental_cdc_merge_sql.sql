{#-
    Incremental strategy `cdc_merge`: one atomic MERGE that inserts and updates rows, and deletes
    the rows whose `_is_deleted` is true. dbt-databricks has no such strategy: its `merge` cannot
    delete by row, and its `delete+insert` is two commits on older runtimes. For its use, see
    docs/cdc_merge.md.
-#}
{% macro get_incremental_cdc_merge_sql(arg_dict) -%}
    {%- for option in ['merge_update_columns', 'merge_exclude_columns', 'merge_with_schema_evolution']
        if config.get(option) -%}
        {{ exceptions.raise_compiler_error("The strategy cdc_merge has no " ~ option ~ ": " ~ this) }}
    {%- endfor -%}
    {%- set target = config.get('target_alias', 'DBT_INTERNAL_DEST') -%}
    {%- set change = config.get('source_alias', 'DBT_INTERNAL_SOURCE') -%}
    {%- set sequence_by = config.get('meta', {}).get('sequence_by') -%}
    {%- set keys = cdc_merge_keys(arg_dict['unique_key']) -%}
    {%- set columns = adapter.get_columns_in_relation(arg_dict['target_relation'])
        | map(attribute='quoted') | list -%}
    {%- set predicates = arg_dict['incremental_predicates'] or [] -%}
    {%- set conditions = [predicates] if predicates is string else predicates | list -%}
    {%- for key in keys -%}
        {%- do conditions.append(target ~ '.' ~ key ~ ' = ' ~ change ~ '.' ~ key) -%}
    {%- endfor -%}
    {%- set not_older -%}
        {%- if sequence_by %} and {{ change }}.{{ sequence_by }} >= {{ target }}.{{ sequence_by }}{% endif -%}
    {%- endset -%}
    merge into {{ arg_dict['target_relation'] }} as {{ target }}
    using (

        {{ cdc_merge_batch(arg_dict['temp_relation'], columns, keys, sequence_by) | indent(8) }}

    ) as {{ change }}
        on {{ conditions | join(' and ') }}
    when matched and {{ change }}._is_deleted{{ not_older }} then delete
    when matched and not {{ change }}._is_deleted{{ not_older }} then update set *
    when not matched and not {{ change }}._is_deleted then insert *
{%- endmacro %}
