"""The manifest of production's last run, of which dbt reads what changed and we read the places."""

import json
from dataclasses import dataclass
from pathlib import Path

from medallion.errors import MedallionError

Place = list[str]  # database, schema, identifier


@dataclass(frozen=True)
class State:
    """Where production keeps each model, seed and snapshot, by unique id."""

    places: dict[str, Place]

    def place(self, unique_id: str) -> Place | None:
        """The node's relation in production, `None` for one that is new."""
        return self.places.get(unique_id)


def read_state(folder: Path) -> State:
    """The state in `folder`. Raises `MedallionError` when it holds no manifest that can be read."""
    file = folder / "manifest.json"
    if not file.is_file():
        raise MedallionError(
            f"There is no {file}: the state is the target folder of production's last `dbt build`."
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
        raise MedallionError(f"{file} is no dbt manifest: {error}.") from None
