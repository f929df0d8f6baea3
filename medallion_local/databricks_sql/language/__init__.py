"""Databricks SQL: parsing, rendering, limits, and the errors that clients see."""
