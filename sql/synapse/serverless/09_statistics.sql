-- Serverless creates sampled statistics by itself when a query first needs them. The statistics of
-- this script cover all rows, for the columns that reports filter on; run it again after a large
-- load. Run it in the database, as a member of serving_builder.
BEGIN TRY
    EXEC sys.sp_drop_openrowset_statistics
        N'SELECT date_day FROM OPENROWSET(BULK ''mart_daily_listening'', DATA_SOURCE = ''gold'', FORMAT = ''DELTA'') AS [rows]';
END TRY
BEGIN CATCH
    PRINT CONCAT(N'There were none to drop: ', ERROR_MESSAGE());
END CATCH;
GO

EXEC sys.sp_create_openrowset_statistics
    N'SELECT date_day FROM OPENROWSET(BULK ''mart_daily_listening'', DATA_SOURCE = ''gold'', FORMAT = ''DELTA'') AS [rows]';
GO

BEGIN TRY
    EXEC sys.sp_drop_openrowset_statistics
        N'SELECT country FROM OPENROWSET(BULK ''mart_daily_listening'', DATA_SOURCE = ''gold'', FORMAT = ''DELTA'') AS [rows]';
END TRY
BEGIN CATCH
    PRINT CONCAT(N'There were none to drop: ', ERROR_MESSAGE());
END CATCH;
GO

EXEC sys.sp_create_openrowset_statistics
    N'SELECT country FROM OPENROWSET(BULK ''mart_daily_listening'', DATA_SOURCE = ''gold'', FORMAT = ''DELTA'') AS [rows]';
GO
