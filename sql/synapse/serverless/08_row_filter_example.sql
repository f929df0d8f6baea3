-- An example, to copy for a team whose reports show one country alone. Serverless has no row-level security; a view
-- that asks for the reader's role does the same for all who read views, as long as the team is no member of
-- serving_reader. Who must not reach other rows by an OPENROWSET of their own (05) gets a mart in a container of its
-- own instead. In the database, after dbt has made the views.
IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE name = N'filtered')
BEGIN
    EXEC (N'CREATE SCHEMA filtered');
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'reader_of_chile' AND type = 'R')
BEGIN
    CREATE ROLE reader_of_chile;
END;
GO

CREATE OR ALTER VIEW filtered.mart_daily_listening
AS
SELECT date_day, country, subscription_type, device_type, streams, listeners, listen_seconds
FROM serving.mart_daily_listening
WHERE (IS_ROLEMEMBER('reader_of_chile') = 1 AND country = 'Chile')
    OR IS_ROLEMEMBER('serving_reader') = 1;
GO

GRANT SELECT ON SCHEMA::filtered TO reader_of_chile;
GRANT ADMINISTER DATABASE BULK OPERATIONS TO reader_of_chile;
EXEC (N'GRANT REFERENCES ON DATABASE SCOPED CREDENTIAL::lake TO reader_of_chile');
GO
