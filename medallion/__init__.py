"""The operator's tool of the medallion lakehouse; it works against Azure and the laptop alike."""
