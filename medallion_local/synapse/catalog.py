"""The content of a new database of the emulator: internal tables, and views of them for T-SQL."""

CATALOG = """
create schema stand_in;
create table stand_in.schemas (schema_id integer, name varchar primary key);
create table stand_in.data_sources (name varchar primary key, location varchar);
create table stand_in.views (schema_name varchar, name varchar, definition varchar);
create table stand_in.columns (
    schema_name varchar, view_name varchar, ordinal integer, name varchar, type varchar,
    length integer, precision integer, scale integer
);
create table stand_in.symmetric_keys (name varchar primary key);
create table stand_in.credentials (name varchar primary key, credential_identity varchar);
create table stand_in.principals (
    name varchar, type varchar, scope varchar, primary key (name, scope)
);
create table stand_in.members (
    role_name varchar, member_name varchar, primary key (role_name, member_name)
);
create table stand_in.permissions (
    grantee varchar, permission varchar, securable varchar, state varchar,
    primary key (grantee, permission, securable)
);
-- NULL for a role that does not exist, as in T-SQL
create macro is_rolemember(role) as (
    select max((member_name is not distinct from getvariable('login'))::integer)
    from stand_in.principals
    left outer join stand_in.members on members.role_name = principals.name
    where principals.name = role and principals.type = 'R'
);
create schema dbo;
insert into stand_in.schemas values (1, 'dbo'), (3, 'INFORMATION_SCHEMA'), (4, 'sys');
create view stand_in.sys_schemas as select name, schema_id from stand_in.schemas;
create view stand_in.sys_external_data_sources as
    select name, location from stand_in.data_sources;
create view stand_in.sys_databases as select current_database() as name;
create view stand_in.sys_symmetric_keys as select name from stand_in.symmetric_keys;
create view stand_in.sys_database_scoped_credentials as
    select name, credential_identity from stand_in.credentials;
create view stand_in.sys_database_principals as
    select name, type from stand_in.principals where scope = 'database';
create view stand_in.sys_server_principals as
    select name, type from stand_in.principals where scope = 'server';
create view stand_in.sys_views as
    select views.name, schemas.schema_id
    from stand_in.views inner join stand_in.schemas on views.schema_name = schemas.name;
create view stand_in.information_schema_tables as
    select
        current_database() as table_catalog, schema_name as table_schema, name as table_name,
        'VIEW' as table_type
    from stand_in.views;
create view stand_in.information_schema_columns as
    select
        current_database() as table_catalog, schema_name as table_schema,
        view_name as table_name, name as column_name, ordinal as ordinal_position,
        'YES' as is_nullable, type as data_type, length as character_maximum_length,
        precision as numeric_precision,
        case when precision is not null then scale end as numeric_scale,
        case when precision is null then scale end as datetime_precision
    from stand_in.columns;
"""
# The catalog views that T-SQL may read, by schema and name. DuckDB's views are named
# `<schema>_<name>`.
SYSTEM = {
    *(("sys", name) for name in ("databases", "schemas", "views", "external_data_sources")),
    *(("sys", name) for name in ("symmetric_keys", "database_scoped_credentials")),
    *(("sys", name) for name in ("database_principals", "server_principals")),
    *(("information_schema", name) for name in ("tables", "columns")),
}
