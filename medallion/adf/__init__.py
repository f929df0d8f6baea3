"""The Data Factory files under `adf/`: their expression language, checks and ARM template."""
