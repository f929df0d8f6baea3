"""Compares JSON with the models of Azure's management libraries, by reflection.

`fields` reads the properties of a model, `check` compares a JSON document with it, and `fault` is a
finding and its place. The checks of `adf/` and `infra/` share it.
"""
