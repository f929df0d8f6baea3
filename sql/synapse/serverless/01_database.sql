-- The database, in `master`. Its collation is UTF-8, as the texts in the files are, and binary, so that
-- filters on texts reach the files. sqlcmd's variables: $(Database) is its name.
IF NOT EXISTS (SELECT 1 FROM sys.databases WHERE name = N'$(Database)')
BEGIN
    CREATE DATABASE [$(Database)] COLLATE Latin1_General_100_BIN2_UTF8;
END;
GO
