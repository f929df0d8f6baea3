"""The project's entities, as the dbt macro `entity_registry` lists them: tables, keys, models."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medallion.home import PROJECT_ROOT
from medallion.macros import call_macro

LOGGED = ("versions", "latest", "events")  # histories that come from a change log


@dataclass(frozen=True)
class Entity:
    """One entity; macros/entities/entity_registry.sql says what each field means."""

    name: str
    landed_as: str
    reported_as: str
    key: tuple[str, ...]
    history: str
    bronze: str
    staged: str
    published: str
    tracked: tuple[str, ...] = ()


def read_entities(project: Path = PROJECT_ROOT) -> list[Entity]:
    """Every entity, in the registry's order. Raises `MedallionError` for one that is incomplete."""
    return [_entity(told) for told in call_macro("entities", project=project)]


def _entity(told: dict[str, Any]) -> Entity:
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.items()
        if name in Entity.__dataclass_fields__
    }
    return Entity(**known)


def logged_entities(project: Path = PROJECT_ROOT) -> list[Entity]:
    """The entities that come from tables of the source, by their change logs."""
    return [entity for entity in read_entities(project) if entity.history in LOGGED]
