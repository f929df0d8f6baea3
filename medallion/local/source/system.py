"""What a fresh stand-in database holds: its own catalogue, the sys.* views and functions.

Names, columns and results follow SQL Server's reference of the change data capture functions:
https://learn.microsoft.com/sql/relational-databases/system-functions/change-data-capture-functions-transact-sql
"""

CATALOGUE = """
CREATE SCHEMA dbo;
CREATE SCHEMA sys;
CREATE SCHEMA stand_in;

CREATE TABLE stand_in.settings (name VARCHAR, value VARCHAR);
INSERT INTO stand_in.settings VALUES ('is_cdc_enabled', '0');

CREATE TABLE stand_in.columns (
    schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, ordinal INTEGER,
    tsql_type VARCHAR, duckdb_type VARCHAR, max_chars INTEGER, is_nullable BOOLEAN,
    key_ordinal INTEGER, key_name VARCHAR
);
CREATE TABLE stand_in.captures (
    capture_instance VARCHAR, schema_name VARCHAR, table_name VARCHAR, start_lsn BLOB,
    role_name VARCHAR, create_date TIMESTAMP, initial_lsn BLOB
);
CREATE TABLE stand_in.lsn_time_mapping (
    start_lsn BLOB, tran_begin_time TIMESTAMP, tran_end_time TIMESTAMP, tran_id BLOB,
    tran_begin_lsn BLOB
);
CREATE TABLE stand_in.principals (name VARCHAR, type VARCHAR);
CREATE TABLE stand_in.members (role_name VARCHAR, member_name VARCHAR);
CREATE TABLE stand_in.permissions (
    permission VARCHAR, class VARCHAR, securable VARCHAR, principal VARCHAR
);
"""

NAMES = """
CREATE MACRO stand_in.bare(named) AS lower(replace(replace(named, '[', ''), ']', ''));
CREATE MACRO stand_in.full_name(named) AS
    CASE WHEN contains(named, '.') THEN '' ELSE 'dbo.' END || stand_in.bare(named);
CREATE MACRO stand_in.id_of(named) AS (hash(stand_in.full_name(named)) % 2147483647)::INTEGER;
"""

