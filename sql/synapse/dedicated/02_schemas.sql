-- The schemas of the loaded tables and of the served tables. dbt creates the tables in both. Run
-- this script in the pool.
IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE name = N'stage')
BEGIN
    EXEC (N'CREATE SCHEMA stage');
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE name = N'serving')
BEGIN
    EXEC (N'CREATE SCHEMA serving');
END;
GO
