"""`medallion new …`: a project without the sample domain, and the files of a source table."""
