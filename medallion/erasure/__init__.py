"""Erases a person: the values of tagged columns in tables, landed files, old files and logs."""
