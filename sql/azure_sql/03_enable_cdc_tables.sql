-- Change data capture per table. Run this script after the first load: rows that already exist are
-- in no change table, and the first run of the pipelines copies them completely.
-- sp_cdc_enable_table creates the role cdc_reader if it is missing; script 04 gives the role its
-- rights.
IF EXISTS (
       SELECT 1
       FROM sys.tables
       WHERE object_id = OBJECT_ID(N'dbo.DimUser', N'U') AND is_tracked_by_cdc = 0
   )
BEGIN
    EXEC sys.sp_cdc_enable_table
        @source_schema = N'dbo',
        @source_name = N'DimUser',
        @role_name = N'cdc_reader',
        @supports_net_changes = 0;
END;
GO

IF EXISTS (
       SELECT 1
       FROM sys.tables
       WHERE object_id = OBJECT_ID(N'dbo.DimArtist', N'U') AND is_tracked_by_cdc = 0
   )
BEGIN
    EXEC sys.sp_cdc_enable_table
        @source_schema = N'dbo',
        @source_name = N'DimArtist',
        @role_name = N'cdc_reader',
        @supports_net_changes = 0;
END;
GO

IF EXISTS (
       SELECT 1
       FROM sys.tables
       WHERE object_id = OBJECT_ID(N'dbo.DimTrack', N'U') AND is_tracked_by_cdc = 0
   )
BEGIN
    EXEC sys.sp_cdc_enable_table
        @source_schema = N'dbo',
        @source_name = N'DimTrack',
        @role_name = N'cdc_reader',
        @supports_net_changes = 0;
END;
GO

IF EXISTS (
       SELECT 1
       FROM sys.tables
       WHERE object_id = OBJECT_ID(N'dbo.DimDate', N'U') AND is_tracked_by_cdc = 0
   )
BEGIN
    EXEC sys.sp_cdc_enable_table
        @source_schema = N'dbo',
        @source_name = N'DimDate',
        @role_name = N'cdc_reader',
        @supports_net_changes = 0;
END;
GO

IF EXISTS (
       SELECT 1
       FROM sys.tables
       WHERE object_id = OBJECT_ID(N'dbo.FactStream', N'U') AND is_tracked_by_cdc = 0
   )
BEGIN
    EXEC sys.sp_cdc_enable_table
        @source_schema = N'dbo',
        @source_name = N'FactStream',
        @role_name = N'cdc_reader',
        @supports_net_changes = 0;
END;
GO
