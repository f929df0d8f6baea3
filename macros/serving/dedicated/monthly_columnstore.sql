{#-
    The index of a large table: a columnstore with monthly partitions by a column of days
    (yyyymmdd), so that a report on some months reads only these. Rows before and after the months
    of the vars go to the outer partitions.
-#}
{% macro monthly_columnstore(column) -%}
    {%- set bounds = [] -%}
    {%- set first, last = var('pool_first_month') | string, var('pool_last_month') | string -%}
    {%- for year in range(first[:4] | int, last[:4] | int + 1) -%}
        {%- for month in range(1, 13) if first | int <= year * 100 + month <= last | int -%}
            {%- do bounds.append((year * 100 + month) ~ '01') -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(
        'CLUSTERED COLUMNSTORE INDEX, PARTITION (' ~ column ~ ' RANGE RIGHT FOR VALUES (' ~ bounds | join(', ') ~ '))'
    ) }}
{%- endmacro %}
