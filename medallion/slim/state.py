"""The manifest of production's last run: dbt reads changes from it, this module relations."""

import json
from dataclasses import dataclass
from pathlib import Path

from medallion.errors import MedallionError

Place = list[str]  # database, schema, identifier


@dataclass(frozen=True)
class State:
    """The relation of each model, seed and snapshot in production, by unique id."""

    places: dict[str, Place]

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
        return State(
            {
                unique_id: [node["database"], node["schema"], node["alias"]]
                for unique_id, node in nodes.items()
                if node.get("relation_name")
            }
        )
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise MedallionError(f"{file} is not a dbt manifest: {error}.") from None
