-- The catalog and its schemas; run once per environment by a metastore administrator, again at any time. Another
-- environment has another catalog: say so here and in DATABRICKS_CATALOG. dbt makes the tables, never a schema of these.
CREATE CATALOG IF NOT EXISTS medallion COMMENT 'The lakehouse of the streaming service: one schema per layer.';
USE CATALOG medallion;
CREATE SCHEMA IF NOT EXISTS bronze COMMENT 'The change log of the source, as it came.';
CREATE SCHEMA IF NOT EXISTS silver COMMENT 'Staging and the star schema.';
CREATE SCHEMA IF NOT EXISTS quarantine COMMENT 'Rows that break a rule, with the reasons.';
CREATE SCHEMA IF NOT EXISTS snapshots COMMENT 'The history of the reference files.';
CREATE SCHEMA IF NOT EXISTS gold COMMENT 'The marts.';
CREATE SCHEMA IF NOT EXISTS governance COMMENT 'Functions that policies call.';
