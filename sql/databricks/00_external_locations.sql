-- The places in the lake to which Unity Catalog may write, with the identity of the access
-- connector. The storage credential and the read-only locations are created before by the CLI,
-- because SQL has no statement for these (docs/deployment.md). The names of an environment begin
-- with the name of its catalog, because they belong to the metastore that environments share.
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
