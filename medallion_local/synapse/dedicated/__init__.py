"""Emulator of Synapse's dedicated SQL pool: tables, COPY INTO of Parquet, and their DDL."""
