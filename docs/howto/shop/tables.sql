-- Two tables of a shop, for docs/howto/add_a_source_table.md.
CREATE TABLE dbo.Product (
    ProductId UNIQUEIDENTIFIER NOT NULL PRIMARY KEY,
    ProductName NVARCHAR(200) NOT NULL,
    Description NVARCHAR(MAX) NULL,
    ListPrice DECIMAL(10, 2) NULL,
    IsDiscontinued BIT NOT NULL,
    ModifiedAt DATETIMEOFFSET(3) NULL
);
CREATE TABLE dbo.[Order Line] (
    [Order No] INT NOT NULL,
    LineNumber SMALLINT NOT NULL,
    ProductId UNIQUEIDENTIFIER NULL,
    Quantity INT NULL,
    Amount MONEY NULL,
    PRIMARY KEY ([Order No], LineNumber)
);
INSERT INTO dbo.Product VALUES
    ('6f3c1a70-0000-4000-8000-000000000001', N'Lamp', N'A lamp', 19.90, 0, '2025-10-01T10:00:00+02:00'),
    ('6f3c1a70-0000-4000-8000-000000000002', N'Rug', NULL, 80, 0, NULL);
INSERT INTO dbo.[Order Line] VALUES
    (10, 1, '6f3c1a70-0000-4000-8000-000000000001', 2, 39.80),
    (10, 2, '6f3c1a70-0000-4000-8000-000000000002', 1, 80),
    (11, 1, '6f3c1a70-0000-4000-8000-000000000001', 1, 19.90);
