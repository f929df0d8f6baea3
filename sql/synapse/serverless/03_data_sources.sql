-- The locations of the Delta folders: one data source per container, read as the workspace's
-- managed identity. Run this script in the database. $(StorageAccount) is the lake's account.
IF NOT EXISTS (SELECT 1 FROM sys.external_data_sources WHERE name = N'gold')
BEGIN
    CREATE EXTERNAL DATA SOURCE gold WITH ( LOCATION = 'https://$(StorageAccount).dfs.core.windows.net/gold', CREDENTIAL = lake);
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.external_data_sources WHERE name = N'silver')
BEGIN
    CREATE EXTERNAL DATA SOURCE silver WITH ( LOCATION = 'https://$(StorageAccount).dfs.core.windows.net/silver', CREDENTIAL = lake);
END;
GO
