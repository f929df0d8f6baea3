-- An orders database, for docs/howto/start_your_own_project.md.
CREATE TABLE dbo.Customer (
    CustomerId INT NOT NULL PRIMARY KEY,
    CustomerName NVARCHAR(100) NOT NULL,
    City NVARCHAR(50) NULL
);
CREATE TABLE dbo.Product (
    Sku VARCHAR(20) NOT NULL PRIMARY KEY,
    ProductName NVARCHAR(100) NOT NULL,
    ListPrice DECIMAL(9, 2) NULL
);
CREATE TABLE dbo.[Order] (
    OrderId INT NOT NULL PRIMARY KEY,
    CustomerId INT NOT NULL,
    OrderedAt DATETIME2(3) NOT NULL
);
CREATE TABLE dbo.OrderLine (
    OrderId INT NOT NULL,
    LineNumber SMALLINT NOT NULL,
    Sku VARCHAR(20) NOT NULL,
    Quantity INT NOT NULL,
    Amount DECIMAL(9, 2) NOT NULL,
    PRIMARY KEY (OrderId, LineNumber)
);
