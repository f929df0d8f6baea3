"""The contents of a new emulated database: its catalogue, the sys.* views and functions.

Names, columns and results follow SQL Server's reference of the change data capture functions:
https://learn.microsoft.com/sql/relational-databases/system-functions/change-data-capture-functions-transact-sql
"""

from medallion_local.azure_sql import metadata

LAYOUT = "4"  # of the tables below; a file of another layout must be created again

CATALOGUE = f"""
CREATE SCHEMA dbo;
CREATE SCHEMA sys;
CREATE SCHEMA stand_in;

CREATE TABLE stand_in.settings (name VARCHAR, value VARCHAR);
INSERT INTO stand_in.settings VALUES ('layout', '{LAYOUT}'), ('is_cdc_enabled', '0');

CREATE TABLE stand_in.columns (
    schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, column_id INTEGER,
    tsql_type VARCHAR, duckdb_type VARCHAR, max_chars INTEGER, is_nullable BOOLEAN,
    key_ordinal INTEGER, key_name VARCHAR, default_value VARCHAR, default_name VARCHAR,
    type_name VARCHAR, max_length SMALLINT, precision UTINYINT, scale UTINYINT,
    is_dropped BOOLEAN, created INTEGER
);
CREATE TABLE stand_in.logs (schema_name VARCHAR, table_name VARCHAR, begin_lsn BLOB);
CREATE TABLE stand_in.instances (
    capture_instance VARCHAR, schema_name VARCHAR, table_name VARCHAR, start_lsn BLOB,
    role_name VARCHAR, create_date TIMESTAMP, created INTEGER
);
CREATE TABLE stand_in.captured (
    capture_instance VARCHAR, column_id INTEGER, column_ordinal INTEGER
);
CREATE TABLE stand_in.ddl_history (
    capture_instance VARCHAR, required_column_update BOOLEAN, ddl_command VARCHAR, ddl_lsn BLOB,
    ddl_time TIMESTAMP
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

# Scalar functions that read the catalogue.
FUNCTIONS = """
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

CDC_FUNCTIONS = """
CREATE MACRO stand_in.captured_through() AS (
    SELECT coalesce(max(unhex(s.value)), unhex('FFFFFFFFFFFFFFFFFFFF'))
    FROM stand_in.settings s WHERE s.name = 'captured_through'
);
CREATE VIEW stand_in.captured_commits AS
    SELECT * FROM stand_in.lsn_time_mapping WHERE start_lsn <= stand_in.captured_through();
CREATE MACRO stand_in.moved(lsn, carry_low, carried_low, step) AS
    CASE WHEN hex(lsn)[9:] = carry_low
        THEN unhex(printf('%08X', ('0x' || hex(lsn)[1 : 8])::BIGINT + step) || carried_low)
        ELSE unhex(hex(lsn)[1 : 8] || printf('%012X', ('0x' || hex(lsn)[9:])::BIGINT + step)) END;
CREATE MACRO sys.fn_cdc_increment_lsn(lsn) AS
    stand_in.moved(lsn, 'FFFFFFFFFFFF', '000000000000', 1);
CREATE MACRO sys.fn_cdc_decrement_lsn(lsn) AS
    stand_in.moved(lsn, '000000000000', 'FFFFFFFFFFFF', -1);
CREATE MACRO sys.fn_cdc_get_max_lsn() AS (
    SELECT max(m.start_lsn) FROM stand_in.captured_commits m
);
CREATE MACRO sys.fn_cdc_get_min_lsn(instance) AS (
    SELECT coalesce(max(c.start_lsn), unhex('00000000000000000000'))
    FROM stand_in.instances c WHERE lower(c.capture_instance) = lower(instance)
        AND c.start_lsn <= stand_in.captured_through()
);
CREATE MACRO sys.fn_cdc_map_lsn_to_time(lsn) AS (
    SELECT max(m.tran_end_time) FROM stand_in.captured_commits m WHERE m.start_lsn = lsn
);
CREATE MACRO sys.fn_cdc_map_time_to_lsn(operator, moment) AS (
    CASE lower(trim(operator))
        WHEN 'smallest greater than' THEN (
            SELECT min(m.start_lsn) FROM stand_in.captured_commits m
            WHERE m.tran_end_time > moment::TIMESTAMP)
        WHEN 'smallest greater than or equal' THEN (
            SELECT min(m.start_lsn) FROM stand_in.captured_commits m
            WHERE m.tran_end_time >= moment::TIMESTAMP)
        WHEN 'largest less than' THEN (
            SELECT max(m.start_lsn) FROM stand_in.captured_commits m
            WHERE m.tran_end_time < moment::TIMESTAMP)
        WHEN 'largest less than or equal' THEN (
            SELECT max(m.start_lsn) FROM stand_in.captured_commits m
            WHERE m.tran_end_time <= moment::TIMESTAMP)
        ELSE error('Msg 22919: The relational operator of fn_cdc_map_time_to_lsn is not valid.')
    END
);
"""

# Objects that sys.sp_cdc_enable_db adds.
CDC_SCHEMA = """
CREATE SCHEMA cdc;
CREATE VIEW cdc.lsn_time_mapping AS SELECT * FROM stand_in.captured_commits;
CREATE VIEW cdc.change_tables AS
    SELECT stand_in.id_of('cdc.' || capture_instance || '_CT') AS object_id, 0 AS version,
        stand_in.id_of(schema_name || '.' || table_name) AS source_object_id, capture_instance,
        start_lsn, NULL::BLOB AS end_lsn, FALSE AS supports_net_changes,
        FALSE AS has_drop_pending, role_name, NULL::VARCHAR AS index_name,
        NULL::VARCHAR AS filegroup_name, create_date, FALSE AS partition_switch
    FROM stand_in.instances;
CREATE VIEW cdc.captured_columns AS
    SELECT stand_in.id_of('cdc.' || i.capture_instance || '_CT') AS object_id, c.column_name,
        k.column_id, c.type_name AS column_type, k.column_ordinal, FALSE AS is_computed
    FROM stand_in.instances AS i
    INNER JOIN stand_in.captured AS k USING (capture_instance)
    INNER JOIN stand_in.columns AS c ON c.schema_name = i.schema_name
        AND c.table_name = i.table_name AND c.column_id = k.column_id;
CREATE VIEW cdc.ddl_history AS
    SELECT stand_in.id_of(i.schema_name || '.' || i.table_name) AS source_object_id,
        stand_in.id_of('cdc.' || i.capture_instance || '_CT') AS object_id,
        h.required_column_update, h.ddl_command, h.ddl_lsn, h.ddl_time
    FROM stand_in.ddl_history AS h INNER JOIN stand_in.instances AS i USING (capture_instance)
    WHERE h.ddl_lsn <= stand_in.captured_through();
-- Azure SQL keeps its jobs here, SQL Server in msdb. The emulator does not run the job cleanup.
CREATE VIEW cdc.cdc_jobs AS
    SELECT 5 AS database_id, 'capture' AS job_type, 500 AS maxtrans, 10 AS maxscans,
        TRUE AS continuous, 20 AS pollinginterval, 0 AS retention, 0 AS threshold
    UNION ALL SELECT 5, 'cleanup', 0, 0, FALSE, 0, coalesce(
        (SELECT CAST(value AS INTEGER) FROM stand_in.settings WHERE name = 'cleanup_retention'),
        4320), 5000;
UPDATE stand_in.settings SET value = '1' WHERE name = 'is_cdc_enabled';
"""

# Objects that every emulated database has from the start.
SYSTEM = CATALOGUE + NAMES + metadata.VIEWS + FUNCTIONS + CDC_FUNCTIONS
