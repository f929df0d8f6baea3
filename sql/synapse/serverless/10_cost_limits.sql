-- Limits for scanned data, in whole terabytes: after a limit is reached, new queries are rejected
-- until the day, week or month ends. The limits apply to the workspace; run this script in
-- `master`. $(DailyTb), $(WeeklyTb) and $(MonthlyTb) are numbers.
DECLARE @daily INT = CAST('$(DailyTb)' AS INT);
DECLARE @weekly INT = CAST('$(WeeklyTb)' AS INT);
DECLARE @monthly INT = CAST('$(MonthlyTb)' AS INT);

EXEC sp_set_data_processed_limit @type = N'daily', @limit_tb = @daily;
EXEC sp_set_data_processed_limit @type = N'weekly', @limit_tb = @weekly;
EXEC sp_set_data_processed_limit @type = N'monthly', @limit_tb = @monthly;
GO

-- The current limits, and the data scanned so far.
SELECT name, value FROM sys.configurations WHERE name LIKE N'Data processed %';
SELECT type, data_processed_mb FROM sys.dm_external_data_processed;
GO
