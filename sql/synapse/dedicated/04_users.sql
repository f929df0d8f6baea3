-- Entra's groups and identities as users of the pool, which need no login in `master`. No passwords.
-- $(ReadersGroup) is the group of report authors and readers, $(LoaderIdentity) the one that dbt runs as. The
-- workspace's managed identity, which COPY INTO reads the lake as, is no user: give it the role Storage Blob Data
-- Reader on the container `export`, and on nothing else.
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
