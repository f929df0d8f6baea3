-- The catalog and its schemas. A metastore administrator runs this script once per environment; it
-- can be run again at any time. dbt creates the tables, but never one of these schemas. Pull
-- requests and people build in a separate catalog.
CREATE CATALOG IF NOT EXISTS ${DATABRICKS_CATALOG}
MANAGED LOCATION 'abfss://managed@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/${DATABRICKS_CATALOG}'
COMMENT 'The lakehouse of the streaming service: one schema per layer.';
CREATE CATALOG IF NOT EXISTS ${DATABRICKS_CATALOG}_sandbox
MANAGED LOCATION 'abfss://managed@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/${DATABRICKS_CATALOG}_sandbox'
COMMENT 'What pull requests and people build, in schemas of their own.';
USE CATALOG ${DATABRICKS_CATALOG};
CREATE SCHEMA IF NOT EXISTS bronze COMMENT 'The change log of the source, as it came.';
CREATE SCHEMA IF NOT EXISTS silver COMMENT 'Staging and the star schema.';
CREATE SCHEMA IF NOT EXISTS quarantine COMMENT 'Rows that break a rule, with the reasons.';
CREATE SCHEMA IF NOT EXISTS snapshots COMMENT 'What dbt''s snapshots saw of the reference files.';
CREATE SCHEMA IF NOT EXISTS gold COMMENT 'The marts.';
CREATE VOLUME IF NOT EXISTS gold.report COMMENT 'The report about each build, its history, and dbt''s artifacts.';
CREATE SCHEMA IF NOT EXISTS governance COMMENT 'Functions that policies call.';
