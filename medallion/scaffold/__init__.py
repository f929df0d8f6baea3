"""`medallion new table`: a table of the source as ingestion, models, contracts and tests."""
