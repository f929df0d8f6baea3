-- Loads and reports share the memory of the pool. Each load gets a quarter, because columnstores
-- are filled badly with less. All loads together get at most half: two run at the same time, and
-- dbt's other threads wait. A report may run for twenty minutes. Run this script in the pool.
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

-- The classification of requests, by the users of script 04. dbt must not run as the workspace's
-- own identity, which counts as dbo.
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
