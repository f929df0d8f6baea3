-- The tables, columns, keys and capture instances of the database, as JSON for `medallion new table`.
-- It reads only and changes nothing. Change data capture must be enabled on the database (script 02).
--   sqlcmd -S <server> -d <database> -G -y 0 -i catalogue.sql -o catalogue.json
--   medallion new table dbo.Product --catalogue catalogue.json
-- A column has one row per capture instance of its table; a table has at most two.
SELECT
    s.name AS schema_name,
    t.name AS table_name,
    c.name AS column_name,
    c.column_id AS column_id,
    -- An alias type has the system type of the type that it is based on. A CLR type such as
    -- hierarchyid has none of its own.
    y.name AS type_name,
    c.max_length AS max_length,
    c.[precision] AS [precision],
    c.scale AS scale,
    c.is_nullable AS is_nullable,
    c.is_computed AS is_computed,
    k.key_ordinal AS key_ordinal,
    i.capture_instance AS capture_instance,
    CASE WHEN r.column_id IS NULL THEN 0 ELSE 1 END AS is_captured,
    CAST(td.value AS NVARCHAR(4000)) AS table_description,
    CAST(cd.value AS NVARCHAR(4000)) AS column_description
FROM sys.tables AS t
INNER JOIN sys.schemas AS s ON t.schema_id = s.schema_id
INNER JOIN sys.columns AS c ON t.object_id = c.object_id
LEFT OUTER JOIN sys.types AS y
    ON y.user_type_id = CASE
            WHEN c.system_type_id = 240 THEN c.user_type_id
            ELSE c.system_type_id
        END
LEFT OUTER JOIN (
    SELECT x.object_id, x.column_id, x.key_ordinal
    FROM sys.indexes AS n
    INNER JOIN sys.index_columns AS x ON n.object_id = x.object_id AND n.index_id = x.index_id
    WHERE n.is_primary_key = 1
) AS k ON c.object_id = k.object_id AND c.column_id = k.column_id
LEFT OUTER JOIN cdc.change_tables AS i ON t.object_id = i.source_object_id
LEFT OUTER JOIN cdc.captured_columns AS r ON i.object_id = r.object_id AND c.column_id = r.column_id
LEFT OUTER JOIN sys.extended_properties AS td
    ON td.class = 1
        AND t.object_id = td.major_id
        AND td.minor_id = 0
        AND td.name = N'MS_Description'
LEFT OUTER JOIN sys.extended_properties AS cd
    ON cd.class = 1
        AND c.object_id = cd.major_id
        AND c.column_id = cd.minor_id
        AND cd.name = N'MS_Description'
WHERE s.name NOT IN (N'cdc', N'sys')
ORDER BY s.name, t.name, c.column_id, i.start_lsn
FOR JSON PATH, INCLUDE_NULL_VALUES;
