-- Permissions in the pool. Only roles get permissions; script 04 adds groups to the roles. Readers
-- see the serving schema. They cannot reach the lake, because the pool's tables are copies.
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'pool_reader' AND type = 'R')
BEGIN
    CREATE ROLE pool_reader;
END;
GO

GRANT SELECT ON SCHEMA::serving TO pool_reader;
GO

-- The role of dbt's identity. COPY INTO needs bulk operations and INSERT on the stage table. The
-- other permissions are those that dbt needs to create tables and their views in two schemas, and
-- to replace rows. The role has no CONTROL, and no permission outside of these schemas.
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'pool_loader' AND type = 'R')
BEGIN
    CREATE ROLE pool_loader;
END;
GO

GRANT ADMINISTER DATABASE BULK OPERATIONS TO pool_loader;
GRANT CREATE TABLE TO pool_loader;
GRANT CREATE VIEW TO pool_loader;
GRANT ALTER ON SCHEMA::stage TO pool_loader;
GRANT SELECT ON SCHEMA::stage TO pool_loader;
GRANT INSERT ON SCHEMA::stage TO pool_loader;
GRANT ALTER ON SCHEMA::serving TO pool_loader;
GRANT SELECT ON SCHEMA::serving TO pool_loader;
GRANT INSERT ON SCHEMA::serving TO pool_loader;
GRANT DELETE ON SCHEMA::serving TO pool_loader;
GRANT VIEW DEFINITION ON SCHEMA::serving TO pool_loader;
GRANT VIEW DEFINITION ON SCHEMA::stage TO pool_loader;
GO
