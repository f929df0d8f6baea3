-- Grants on schemas: every table inherits them, even a table that is replaced. The groups are
-- groups of the account and synchronized with Entra: `medallion-pipeline` contains the service
-- principal that runs dbt, `medallion-ci` the one for pull requests.
USE CATALOG ${DATABRICKS_CATALOG};

-- The pipeline builds all schemas, and reads and writes its containers (external locations).
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA bronze TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA silver TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA quarantine TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA snapshots TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA gold TO `medallion-pipeline`;
GRANT READ VOLUME, WRITE VOLUME ON VOLUME gold.report TO `medallion-pipeline`;
GRANT READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_bronze TO `medallion-pipeline`;
GRANT READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_control TO `medallion-pipeline`;
GRANT CREATE EXTERNAL TABLE, READ FILES, WRITE FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_silver TO `medallion-pipeline`;
GRANT CREATE EXTERNAL TABLE, READ FILES, WRITE FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_gold TO `medallion-pipeline`;

-- A pull request reads production, with masks, and writes only in its own catalog. Its code is not
-- reviewed yet, and masks apply to tables only: so it reads no files. Earlier versions of this script
-- granted READ FILES, and a grant stays until it is revoked.
GRANT USE CATALOG, CREATE SCHEMA ON CATALOG ${DATABRICKS_CATALOG}_sandbox TO `medallion-ci`;
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA bronze TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA silver TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA quarantine TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA snapshots TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-ci`;
REVOKE READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_bronze FROM `medallion-ci`;
REVOKE READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_control FROM `medallion-ci`;

-- Analysts read the marts. Silver contains staging, whose views show rows as they landed, so only
-- engineers read silver, as they do bronze and the quarantine. Synapse serves the dimensions, with
-- its own rights.
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-analysts`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-analysts`;

-- Engineers read everything except personal data, and write in their own schemas. The report masks
-- the rows that it shows; it also shows rows of silver, so analysts do not read it.
GRANT USE CATALOG, CREATE SCHEMA ON CATALOG ${DATABRICKS_CATALOG}_sandbox TO `medallion-engineers`;
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA bronze TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA silver TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA quarantine TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA snapshots TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-engineers`;
GRANT READ VOLUME ON VOLUME gold.report TO `medallion-engineers`;
