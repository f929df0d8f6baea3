{#-
    A snapshot's rows with their validity. A snapshot notes a key's return when its file landed, but its
    leaving when the snapshot ran, which may be later: so a version also ends where the next one begins.
    `dbt run` makes no snapshots: until `dbt snapshot` or `dbt build` has made the first, the rows are those that
    it will hold. A unit test gives the snapshot's rows as a CTE, of which there is never a relation.
-#}
{% macro snapshot_versions(snapshot, key, snapshotted) -%}
    {%- if execute and not snapshot.is_cte and load_relation(snapshot) is none -%}
    select
        *,
        _ingested_at as valid_from,
        {{ end_of_time() }} as valid_to
    from {{ snapshotted }}
    {%- else -%}
    select
        *,
        dbt_valid_from as valid_from,
        least(
            dbt_valid_to,
            lead(dbt_valid_from) over (partition by {{ key }} order by dbt_valid_from)
        ) as valid_to
    from {{ snapshot }}
    {%- endif -%}
{%- endmacro %}
