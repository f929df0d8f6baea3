-- Who may do what, in the pool. Permissions go to roles alone; 04 puts groups into them.
-- Readers see the serving schema. Nothing reaches the lake by them: the pool's tables are copies.
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'pool_reader' AND type = 'R')
BEGIN
    CREATE ROLE pool_reader;
END;
GO

GRANT SELECT ON SCHEMA::serving TO pool_reader;
GO

-- dbt's identity. COPY INTO asks for bulk operations and INSERT on the stage table; the rest is what dbt needs to make
-- tables and the views behind them in two schemas, and to replace rows. It has no CONTROL, and nothing outside of them.
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
