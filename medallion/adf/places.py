"""Where a plain text with an `@` is an expression: one definition for the engine and the check.

An object `{"value": "@…", "type": "Expression"}` is an expression everywhere. A plain text that
begins with `@`, or contains `@{…}`, is an expression in every setting: "expressions can appear
anywhere in a JSON string value". Microsoft's own examples write `"folderPath": "@dataset().path"`.
Source: https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions

The exceptions are texts that name or describe something: names, types, descriptions, annotations,
declared parameters and variables with their default values, the columns of a schema or of a Copy's
translator (`@odata.id` is a column's name), a trigger's schedule, and data flows.
"""

from enum import Enum
from typing import Any


class Place(Enum):
    """A kind of place in a document; `within` returns the kinds of the places inside it."""

    RESOURCE = "the properties of a pipeline, a dataset or a linked service"
    TRIGGER = "the properties of a trigger"
    ACTIVITY = "an activity"
    SETTINGS = "settings, whose property names are the service's"
    VALUES = "values, whose property names are the author's"
    LITERAL = "texts that are taken literally"

    @property
    def evaluates(self) -> bool:
        """Whether a plain text at this place is evaluated."""
        return self in (Place.SETTINGS, Place.VALUES)

    def within(self, key: str | int) -> "Place":
        """The place of a property; an array's items have the place of the array."""
        if isinstance(key, int) or self in (Place.VALUES, Place.LITERAL):
            return self
        return _INSIDE[self].get(key.lower(), _OTHERWISE[self])


def wrapped(value: Any) -> str | None:
    """The property that holds an expression's text, if the value is an Expression object."""
    if not isinstance(value, dict) or str(value.get("type")).lower() != "expression":
        return None
    name = "value" if "value" in value else "content"
    return name if isinstance(value.get(name), str) else None


ROOTS = {
    "pipeline": Place.RESOURCE,
    "dataset": Place.RESOURCE,
    "linkedService": Place.RESOURCE,
    "trigger": Place.TRIGGER,
}
# Settings that are maps: the author names their properties, so `type` may be one of them.
_MAPS = (
    "parameters",
    "headers",
    "body",
    "baseparameters",
    "jobparameters",
    "storedprocedureparameters",
    "userproperties",
    "arguments",
    "extendedproperties",
    "globalparameters",
    "items",
    "value",
)
_DESCRIBING = ("name", "type", "description", "annotations")
_DECLARING = ("folder", "parameters", "variables", "schema", "structure", "policy", "concurrency")
_INSIDE: dict[Place, dict[str, Place]] = {
    Place.RESOURCE: {
        **dict.fromkeys((*_DESCRIBING, *_DECLARING), Place.LITERAL),
        "activities": Place.ACTIVITY,
    },
    Place.TRIGGER: {"pipeline": Place.SETTINGS, "pipelines": Place.SETTINGS},
    Place.ACTIVITY: dict.fromkeys((*_DESCRIBING, "dependson"), Place.LITERAL),
    Place.SETTINGS: {
        **dict.fromkeys(_MAPS, Place.VALUES),
        **dict.fromkeys(("type", "referencename", "translator"), Place.LITERAL),
        **dict.fromkeys(
            ("activities", "iftrueactivities", "iffalseactivities", "defaultactivities"),
            Place.ACTIVITY,
        ),
    },
}
_OTHERWISE = {
    Place.RESOURCE: Place.SETTINGS,
    Place.TRIGGER: Place.LITERAL,
    Place.ACTIVITY: Place.SETTINGS,
    Place.SETTINGS: Place.SETTINGS,
}
