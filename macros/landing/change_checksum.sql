{#-
    A checksum of the changes in a group of rows: the sum of the first six bytes of the SHA-256 of
    each change, as text. The query 'Count rows' of pl_land_file computes the same checksum in the
    source, and `medallion receipts verify` computes it from the landed file.
-#}
{% macro change_checksum(change) -%}
    cast(
            sum(cast(conv(substr(sha2({{ change }}, 256), 1, 12), 16, 10) as decimal(38, 0))) as string
        )
{%- endmacro %}
