-- Groups and identities of Entra as users of the pool. They need no login in `master` and have no
-- passwords. $(ReadersGroup) is the group of report authors and readers, $(LoaderIdentity) the
-- identity that runs dbt. The workspace's managed identity, with which COPY INTO reads the lake, is
-- not a user: give it the role Storage Blob Data Reader on the container `export`, and on nothing
-- else.
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'$(ReadersGroup)')
BEGIN
    CREATE USER [$(ReadersGroup)] FROM EXTERNAL PROVIDER;
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'$(LoaderIdentity)')
BEGIN
    CREATE USER [$(LoaderIdentity)] FROM EXTERNAL PROVIDER;
END;
GO

EXEC sp_addrolemember N'pool_reader', N'$(ReadersGroup)';
EXEC sp_addrolemember N'pool_loader', N'$(LoaderIdentity)';
GO
