-- Where Unity Catalog may write in the lake, by the access connector's identity. The storage credential, and the locations
-- that are only read, are made before by the CLI: SQL has no statement for these (docs/deployment.md). One environment's
-- names begin with its catalog's, since they belong to the metastore that environments share.
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_managed
URL 'abfss://managed@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'Managed tables: bronze, staging, the facts, what pull requests build.';
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_silver
URL 'abfss://silver@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'The dimensions, which Synapse reads too.';
CREATE EXTERNAL LOCATION IF NOT EXISTS ${DATABRICKS_CATALOG}_gold
URL 'abfss://gold@${MEDALLION_STORAGE_ACCOUNT}.dfs.core.windows.net/'
WITH (STORAGE CREDENTIAL ${DATABRICKS_CATALOG}_lake)
COMMENT 'The marts, which Synapse reads too.';
