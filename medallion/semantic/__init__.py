"""Metrics: from one definition, metric views of Databricks and a Power BI model are made."""
