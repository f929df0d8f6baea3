"""Checks Data Factory files without running them: errors that the service rejects, and secrets.

Each module holds one group of rules: `models` (the rules of the service's own models), `naming`,
`references`, `structure`, `datasets`, `expressions`, `values`, `triggers`, `secrets`, `secure`.
"""

from collections.abc import Iterator
from pathlib import Path

from medallion.adf.check.activities import activities
from medallion.adf.check.datasets import datasets
from medallion.adf.check.expressions import expressions
from medallion.adf.check.naming import naming
from medallion.adf.check.references import arguments, references
from medallion.adf.check.resources import Factory, Resource, load
from medallion.adf.check.secrets import secrets
from medallion.adf.check.secure import secure
from medallion.adf.check.structure import structure
from medallion.adf.check.triggers import triggers
from medallion.adf.check.values import defaults
from medallion.fault import Fault


def check(folder: Path) -> list[Fault]:
    """The faults and warnings of a folder in git layout, by file and place.

    Raises `MedallionError` when the folder does not hold a factory.
    """
    return sorted(set(_faults(load(folder))), key=Fault.order)


def _faults(factory: Factory) -> Iterator[Fault]:
    yield from factory.faults
    yield from naming(factory)
    for resource in factory.resources:
        yield from references(factory, resource)
        yield from defaults(resource)
        yield from secrets(resource)
        yield from secure(resource)
        switched_off = tuple(_switched_off(resource))
        for fault in _contents(factory, resource):
            if not fault.path.startswith(switched_off):
                yield fault


def _contents(factory: Factory, resource: Resource) -> Iterator[Fault]:
    # The models take half a second to import, so no other command imports them.
    from medallion.adf.check.models import check_model

    if "properties" in resource.document or resource.kind != "factory":
        for found in check_model(resource.kind, resource.document.get("properties")):
            yield resource.fault(*found)
    yield from arguments(factory, resource)
    yield from expressions(factory, resource)
    if resource.kind == "pipeline":
        yield from structure(resource)
        yield from datasets(factory, resource)
    elif resource.kind == "trigger":
        yield from triggers(factory, resource)


def _switched_off(resource: Resource) -> Iterator[str]:
    """The paths of the settings of inactive activities, which may be unfinished.

    Source: https://learn.microsoft.com/azure/data-factory/deactivate-activity
    """
    for one in activities(resource.properties):
        if one.json.get("state") == "Inactive":
            for key in ("typeProperties", "inputs", "outputs", "linkedServiceName"):
                yield one.at(key)
