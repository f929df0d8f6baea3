"""The emulator's catalogue views: sys.*, and INFORMATION_SCHEMA under internal names.

After https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-columns-transact-sql
and https://learn.microsoft.com/sql/relational-databases/system-information-schema-views/columns-transact-sql
"""

from medallion_local.azure_sql.types import CATALOGUE

_TYPES = ", ".join(
    f"('{name}', {number}, {length}, {precision}, {scale})"
    for name, (number, length, precision, scale) in CATALOGUE.items()
)

VIEWS = f"""
CREATE VIEW sys.schemas AS
    SELECT * FROM (VALUES ('dbo', 1), ('sys', 4), ('cdc', 5)) AS s (name, schema_id)
    WHERE schema_id <> 5
        OR EXISTS (SELECT 1 FROM stand_in.settings WHERE name = 'is_cdc_enabled' AND value = '1');
CREATE VIEW stand_in.objects AS
    SELECT o.schema_name, o.name, stand_in.id_of(o.schema_name || '.' || o.name) AS object_id,
        'U' AS type
    FROM (
        SELECT DISTINCT schema_name, table_name AS name FROM stand_in.columns
        UNION ALL SELECT 'cdc', capture_instance || '_CT' FROM stand_in.instances
    ) AS o;
CREATE VIEW sys.tables AS
    SELECT o.name, o.object_id, s.schema_id, 'U' AS type, 'USER_TABLE' AS type_desc,
        EXISTS (SELECT 1 FROM stand_in.logs AS l
            WHERE l.schema_name = o.schema_name AND l.table_name = o.name) AS is_tracked_by_cdc
    FROM stand_in.objects AS o INNER JOIN sys.schemas AS s ON o.schema_name = s.name;
CREATE VIEW sys.types AS
    SELECT name, number::UTINYINT AS system_type_id, number AS user_type_id,
        max_length::SMALLINT AS max_length, precision::UTINYINT AS precision,
        scale::UTINYINT AS scale
    FROM (VALUES {_TYPES}) AS t (name, number, max_length, precision, scale);
CREATE MACRO type_name(id) AS (SELECT max(t.name) FROM sys.types t WHERE t.user_type_id = id);

-- Every column of the tables, and of the change tables, where each may be NULL.
CREATE VIEW stand_in.described AS
    SELECT schema_name, table_name, column_name, column_id, type_name, max_length, precision,
        scale, is_nullable
    FROM stand_in.columns WHERE NOT is_dropped
    UNION ALL
    SELECT 'cdc', i.capture_instance || '_CT', f.*
    FROM stand_in.instances AS i CROSS JOIN (VALUES
        ('__$start_lsn', 1, 'binary', 10, 0, 0, FALSE),
        ('__$end_lsn', 2, 'binary', 10, 0, 0, TRUE),
        ('__$seqval', 3, 'binary', 10, 0, 0, FALSE),
        ('__$operation', 4, 'int', 4, 10, 0, FALSE),
        ('__$update_mask', 5, 'varbinary', 128, 0, 0, TRUE)
    ) AS f
    UNION ALL
    SELECT 'cdc', i.capture_instance || '_CT', c.column_name, k.column_ordinal + 5, c.type_name,
        c.max_length, c.precision, c.scale, TRUE
    FROM stand_in.instances AS i INNER JOIN stand_in.captured AS k USING (capture_instance)
    INNER JOIN stand_in.columns AS c ON c.schema_name = i.schema_name
        AND c.table_name = i.table_name AND c.column_id = k.column_id;
CREATE VIEW sys.columns AS
    SELECT stand_in.id_of(d.schema_name || '.' || d.table_name) AS object_id,
        d.column_name AS name, d.column_id, t.system_type_id, t.user_type_id, d.max_length,
        d.precision, d.scale, d.is_nullable, FALSE AS is_computed
    FROM stand_in.described AS d INNER JOIN sys.types AS t ON d.type_name = t.name;
CREATE VIEW sys.indexes AS
    SELECT DISTINCT stand_in.id_of(schema_name || '.' || table_name) AS object_id,
        key_name AS name, 1 AS index_id, 1::UTINYINT AS type, 'CLUSTERED' AS type_desc,
        TRUE AS is_unique, TRUE AS is_primary_key
    FROM stand_in.columns WHERE key_ordinal IS NOT NULL;
CREATE VIEW sys.index_columns AS
    SELECT stand_in.id_of(schema_name || '.' || table_name) AS object_id, 1 AS index_id,
        key_ordinal AS index_column_id, column_id, key_ordinal::UTINYINT AS key_ordinal,
        FALSE AS is_descending_key
    FROM stand_in.columns WHERE key_ordinal IS NOT NULL;
-- The emulator stores no extended properties.
CREATE VIEW sys.extended_properties AS
    SELECT 1::UTINYINT AS class, 0 AS major_id, 0 AS minor_id, '' AS name, '' AS value WHERE FALSE;
CREATE VIEW stand_in.information_schema_tables AS
    SELECT current_database() AS TABLE_CATALOG, schema_name AS TABLE_SCHEMA, name AS TABLE_NAME,
        'BASE TABLE' AS TABLE_TYPE
    FROM stand_in.objects;
CREATE VIEW stand_in.information_schema_columns AS
    SELECT current_database() AS TABLE_CATALOG, schema_name AS TABLE_SCHEMA,
        table_name AS TABLE_NAME, column_name AS COLUMN_NAME,
        row_number() OVER (PARTITION BY schema_name, table_name ORDER BY column_id)::INTEGER
            AS ORDINAL_POSITION,
        CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS IS_NULLABLE,
        type_name AS DATA_TYPE,
        CASE WHEN type_name IN ('nchar', 'nvarchar') AND max_length > 0 THEN max_length // 2
            WHEN is_sized THEN max_length END::INTEGER AS CHARACTER_MAXIMUM_LENGTH,
        CASE WHEN is_sized THEN max_length END::INTEGER AS CHARACTER_OCTET_LENGTH,
        CASE WHEN is_number THEN precision END::UTINYINT AS NUMERIC_PRECISION,
        CASE WHEN is_number AND type_name NOT IN ('float', 'real') THEN scale END::INTEGER
            AS NUMERIC_SCALE,
        CASE WHEN type_name = 'date' THEN 0
            WHEN type_name IN ('time', 'datetime', 'datetime2', 'smalldatetime', 'datetimeoffset')
            THEN scale END::SMALLINT AS DATETIME_PRECISION
    FROM (
        SELECT *,
            type_name IN ('char', 'varchar', 'nchar', 'nvarchar', 'binary', 'varbinary')
                AS is_sized,
            type_name IN ('tinyint', 'smallint', 'int', 'bigint', 'decimal', 'numeric', 'money',
                'smallmoney', 'float', 'real') AS is_number
        FROM stand_in.described
    );
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
