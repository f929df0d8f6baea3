"""Finds the key of each built relation, and compares its rows with production's."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from medallion.slim.dbt import Dbt
from medallion.slim.results import Built
from medallion.slim.state import Place, State, tagged
from medallion.slim.values import (
    Pair,
    compared,
    counts_query,
    differs,
    measures_query,
    sample_query,
)

_UNIQUE = {"unique": "column_name", "unique_combination": "columns"}  # a test, and its columns


def with_rows(
    dbt: Dbt, nodes: list[Built], places: dict[str, Place], production: State
) -> list[Built]:
    """The nodes, each with the comparison of its rows where both relations exist.

    `places` are those of the built relations.
    """
    pairs = {
        node.unique_id: pair
        for node in nodes
        if node.unique_id in places
        and (pair := _pair(dbt.manifest, node, places[node.unique_id], production))
    }
    counted = _answers(dbt, map(counts_query, pairs.values()))
    counts = dict(zip(pairs, (answer for [answer] in counted), strict=True))
    differing = [unique_id for unique_id, one in counts.items() if differs(one)]
    queries = (measures_query, sample_query)
    answers = _answers(dbt, (ask(pairs[one]) for one in differing for ask in queries))
    details = dict(zip(differing, zip(answers[::2], answers[1::2], strict=True), strict=True))
    found = {
        unique_id: compared(pairs[unique_id], one, *details.get(unique_id, ((), ())))
        for unique_id, one in counts.items()
    }
    return [replace(node, rows=found.get(node.unique_id)) for node in nodes]


def _answers(dbt: Dbt, queries: Iterable[str]) -> list[list[dict[str, Any]]]:
    listed = list(queries)
    return dbt.rows(listed) if listed else []


def _pair(manifest: Manifest, node: Built, place: Place, production: State) -> Pair | None:
    """The two relations; None without production, or without rows or a column on both sides."""
    theirs = production.place(node.unique_id)
    if theirs is None or node.built is None or node.production is None:
        return None
    known = node.production.columns
    types = {name: kind for name, kind in node.built.columns.items() if known.get(name) == kind}
    rows = max(node.built.rows, node.production.rows)
    if not rows or not types:
        return None
    key = key_of(manifest, node.unique_id)
    if not set(key) <= types.keys():
        key = ()
    declared = manifest.nodes[node.unique_id].to_dict().get("columns", {})
    personal = frozenset(production.personal.get(node.unique_id, ())) | frozenset(tagged(declared))
    return Pair(place, theirs, key, types, personal, rows)


def key_of(manifest: Manifest, unique_id: str) -> tuple[str, ...]:
    """The columns that a test declares unique, else dbt's `unique_key`; empty without either."""
    for node in manifest.nodes.values():
        metadata = getattr(node, "test_metadata", None)
        if metadata is None or getattr(node, "attached_node", None) != unique_id:
            continue
        if (argument := _UNIQUE.get(metadata.name)) and not getattr(node.config, "where", None):
            columns = metadata.kwargs.get(argument, ())
            return (columns,) if isinstance(columns, str) else tuple(columns)
    key = getattr(manifest.nodes[unique_id].config, "unique_key", None) or ()
    return (key,) if isinstance(key, str) else tuple(key)
