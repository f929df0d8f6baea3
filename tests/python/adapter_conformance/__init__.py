"""The public classes of dbt-tests-adapter, run through dbt-databricks on the local warehouse."""
