"""Statements that maintain Delta tables."""
