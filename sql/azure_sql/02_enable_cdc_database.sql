-- Change data capture for the database. It needs db_owner, and at least 100 DTU or 1 vCore.
IF EXISTS (SELECT 1 FROM sys.databases WHERE name = DB_NAME() AND is_cdc_enabled = 0)
BEGIN
    EXEC sys.sp_cdc_enable_db;
END;
GO
