"""Holds a lakehouse against `docs/history.md`: thousands of small change logs in a few builds.

Each scenario is a change log of its own key range, days and plan names, cut into batches that
come late, twice and out of order. It reads and writes only the landed layout and the published
tables.
"""
