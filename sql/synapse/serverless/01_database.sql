-- Creates the database. Run this script in `master`. The collation is UTF-8, like the texts in the
-- files, and binary, so that filters on texts are pushed down to the files. Variables of sqlcmd:
-- $(Database) is the database's name.
IF NOT EXISTS (SELECT 1 FROM sys.databases WHERE name = N'$(Database)')
BEGIN
    CREATE DATABASE [$(Database)] COLLATE Latin1_General_100_BIN2_UTF8;
END;
GO
