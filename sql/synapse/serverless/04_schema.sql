-- The only schema that is served. dbt creates its views.
IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE name = N'serving')
BEGIN
    EXEC (N'CREATE SCHEMA serving');
END;
GO
