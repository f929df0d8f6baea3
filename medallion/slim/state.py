"""The manifest of production's last run: dbt reads changes from it, this module relations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError

Place = list[str]  # database, schema, identifier


@dataclass(frozen=True)
class State:
    """The relation of each model, seed and snapshot in production, by unique id.

    `personal` are the columns with the tag `pii`, by the unique id of their node.
    """

    places: dict[str, Place]
    personal: dict[str, list[str]] = field(default_factory=dict)

    def place(self, unique_id: str) -> Place | None:
        """The node's relation in production, `None` for a new node."""
        return self.places.get(unique_id)


def read_state(folder: Path) -> State:
    """Read the state in `folder`. Raises `MedallionError` without a readable manifest."""
    file = folder / "manifest.json"
    if not file.is_file():
        raise MedallionError(
            f"{file} does not exist: --state must be the target folder of production's last "
            "`dbt build`."
        )
    try:
        nodes = json.loads(file.read_text(encoding="utf-8"))["nodes"]
        places = {
            unique_id: [node["database"], node["schema"], node["alias"]]
            for unique_id, node in nodes.items()
            if node.get("relation_name")
        }
        personal = {}
        for unique_id in places:
            if names := tagged(nodes[unique_id].get("columns", {})):
                personal[unique_id] = names
        return State(places, personal)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise MedallionError(f"{file} is not a dbt manifest: {error}.") from None


def tagged(columns: Mapping[str, Any]) -> list[str]:
    """The columns with the tag `pii`, of the columns of a node in a manifest."""
    return [name for name, one in columns.items() if "pii" in (one.get("databricks_tags") or {})]
