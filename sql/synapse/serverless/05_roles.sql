-- Who may do what, in the database. Permissions go to roles alone; 06 puts groups into them.
-- A view over OPENROWSET asks of its reader the right to bulk operations and the credential besides
-- SELECT: so a reader could write an OPENROWSET of their own, over all that the managed identity may read (02). That
-- identity's roles at the lake are the bound, not the views.
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'serving_reader' AND type = 'R')
BEGIN
    CREATE ROLE serving_reader;
END;
GO

GRANT SELECT ON SCHEMA::serving TO serving_reader;
GRANT ADMINISTER DATABASE BULK OPERATIONS TO serving_reader;
-- As a text: Microsoft's published grammar lacks this class of securable.
EXEC (N'GRANT REFERENCES ON DATABASE SCOPED CREDENTIAL::lake TO serving_reader');
GO

-- dbt's identity: makes the views, and reads them in its tests. It cannot touch credentials, data sources
-- or roles.
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'serving_builder' AND type = 'R')
BEGIN
    CREATE ROLE serving_builder;
END;
GO

GRANT CREATE VIEW TO serving_builder;
GRANT ALTER ON SCHEMA::serving TO serving_builder;
GRANT SELECT ON SCHEMA::serving TO serving_builder;
GRANT VIEW DEFINITION ON SCHEMA::serving TO serving_builder;
GRANT ADMINISTER DATABASE BULK OPERATIONS TO serving_builder;
EXEC (N'GRANT REFERENCES ON DATABASE SCOPED CREDENTIAL::lake TO serving_builder');
GO
