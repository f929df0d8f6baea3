-- The credential for reading the lake: the workspace's managed identity, which needs no secret.
-- Give that identity the role Storage Blob Data Reader on the containers `gold` and `silver`, and
-- on nothing else. Run this script in the database. The master key protects credentials; Azure
-- keeps it, so it has no password.
IF NOT EXISTS (SELECT 1 FROM sys.symmetric_keys WHERE name = N'##MS_DatabaseMasterKey##')
BEGIN
    CREATE MASTER KEY;
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.database_scoped_credentials WHERE name = N'lake')
BEGIN
    CREATE DATABASE SCOPED CREDENTIAL lake WITH IDENTITY = 'Managed Identity';
END;
GO
