-- What was loaded, and what is served: dbt makes the tables in both. In the pool.
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
