-- The source's tables. Run once per database; running it again changes nothing.
-- Only keys are NOT NULL and there are no foreign keys: the data is dirty, and nothing is dropped silently.

IF OBJECT_ID(N'dbo.DimUser', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimUser (
        user_id           int           NOT NULL,
        user_name         nvarchar(200) NULL,
        country           nvarchar(100) NULL,
        subscription_type nvarchar(50)  NULL,
        start_date        date          NULL,
        end_date          date          NULL,
        updated_at        datetime2(3)  NULL,
        CONSTRAINT PK_DimUser PRIMARY KEY CLUSTERED (user_id)
    );
END;
GO

IF OBJECT_ID(N'dbo.DimArtist', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimArtist (
        artist_id   int           NOT NULL,
        artist_name nvarchar(200) NULL,
        genre       nvarchar(50)  NULL,
        country     nvarchar(100) NULL,
        updated_at  datetime2(3)  NULL,
        CONSTRAINT PK_DimArtist PRIMARY KEY CLUSTERED (artist_id)
    );
END;
GO

IF OBJECT_ID(N'dbo.DimTrack', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimTrack (
        track_id     int           NOT NULL,
        track_name   nvarchar(300) NULL,
        artist_id    int           NULL,
        album_name   nvarchar(300) NULL,
        duration_sec int           NULL,
        release_date date          NULL,
        updated_at   datetime2(3)  NULL,
        CONSTRAINT PK_DimTrack PRIMARY KEY CLUSTERED (track_id)
    );
END;
GO

IF OBJECT_ID(N'dbo.DimDate', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.DimDate (
        date_key int          NOT NULL,
        [date]   date         NULL,
        [day]    int          NULL,
        [month]  int          NULL,
        [year]   int          NULL,
        weekday  nvarchar(20) NULL,
        CONSTRAINT PK_DimDate PRIMARY KEY CLUSTERED (date_key)
    );
END;
GO

IF OBJECT_ID(N'dbo.FactStream', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.FactStream (
        stream_id        bigint       NOT NULL,
        user_id          int          NULL,
        track_id         int          NULL,
        date_key         int          NULL,
        listen_duration  int          NULL,
        device_type      nvarchar(50) NULL,
        stream_timestamp datetime2(3) NULL,
        CONSTRAINT PK_FactStream PRIMARY KEY CLUSTERED (stream_id)
    );
END;
GO
