{#-
    The strategy delete+insert on the pool. dbt-fabric's macro (1.9.10) commits twice and deletes
    only keys that the batch contains: readers could see neither the old nor the new rows, and a
    slice that lost its last row would stay. This macro replaces, in one transaction, all slices
    that were exported since; the batch has the rows of the slices that still have any.
-#}
{% macro synapse__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
begin transaction;

delete from {{ target }}
where {{ unique_key }} in (
    select slice
    from {{ ref('exports') }}
    where
        table_name = '{{ model.alias }}'
        and export_id > (select coalesce(max(_export_id), 0) from {{ target }})
);

insert into {{ target }} ({{ columns }})
select {{ columns }}
from {{ source }};

commit transaction;
{%- endmacro %}
