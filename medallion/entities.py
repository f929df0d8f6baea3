"""The project's entities, as the dbt macro `entity_registry` lists them: tables, keys, models."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medallion.home import PROJECT_ROOT
from medallion.macros import call_macro

MEMBERS = "quarantined_members"  # the quarantine of all histories except `events`
LOGGED = ("versions", "latest", "events")  # histories that are built from a change log


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
    quarantine: str = MEMBERS


def read_entities(project: Path = PROJECT_ROOT) -> list[Entity]:
    """Every entity, in the registry's order. Raises `MedallionError` for an incomplete one."""
    return [_entity(entry) for entry in call_macro("entities", project=project)]


def _entity(entry: dict[str, Any]) -> Entity:
    known = Entity.__dataclass_fields__
    fields: dict[str, Any] = {field: entry[field] for field in entry if field in known}
    lists = {field: tuple(value) for field, value in fields.items() if isinstance(value, list)}
    return Entity(**fields | lists)


def unmodelled(landed: Iterable[str], project: Path = PROJECT_ROOT) -> list[str]:
    """The landed tables, such as `dbo.Product`, that no entity of the registry has."""
    known = {entity.landed_as for entity in logged_entities(project)}
    return [table for table in dict.fromkeys(landed) if table not in known]


def logged_entities(project: Path = PROJECT_ROOT) -> list[Entity]:
    """The entities that are built from change logs of source tables."""
    return [entity for entity in read_entities(project) if entity.history in LOGGED]
