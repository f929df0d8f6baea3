-- Rows of the source for `make test`. The scripts of this folder create the tables before.
INSERT INTO dbo.Customer VALUES (1, N'Ada', N'London'), (2, N'Grace', N'Boston');
INSERT INTO dbo.Product VALUES ('LAMP', N'Lamp', 19.90), ('RUG', N'Rug', 80);
INSERT INTO dbo.[Order] VALUES (10, 1, '2025-10-01T10:00:00'), (11, 2, '2025-10-02T11:00:00');
INSERT INTO dbo.OrderLine VALUES
    (10, 1, 'LAMP', 2, 39.80), (10, 2, 'RUG', 1, 80), (11, 1, 'LAMP', 1, 19.90);
