"""An emulator of Azure SQL with change data capture: T-SQL in, Arrow out, stored in DuckDB."""
