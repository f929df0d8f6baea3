"""Checks that an activity uses a dataset according to its format and its store.

A dataset of a file format is read by that format's source and written by its sink, through the
settings of the store that its location is in.
Sources: https://learn.microsoft.com/azure/data-factory/copy-activity-overview#syntax
https://learn.microsoft.com/azure/data-factory/supported-file-formats-and-compression-codecs
"""

from collections.abc import Iterator
from typing import Any

from medallion.adf.check.activities import Activity, activities
from medallion.adf.check.resources import Factory, Json, Resource
from medallion.fault import Fault

FORMATS = ("Avro", "Binary", "DelimitedText", "Excel", "Json", "Orc", "Parquet", "Xml")
READ, WRITE = "ReadSettings", "WriteSettings"


def datasets(factory: Factory, pipeline: Resource) -> Iterator[Fault]:
    """The faults in a pipeline's uses of its datasets."""
    for activity in activities(pipeline.properties):
        if activity.type == "Copy":
            yield from _copy(factory, pipeline, activity)
        elif activity.type == "Lookup":
            target = _target(factory, activity.settings.get("dataset"))
            yield from _format(pipeline, activity, "source", target)
        elif activity.type in ("GetMetadata", "Delete"):
            target = _target(factory, activity.settings.get("dataset"))
            path = activity.at("typeProperties", "storeSettings")
            settings = activity.settings.get("storeSettings")
            # Studio leaves these after another dataset is chosen, and the service accepts them.
            yield from _store(pipeline, path, settings, target, READ, warning=True)


def _copy(factory: Factory, pipeline: Resource, activity: Activity) -> Iterator[Fault]:
    for end, place in (("source", "inputs"), ("sink", "outputs")):
        given = activity.json.get(place)
        found = given if isinstance(given, list) else []
        if len(found) != 1:
            message = f"a Copy has one dataset in '{place}', not {len(found)}"
            yield pipeline.fault(
                activity.at(place) if found else activity.path, message, "name one"
            )
        else:
            yield from _format(pipeline, activity, end, _target(factory, found[0]))


def _target(factory: Factory, reference: Any) -> Resource | None:
    name = reference.get("referenceName") if isinstance(reference, dict) else None
    return factory.find("dataset", name) if isinstance(name, str) else None


def _format(
    pipeline: Resource, activity: Activity, end: str, target: Resource | None
) -> Iterator[Fault]:
    settings = activity.settings.get(end)
    if not isinstance(settings, dict) or target is None:
        return
    suffix = end.capitalize()
    used = _named(settings, suffix)
    held = target.properties.get("type")
    if isinstance(held, str) and used != held and (used in FORMATS or held in FORMATS):
        message = f"the {end} is {settings.get('type')}, but dataset '{target.stem}' is {held}"
        fix = f"use {held}{suffix}" if held in FORMATS else "use the dataset's own kind"
        yield pipeline.fault(activity.at("typeProperties", end, "type"), message, fix)
        return
    path = activity.at("typeProperties", end, "storeSettings")
    direction = READ if end == "source" else WRITE
    yield from _store(pipeline, path, settings.get("storeSettings"), target, direction)


def _store(
    pipeline: Resource,
    path: str,
    settings: Any,
    target: Resource | None,
    direction: str,
    warning: bool = False,
) -> Iterator[Fault]:
    location = target.part("typeProperties").get("location") if target else None
    if target is None or not isinstance(settings, dict) or not isinstance(location, dict):
        return
    used, held = _named(settings, direction), _named(location, "Location")
    if used and held and _short(used) != _short(held):
        message = f"the settings are {settings['type']}, but '{target.stem}' is at {held}Location"
        fix = f"use the {direction} of that store"
        yield pipeline.fault(f"{path}.type", message, fix, warning)


def _named(value: Json, suffix: str) -> str:
    """A type's name without its suffix; empty when it has another one."""
    name = str(value.get("type"))
    return name.removesuffix(suffix) if name.endswith(suffix) else ""


def _short(store: str) -> str:
    return store.replace("Server", "")  # HttpServerLocation belongs to HttpReadSettings
