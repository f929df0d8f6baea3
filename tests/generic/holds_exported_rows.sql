{% test holds_exported_rows(model, exports) %}

select
    held.row_count as held_rows,
    exported.row_count as exported_rows
from (select count(*) as row_count from {{ model }}) as held
cross join (
    select coalesce(sum(row_count), 0) as row_count
    from {{ exports }}
    where table_name = '{{ model.identifier }}'
) as exported
where held.row_count != exported.row_count

{% endtest %}
