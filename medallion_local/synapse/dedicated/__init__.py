"""Synapse's dedicated SQL pool on this machine: tables, COPY INTO of Parquet, and their DDL."""
