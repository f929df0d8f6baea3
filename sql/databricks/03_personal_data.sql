-- One policy masks every text column that dbt tags with `pii` (docs/governance.md). `pii` is a
-- governed tag. An account administrator creates it first, with the values `name` and `row`.
USE CATALOG ${DATABRICKS_CATALOG};

CREATE OR REPLACE FUNCTION governance.masked(value STRING)
RETURNS STRING
COMMENT 'What whoever may not read personal data sees in its place. NULL stays NULL.'
RETURN CASE WHEN value IS NOT NULL THEN '***' END;

CREATE OR REPLACE POLICY mask_personal_data
ON CATALOG ${DATABRICKS_CATALOG}
COMMENT 'Text tagged pii is masked for all but the pipeline and those who work on personal data.'
COLUMN MASK ${DATABRICKS_CATALOG}.governance.masked
TO `account users`
EXCEPT `medallion-pipeline`, `medallion-personal-data`
FOR TABLES
MATCH COLUMNS has_tag('pii') AS personal
ON COLUMN personal;

-- Whoever reads personal data unmasked may copy it into the sandbox, where dbt gives copies the same tags.
CREATE OR REPLACE POLICY mask_personal_data
ON CATALOG ${DATABRICKS_CATALOG}_sandbox
COMMENT 'As in the catalog of production: copies of personal data are masked too.'
COLUMN MASK ${DATABRICKS_CATALOG}.governance.masked
TO `account users`
EXCEPT `medallion-pipeline`, `medallion-personal-data`
FOR TABLES
MATCH COLUMNS has_tag('pii') AS personal
ON COLUMN personal;
