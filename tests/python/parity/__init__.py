"""Parity of the two engines: from the same landed files, both build the same tables.

`python -m parity` builds the project on Sail and on Spark, compares every table after each step,
and runs generated change logs through both. It writes the result to `docs/parity.md`.
"""
