"""Rewrites of queries that both engines need."""