# Scalar functions of T-SQL that DuckDB does not have. Macros, so they inline and stay vectorised;
# `typeof` chooses by the argument's type where T-SQL does.
FUNCTIONS = """
CREATE MACRO stand_in.text(x) AS
    CASE typeof(x)
        WHEN 'BOOLEAN' THEN x::INTEGER::VARCHAR
        WHEN 'TIMESTAMP' THEN strftime(x::VARCHAR::TIMESTAMP, '%Y-%m-%d %H:%M:%S.%g')
        WHEN 'BLOB' THEN error('CONVERT of binary to text needs style 1 or 2')
        ELSE x::VARCHAR END;
CREATE MACRO stand_in.text_1(x) AS
    CASE typeof(x) WHEN 'BLOB' THEN '0x' || hex(x) WHEN '"NULL"' THEN NULL
        ELSE error('CONVERT style 1 is supported for binary values only, not ' || typeof(x)) END;
CREATE MACRO stand_in.text_2(x) AS
    CASE typeof(x) WHEN 'BLOB' THEN hex(x) WHEN '"NULL"' THEN NULL
        ELSE error('CONVERT style 2 is supported for binary values only, not ' || typeof(x)) END;
CREATE MACRO stand_in.text_126(x) AS
    CASE WHEN typeof(x) = 'DATE' THEN strftime(x::TIMESTAMP, '%Y-%m-%d')
        WHEN microsecond(x::TIMESTAMP) % 1000000 = 0
        THEN strftime(x::TIMESTAMP, '%Y-%m-%dT%H:%M:%S')
        WHEN microsecond(x::TIMESTAMP) % 1000 = 0
        THEN strftime(x::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%g')
        ELSE strftime(x::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%f0') END;
CREATE MACRO stand_in.text_127(x) AS stand_in.text_126(x);
CREATE MACRO stand_in.text_121(x) AS
    CASE WHEN typeof(x) = 'DATE' THEN strftime(x::TIMESTAMP, '%Y-%m-%d')
        ELSE strftime(x::TIMESTAMP, '%Y-%m-%d %H:%M:%S.%g') END;
CREATE MACRO stand_in.text_120(x) AS
    CASE WHEN typeof(x) = 'DATE' THEN strftime(x::TIMESTAMP, '%Y-%m-%d')
        ELSE strftime(x::TIMESTAMP, '%Y-%m-%d %H:%M:%S') END;
CREATE MACRO stand_in.text_112(x) AS strftime(x::TIMESTAMP, '%Y%m%d');
CREATE MACRO stand_in.text_23(x) AS strftime(x::TIMESTAMP, '%Y-%m-%d');

CREATE MACRO stand_in.fixed_binary(x, n) AS
    CASE WHEN typeof(x) IN ('BLOB', 'VARCHAR') THEN unhex(rpad(hex(x)[1 : 2 * n], 2 * n, '0'))
        ELSE unhex(lpad(right(hex(x), 2 * n), 2 * n, '0')) END;
CREATE MACRO stand_in.varying_binary(x, n) AS
    CASE WHEN typeof(x) IN ('BLOB', 'VARCHAR') THEN unhex(hex(x)[1 : 2 * n])
        WHEN typeof(x) = 'BIGINT' THEN unhex(lpad(hex(x), 16, '0'))
        ELSE unhex(lpad(right(hex(x), 8), 8, '0')) END;
CREATE MACRO stand_in.binary_1(x) AS
    CASE WHEN typeof(x) = 'BLOB' THEN unhex(hex(x))
        WHEN x[1 : 2] IN ('0x', '0X') THEN unhex(x[3:])
        WHEN x IS NULL THEN NULL
        ELSE error('Msg 8114: Error converting data type varchar to varbinary.') END;
CREATE MACRO stand_in.binary_2(x) AS
    CASE WHEN typeof(x) = 'BLOB' THEN unhex(hex(x)) ELSE unhex(x) END;

CREATE MACRO datalength(x) AS
    CASE WHEN x IS NULL THEN NULL ELSE
        CASE typeof(x)
            WHEN 'VARCHAR' THEN 2 * length(x::VARCHAR)
            WHEN 'BLOB' THEN length(hex(try_cast(x AS BLOB))) // 2
            WHEN 'BOOLEAN' THEN 1
            WHEN 'DATE' THEN 3
            WHEN 'INTEGER' THEN 4
            ELSE 8 END END;
CREATE MACRO db_name() AS current_database();
CREATE MACRO db_id() AS 5;
CREATE MACRO schema_id(named) AS (
    SELECT max(s.schema_id) FROM sys.schemas s WHERE s.name = lower(named)
);
CREATE MACRO schema_name(wanted) AS (
    SELECT max(s.name) FROM sys.schemas s WHERE s.schema_id = wanted
);
CREATE MACRO object_id(named, kind := NULL) AS (
    SELECT max(o.object_id) FROM stand_in.objects o
    WHERE o.object_id = stand_in.id_of(named) AND (kind IS NULL OR trim(kind) = o.type)
);
CREATE MACRO object_name(wanted) AS (
    SELECT max(o.name) FROM stand_in.objects o WHERE o.object_id = wanted
);
"""

VIEWS = """
CREATE VIEW sys.schemas AS
    SELECT * FROM (VALUES ('dbo', 1), ('sys', 4), ('cdc', 5)) AS s (name, schema_id)
    WHERE schema_id <> 5
        OR EXISTS (SELECT 1 FROM stand_in.settings WHERE name = 'is_cdc_enabled' AND value = '1');
CREATE VIEW stand_in.objects AS
    SELECT t.table_name AS name, t.schema_name,
        stand_in.id_of(t.schema_name || '.' || t.table_name) AS object_id, 'U' AS type
    FROM duckdb_tables() AS t WHERE t.schema_name IN ('dbo', 'cdc');
CREATE VIEW sys.tables AS
    SELECT o.name, o.object_id, s.schema_id, 'U' AS type, 'USER_TABLE' AS type_desc,
        c.capture_instance IS NOT NULL AS is_tracked_by_cdc
    FROM stand_in.objects AS o
    INNER JOIN sys.schemas AS s ON o.schema_name = s.name
    LEFT JOIN stand_in.captures AS c
        ON lower(c.schema_name) = lower(o.schema_name) AND lower(c.table_name) = lower(o.name);
CREATE VIEW sys.columns AS
    SELECT stand_in.id_of(schema_name || '.' || table_name) AS object_id, column_name AS name,
        ordinal AS column_id, is_nullable
    FROM stand_in.columns;
CREATE VIEW sys.databases AS
    SELECT current_database() AS name, 5 AS database_id, value = '1' AS is_cdc_enabled
    FROM stand_in.settings WHERE name = 'is_cdc_enabled';
CREATE VIEW sys.database_principals AS
    SELECT name, (hash(lower(name)) % 2147483647)::INTEGER AS principal_id, type
    FROM stand_in.principals;
CREATE VIEW sys.database_permissions AS
    SELECT permission AS permission_name, class AS class_desc, securable, principal
    FROM stand_in.permissions;
"""

