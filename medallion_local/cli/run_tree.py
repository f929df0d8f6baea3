"""A factory's run as a tree: each activity with its status, duration, and output or error."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.text import Text
from rich.tree import Tree

from medallion.adf.language.errors import NOT_HERE
from medallion_local.data_factory.events import Event

MOST_SHOWN = 20  # iterations of a loop, in addition to the failed ones
LONGEST = 300  # characters of an output
MARKS = {"Succeeded": ("✓", "green"), "Failed": ("✗", "red"), "Skipped": ("-", "dim")}
MARKS |= {"InProgress": ("…", "yellow")}


@dataclass
class Node:
    """An activity run: its newest event and its inner runs in order of their start."""

    event: Event
    inside: list["Node"] = field(default_factory=list)


class RunTree:
    """Gathers the events of a run."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._first: list[Node] = []

    def tell(self, event: Event) -> None:
        """Process an event of the engine."""
        if (known := self._nodes.get(event.activity_run_id)) is not None:
            known.event = event
            return
        self._nodes[event.activity_run_id] = node = Node(event)
        around = self._nodes.get(event.container or "")
        (around.inside if around else self._first).append(node)

    def counts(self) -> Counter[str]:
        """The number of activity runs of each status."""
        return Counter(node.event.status for node in self._nodes.values())

    def refusals(self) -> list[str]:
        """Why activities failed here that would have run in Azure."""
        events = (node.event for node in self._nodes.values())
        return [one.error["message"] for one in events if one.error.get("errorCode") == NOT_HERE]

    def shown(self, title: str) -> Tree:
        """The tree with a title."""
        tree = Tree(Text(title), guide_style="dim")
        for node in self._first:
            _add(tree, node)
        return tree


def _add(tree: Tree, node: Node) -> None:
    branch = tree.add(_line(node.event))
    kept: set[int] = set()
    left_out = 0
    for item, status in _iterations(node):
        if status == "Failed" or len(kept) < MOST_SHOWN:
            kept.add(item)
        else:
            left_out += 1
    numbered: dict[int, Tree] = {}
    for one in node.inside:
        place = one.event.iteration
        if place is None:
            _add(branch, one)
        elif place in kept:
            if place not in numbered:
                numbered[place] = branch.add(Text(f"item {place}", style="dim"))
            _add(numbered[place], one)
    if left_out:
        branch.add(Text(f"and {left_out} more items that did not fail", style="dim"))


def _iterations(node: Node) -> Iterator[tuple[int, str]]:
    """The indexes of a loop's items in order, and the number of failed activities of each."""
    failed: dict[int, bool] = {}
    for one in node.inside:
        if (place := one.event.iteration) is not None:
            failed[place] = failed.get(place, False) or one.event.status == "Failed"
    for place in sorted(failed):
        yield place, "Failed" if failed[place] else "Succeeded"


def _line(event: Event) -> Text:
    mark, style = MARKS.get(event.status, ("?", ""))
    line = Text.assemble((f"{mark} ", style), (event.activity, "bold"), (f" {event.type}", "dim"))
    line.append(f" {event.status}", style)
    if event.ended and event.status != "Skipped":
        line.append(f" {_seconds(event):.1f} s", "dim")
    if event.error.get("message"):
        line.append(f" {event.error['errorCode']}: {event.error['message']}", style)
    elif event.output:
        line.append(f" {_short(event.output)}", "dim")
    return line


def _seconds(event: Event) -> float:
    span = datetime.fromisoformat(str(event.ended)) - datetime.fromisoformat(event.started)
    return span.total_seconds()


def _short(output: dict[str, Any]) -> str:
    text = json.dumps(output, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
