"""Azure SQL with change data capture, on a DuckDB file: T-SQL in, Arrow out."""
