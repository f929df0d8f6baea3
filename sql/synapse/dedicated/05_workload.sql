-- Loads and reports share the pool's memory: each load gets a quarter, without which columnstores fill badly, and loads
-- together half at most; two run at once, and dbt's other threads wait. A report has twenty minutes. In the pool.
IF NOT EXISTS (SELECT 1 FROM sys.workload_management_workload_groups WHERE name = N'loads')
BEGIN
    CREATE WORKLOAD GROUP loads WITH (MIN_PERCENTAGE_RESOURCE = 0, CAP_PERCENTAGE_RESOURCE = 50, REQUEST_MIN_RESOURCE_GRANT_PERCENT = 25, QUERY_EXECUTION_TIMEOUT_SEC = 7200);
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.workload_management_workload_groups WHERE name = N'reports')
BEGIN
    CREATE WORKLOAD GROUP reports WITH (MIN_PERCENTAGE_RESOURCE = 0, CAP_PERCENTAGE_RESOURCE = 100, REQUEST_MIN_RESOURCE_GRANT_PERCENT = 5, QUERY_EXECUTION_TIMEOUT_SEC = 1200);
END;
GO

-- Who belongs where: by the users of 04. dbt must not run as the workspace's own identity, which counts as dbo.
IF NOT EXISTS (SELECT 1 FROM sys.workload_management_workload_classifiers WHERE name = N'loads')
BEGIN
    CREATE WORKLOAD CLASSIFIER loads WITH (WORKLOAD_GROUP = 'loads', MEMBERNAME = '$(LoaderIdentity)', IMPORTANCE = BELOW_NORMAL);
END;
GO

IF NOT EXISTS (SELECT 1 FROM sys.workload_management_workload_classifiers WHERE name = N'reports')
BEGIN
    CREATE WORKLOAD CLASSIFIER reports WITH (WORKLOAD_GROUP = 'reports', MEMBERNAME = '$(ReadersGroup)', IMPORTANCE = NORMAL);
END;
GO
