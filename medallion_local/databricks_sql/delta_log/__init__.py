"""Delta logs of tables: commits, versions, and what they show."""
