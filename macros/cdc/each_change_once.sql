{#-
    The rows of a staged log, each change only in its first delivery. A change is identified by its
    key and its place in the log: rows of a first load may share LSN and sequence value. A row
    without a place has no identity, and each delivery of it is kept. Only changes with several
    deliveries are ranked: they are few, and to rank means to sort the log.
-#}
{% macro each_change_once(changes, key) -%}
    with

    repeated as (

        select
            {{ key_columns(key) }},
            _change_sequence
        from {{ changes }}
        where _change_sequence is not null
        group by {{ key_columns(key) }}, _change_sequence
        having count(*) > 1

    ),

    numbered as (

        select
            {{ changes }}.*,
            row_number() over (
                partition by {{ key_columns(key, changes) }}, {{ changes }}._change_sequence
                order by {{ changes }}._loaded_at, {{ changes }}._file
            ) as delivery
        from repeated
        inner join {{ changes }}
            on
                {{ same_key_or_null(key, 'repeated', changes) }}
                and repeated._change_sequence = {{ changes }}._change_sequence

    )

    select
        {{ changes }}.*,
        1 as delivery
    from {{ changes }}
    left anti join repeated
        on
            {{ same_key_or_null(key, changes, 'repeated') }}
            and {{ changes }}._change_sequence = repeated._change_sequence
    union all
    select *
    from numbered
    where delivery = 1
{%- endmacro %}
