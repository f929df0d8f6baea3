-- Groups and identities of Entra: a login in `master`, a user in the database, and a role. There
-- are no passwords. $(ReadersGroup) is the group of report authors and readers, $(BuilderIdentity)
-- the identity that runs dbt.
IF NOT EXISTS (SELECT 1 FROM sys.server_principals WHERE name = N'$(ReadersGroup)')
BEGIN
    CREATE LOGIN [$(ReadersGroup)] FROM EXTERNAL PROVIDER;
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.server_principals WHERE name = N'$(BuilderIdentity)')
BEGIN
    CREATE LOGIN [$(BuilderIdentity)] FROM EXTERNAL PROVIDER;
END;
GO

USE [$(Database)];
GO

IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'$(ReadersGroup)')
BEGIN
    CREATE USER [$(ReadersGroup)] FOR LOGIN [$(ReadersGroup)];
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'$(BuilderIdentity)')
BEGIN
    CREATE USER [$(BuilderIdentity)] FOR LOGIN [$(BuilderIdentity)];
END;
GO

ALTER ROLE serving_reader ADD MEMBER [$(ReadersGroup)];
ALTER ROLE serving_builder ADD MEMBER [$(BuilderIdentity)];
GO
