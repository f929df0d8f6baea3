"""The facts of the largest table, worked out for ten billion plays: a simulation and its page.

`python -m medallion_local.capacity` writes docs/scale.md and docs/scale.png from `measured.json`
and from the parameters. `python -m medallion_local.capacity measure` measures the former anew in
the lakehouse under `MEDALLION_HOME`.
"""
