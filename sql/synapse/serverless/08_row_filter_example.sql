-- An example to copy for a team whose reports show only one country. Serverless has no row-level
-- security. A view that checks the role of its reader has the same effect for everyone who reads
-- views, as long as the team is not a member of serving_reader. For readers who must not reach
-- other rows with an OPENROWSET of their own (05), create a mart in a separate container instead.
-- Run this script in the database after dbt has created the views.
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
