-- Who may do what, on schemas: every table inherits it, also one that is replaced. The groups are the account's, kept in
-- step with Entra; `medallion-pipeline` holds the service principal that runs dbt.
USE CATALOG medallion;

-- The pipeline builds, and reads and writes its containers (external locations).
GRANT USE CATALOG ON CATALOG medallion TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA bronze TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA silver TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA quarantine TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA snapshots TO `medallion-pipeline`;
GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY, APPLY TAG ON SCHEMA gold TO `medallion-pipeline`;

-- Analysts read the marts. Silver has staging in it, whose views show rows as they came, and what a policy masks in a
-- table may pass through a view of its owner: engineers only, as bronze and the quarantine. The dimensions are served by
-- Synapse, with their own rights.
GRANT USE CATALOG ON CATALOG medallion TO `medallion-analysts`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-analysts`;

GRANT USE CATALOG ON CATALOG medallion TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA bronze TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA silver TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA quarantine TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA snapshots TO `medallion-engineers`;
GRANT USE SCHEMA, SELECT ON SCHEMA gold TO `medallion-engineers`;
