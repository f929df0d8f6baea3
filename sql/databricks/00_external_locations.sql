-- Where Unity Catalog may read and write in the lake, by the access connector's identity. The storage credential is made
-- before, by the CLI: SQL has no statement for it (docs/deployment.md). One environment's names begin with its catalog's,
-- since locations and credentials belong to the metastore that environments share.
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_managed
URL 'abfss://managed@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'Managed tables: bronze, staging, the facts, what pull requests build.';
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_bronze
URL 'abfss://bronze@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'What Data Factory lands.';
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_control
URL 'abfss://control@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'Watermarks and receipts.';
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_silver
URL 'abfss://silver@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'The dimensions, which Synapse reads too.';
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_gold
URL 'abfss://gold@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'The marts, which Synapse reads too.';
