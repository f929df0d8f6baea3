{#-
    A checksum of the changes in a group of rows: the sum of the first six bytes of each one's SHA-256, as
    text. The query 'Count rows' of pl_land_file computes the same in the source, and
    `medallion receipts verify` from the landed file.
-#}
{% macro change_checksum(change) -%}
    cast(
            sum(cast(conv(substr(sha2({{ change }}, 256), 1, 12), 16, 10) as decimal(38, 0))) as string
        )
{%- endmacro %}
