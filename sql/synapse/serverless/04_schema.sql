-- The one schema that is served: dbt makes its views.
IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE name = N'serving')
BEGIN
    EXEC (N'CREATE SCHEMA serving');
END;
GO
