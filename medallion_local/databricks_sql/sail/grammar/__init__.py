"""Rewrites of queries to the grammar that Sail has."""
