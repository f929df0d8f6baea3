"""The expression language of Data Factory: parsing, evaluation and functions."""
