"""Holds JSON against the models of Azure's management libraries, by reflection.

`fields` reads what a model says of its properties, `check` compares a JSON document with it, and
`fault` is what is found and where. The rooms that check `adf/` and `infra/` share it.
"""
