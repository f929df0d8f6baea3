-- The tables of the source. Run this script once per database; running it again changes nothing.
-- Only keys are NOT NULL and there are no foreign keys: the data is dirty, and no row is dropped
-- silently.
IF OBJECT_ID(N'dbo.DimUser', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimUser (
        user_id INT NOT NULL,
        user_name NVARCHAR(200) NULL,
        country NVARCHAR(100) NULL,
        subscription_type NVARCHAR(50) NULL,
        start_date DATE NULL,
        end_date DATE NULL,
        updated_at DATETIME2(3) NULL,
        CONSTRAINT PK_DimUser PRIMARY KEY CLUSTERED (user_id)
    );
END;
GO

IF OBJECT_ID(N'dbo.DimArtist', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimArtist (
        artist_id INT NOT NULL,
        artist_name NVARCHAR(200) NULL,
        genre NVARCHAR(50) NULL,
        country NVARCHAR(100) NULL,
        updated_at DATETIME2(3) NULL,
        CONSTRAINT PK_DimArtist PRIMARY KEY CLUSTERED (artist_id)
    );
END;
GO

IF OBJECT_ID(N'dbo.DimTrack', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimTrack (
        track_id INT NOT NULL,
        track_name NVARCHAR(300) NULL,
        artist_id INT NULL,
        album_name NVARCHAR(300) NULL,
        duration_sec INT NULL,
        release_date DATE NULL,
        updated_at DATETIME2(3) NULL,
        CONSTRAINT PK_DimTrack PRIMARY KEY CLUSTERED (track_id)
    );
END;
GO

IF OBJECT_ID(N'dbo.DimDate', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimDate (
        date_key INT NOT NULL,
        [date] DATE NULL,
        [day] INT NULL,
        [month] INT NULL,
        [year] INT NULL,
        weekday NVARCHAR(20) NULL,
        CONSTRAINT PK_DimDate PRIMARY KEY CLUSTERED (date_key)
    );
END;
GO

IF OBJECT_ID(N'dbo.FactStream', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.FactStream (
        stream_id BIGINT NOT NULL,
        user_id INT NULL,
        track_id INT NULL,
        date_key INT NULL,
        listen_duration INT NULL,
        device_type NVARCHAR(50) NULL,
        stream_timestamp DATETIME2(3) NULL,
        CONSTRAINT PK_FactStream PRIMARY KEY CLUSTERED (stream_id)
    );
END;
GO
