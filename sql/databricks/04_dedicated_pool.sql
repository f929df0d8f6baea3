-- Run this script only with a dedicated pool (docs/synapse_dedicated.md). Without a pool, the lake has no
-- container for exports.
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_export
URL 'abfss://export@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'Parquet for the dedicated pool, if there is one.';
GRANT READ FILES, WRITE FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_export TO `medallion-pipeline`;
