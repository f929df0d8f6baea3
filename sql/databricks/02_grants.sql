-- Who may do what, on schemas: every table inherits it, also one that is replaced. The groups are the account's, kept in
-- step with Entra: `medallion-pipeline` holds the service principal that runs dbt, `medallion-ci` that of pull requests.
USE CATALOG ${DATABRICKS_CATALOG};

-- The pipeline builds, and reads and writes its containers (external locations).
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA bronze TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA silver TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA quarantine TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA snapshots TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA gold TO `medallion-pipeline`;
GRANT READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_bronze TO `medallion-pipeline`;
GRANT READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_control TO `medallion-pipeline`;
GRANT CREATE EXTERNAL TABLE, READ FILES, WRITE FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_silver TO `medallion-pipeline`;
GRANT CREATE EXTERNAL TABLE, READ FILES, WRITE FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_gold TO `medallion-pipeline`;

-- A pull request reads production, masked as for anybody, and writes in its own catalog alone.
GRANT USE CATALOG, CREATE SCHEMA ON CATALOG ${DATABRICKS_CATALOG}_sandbox TO `medallion-ci`;
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA bronze TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA silver TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA quarantine TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA snapshots TO `medallion-ci`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-ci`;
GRANT READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_bronze TO `medallion-ci`;
GRANT READ FILES ON EXTERNAL LOCATION ${DATABRICKS_CATALOG}_control TO `medallion-ci`;

-- Analysts read the marts. Silver has staging in it, whose views show rows as they came, and what a policy masks in a
-- table may pass through a view of its owner: engineers only, as bronze and the quarantine. The dimensions are served by
-- Synapse, with their own rights.
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-analysts`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-analysts`;

-- Engineers read everything but personal data, and write in schemas of their own.
GRANT USE CATALOG, CREATE SCHEMA ON CATALOG ${DATABRICKS_CATALOG}_sandbox TO `medallion-engineers`;
GRANT USE CATALOG ON CATALOG ${DATABRICKS_CATALOG} TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA bronze TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA silver TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA quarantine TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA snapshots TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-engineers`;
