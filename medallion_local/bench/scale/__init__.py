"""The whole project at a given size, beside Spark, plain DuckDB and the approaches of others."""
