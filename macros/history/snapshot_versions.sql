{#-
    A snapshot's rows with their validity. A snapshot notes a key's return when its file landed, but its
    leaving when the snapshot ran, which may be later: so a version also ends where the next one begins.
-#}
{% macro snapshot_versions(snapshot, key) -%}
    select
        *,
        dbt_valid_from as valid_from,
        least(
            dbt_valid_to,
            lead(dbt_valid_from) over (partition by {{ key }} order by dbt_valid_from)
        ) as valid_to
    from {{ snapshot }}
{%- endmacro %}
