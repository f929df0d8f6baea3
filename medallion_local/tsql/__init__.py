"""Compile T-SQL to DuckDB's SQL by type: every construct has its meaning in SQL Server.

The compiler knows a list of constructs. It rejects any other construct by name.
"""
