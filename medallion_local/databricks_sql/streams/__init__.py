"""Files and Delta tables as the sources of streaming tables."""
