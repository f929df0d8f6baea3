{% test holds_rows(model) %}

select 1 as [empty]
where not exists (select 1 as [a_row] from {{ model }})

{% endtest %}
