{#-
    The pool's type of a contract's column: the type of the serverless view, except for texts. COPY
    INTO reads texts of Parquet as nvarchar; n bytes of UTF-8 are at most n units of UTF-16. Texts
    are compared byte by byte, as in gold.
-#}
{% macro pool_type(column) -%}
    {%- set type = served_type(column, collate=false) | trim -%}
    {%- if not type.startswith('varchar(') -%}
        {{ return(type) }}
    {%- endif -%}
    {%- if type[8:-1] | int > 4000 -%}
        {{ exceptions.raise_compiler_error(
            column.name ~ ' has a max_length of ' ~ type[8:-1] ~ ', and nvarchar ends at 4000: keep it out of the pool.'
        ) }}
    {%- endif -%}
    {{ return('n' ~ type ~ ' collate Latin1_General_100_BIN2') }}
{%- endmacro %}
