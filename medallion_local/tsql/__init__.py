"""T-SQL compiled to DuckDB's SQL by type: every construct means what it means in SQL Server.

The compiler knows a list of constructs. What is not on it is refused by name.
"""
