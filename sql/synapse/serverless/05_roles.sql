-- Permissions in the database. Only roles get permissions; script 06 adds groups to the roles. A
-- view over OPENROWSET requires its reader to have, in addition to SELECT, the right to bulk
-- operations and to the credential. A reader could therefore write an OPENROWSET of their own over
-- all files that the managed identity may read (02). The limit is set by the roles of that identity
-- in the lake, not by the views.
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'serving_reader' AND type = 'R')
BEGIN
    CREATE ROLE serving_reader;
END;
GO

GRANT SELECT ON SCHEMA::serving TO serving_reader;
GRANT ADMINISTER DATABASE BULK OPERATIONS TO serving_reader;
-- Executed as a text, because Microsoft's published grammar lacks this class of securable.
EXEC (N'GRANT REFERENCES ON DATABASE SCOPED CREDENTIAL::lake TO serving_reader');
GO

-- The role of dbt's identity: it creates the views and reads them in its tests. It cannot change
-- credentials, data sources or roles.
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
