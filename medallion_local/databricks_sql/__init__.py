"""An emulator of a Databricks SQL warehouse, on the engine Sail or Apache Spark.

A request comes through `protocol/`. `statements/` executes it: names are resolved (`resolve.py`) by
the `catalog/` to Delta folders (`storage.py`, `delta/`, `delta_log/`), and an engine (`sail/`,
`spark/`) runs the query. `language/` parses and renders SQL. `lifecycle/` starts and stops the
process of a home.
"""