CDC_FUNCTIONS = """
CREATE MACRO stand_in.moved(lsn, carry_low, carried_low, step) AS
    CASE WHEN hex(lsn)[9:] = carry_low
        THEN unhex(printf('%08X', ('0x' || hex(lsn)[1 : 8])::BIGINT + step) || carried_low)
        ELSE unhex(hex(lsn)[1 : 8] || printf('%012X', ('0x' || hex(lsn)[9:])::BIGINT + step)) END;
CREATE MACRO sys.fn_cdc_increment_lsn(lsn) AS
    stand_in.moved(lsn, 'FFFFFFFFFFFF', '000000000000', 1);
CREATE MACRO sys.fn_cdc_decrement_lsn(lsn) AS
    stand_in.moved(lsn, '000000000000', 'FFFFFFFFFFFF', -1);
CREATE MACRO sys.fn_cdc_get_max_lsn() AS (
    SELECT max(m.start_lsn) FROM stand_in.lsn_time_mapping m
);
CREATE MACRO sys.fn_cdc_get_min_lsn(instance) AS (
    SELECT coalesce(max(c.start_lsn), unhex('00000000000000000000'))
    FROM stand_in.captures c WHERE lower(c.capture_instance) = lower(instance)
);
CREATE MACRO sys.fn_cdc_map_lsn_to_time(lsn) AS (
    SELECT max(m.tran_end_time) FROM stand_in.lsn_time_mapping m WHERE m.start_lsn = lsn
);
CREATE MACRO sys.fn_cdc_map_time_to_lsn(operator, moment) AS (
    CASE lower(trim(operator))
        WHEN 'smallest greater than' THEN (
            SELECT min(m.start_lsn) FROM stand_in.lsn_time_mapping m
            WHERE m.tran_end_time > moment::TIMESTAMP)
        WHEN 'smallest greater than or equal' THEN (
            SELECT min(m.start_lsn) FROM stand_in.lsn_time_mapping m
            WHERE m.tran_end_time >= moment::TIMESTAMP)
        WHEN 'largest less than' THEN (
            SELECT max(m.start_lsn) FROM stand_in.lsn_time_mapping m
            WHERE m.tran_end_time < moment::TIMESTAMP)
        WHEN 'largest less than or equal' THEN (
            SELECT max(m.start_lsn) FROM stand_in.lsn_time_mapping m
            WHERE m.tran_end_time <= moment::TIMESTAMP)
        ELSE error('Msg 22919: The relational operator of fn_cdc_map_time_to_lsn is not valid.')
    END
);
"""

# What sys.sp_cdc_enable_db adds.
CDC_SCHEMA = """
CREATE SCHEMA cdc;
CREATE VIEW cdc.lsn_time_mapping AS SELECT * FROM stand_in.lsn_time_mapping;
CREATE VIEW cdc.change_tables AS
    SELECT stand_in.id_of('cdc.' || capture_instance || '_CT') AS object_id, 0 AS version,
        stand_in.id_of(schema_name || '.' || table_name) AS source_object_id, capture_instance,
        start_lsn, NULL::BLOB AS end_lsn, FALSE AS supports_net_changes,
        FALSE AS has_drop_pending, role_name, NULL::VARCHAR AS index_name,
        NULL::VARCHAR AS filegroup_name, create_date, FALSE AS partition_switch
    FROM stand_in.captures;
CREATE VIEW cdc.captured_columns AS
    SELECT stand_in.id_of('cdc.' || c.capture_instance || '_CT') AS object_id, k.column_name,
        k.ordinal AS column_id, k.tsql_type AS column_type, k.ordinal AS column_ordinal,
        FALSE AS is_computed
    FROM stand_in.captures AS c
    INNER JOIN stand_in.columns AS k
        ON lower(k.schema_name) = lower(c.schema_name)
        AND lower(k.table_name) = lower(c.table_name);
UPDATE stand_in.settings SET value = '1' WHERE name = 'is_cdc_enabled';
"""

# What every stand-in database holds from the start.
SYSTEM = CATALOGUE + NAMES + VIEWS + FUNCTIONS + CDC_FUNCTIONS
