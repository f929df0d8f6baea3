-- The permissions of Data Factory's managed identity: it may read the listed tables and their change
-- tables, and nothing else. Add the identity to the role by its name, which differs per environment:
--   CREATE USER [<factory name>] FROM EXTERNAL PROVIDER;
--   ALTER ROLE cdc_reader ADD MEMBER [<factory name>];
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'cdc_reader' AND type = 'R')
BEGIN
    CREATE ROLE cdc_reader;
END;
GO

GRANT SELECT ON OBJECT::dbo.DimUser TO cdc_reader;
GRANT SELECT ON OBJECT::dbo.DimArtist TO cdc_reader;
GRANT SELECT ON OBJECT::dbo.DimTrack TO cdc_reader;
GRANT SELECT ON OBJECT::dbo.DimDate TO cdc_reader;
GRANT SELECT ON OBJECT::dbo.FactStream TO cdc_reader;
GRANT SELECT ON SCHEMA::cdc TO cdc_reader;
GO
