{#-
    The index of a table that is large: columnar, cut into months of a column of days (yyyymmdd), so that a report
    of some months reads those alone. Plays from before and after the months that the vars name fill the outer parts.
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
