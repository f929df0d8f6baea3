"""Check a lakehouse against `docs/history.md`: thousands of small change logs in a few builds.

Each scenario is a change log with its own range of keys, days and plan names. It is cut into
batches that arrive late, twice and out of order. The suite reads and writes only the landed layout
and the published tables.
"""
