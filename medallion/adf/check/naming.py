"""The names that resources and activities may have.

Sources: https://learn.microsoft.com/azure/data-factory/naming-rules,
https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities, and the service's own
patterns: https://learn.microsoft.com/rest/api/datafactory/pipelines/create-or-update. The
page forbids dashes in the names of datasets and linked services, which the service accepts.
"""

import re
from collections.abc import Iterator

from medallion.adf.check.activities import activities
from medallion.adf.check.resources import Factory, Resource
from medallion.fault import Fault

ENTITY = re.compile(r"[A-Za-z0-9_][^<>*#.%&:\\+?/]*")
DASHED = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
LONGEST = {"pipeline": 140, "factory": 63, "integrationRuntime": 63}
LONGEST_OTHER = 260
LONGEST_ACTIVITY = 55
FORBIDDEN = r"begin with a letter, a digit or _ and use none of < > * # . % & : \ + ? /"


def naming(factory: Factory) -> Iterator[Fault]:
    """The faults in names: mismatches with the file, duplicates, forbidden letters, and length."""
    seen: dict[tuple[str, str], str] = {}
    for resource in factory.resources:
        yield from _resource(resource)
        key = resource.kind, resource.stem.lower()
        if key in seen:
            message = f"'{seen[key]}' differs from this only in case, which the service ignores"
            yield resource.fault("$.name", message, "rename one of them")
        seen[key] = resource.file
        if resource.kind == "pipeline":
            yield from _activities(resource)


def _resource(resource: Resource) -> Iterator[Fault]:
    name = resource.document.get("name")
    if not isinstance(name, str) or not name:
        yield resource.fault("$", "the required 'name' is missing", f"write '{resource.stem}'")
        return
    if name != resource.stem:
        message = f"the name is '{name}', which does not match the file name '{resource.stem}'"
        yield resource.fault("$.name", message, "rename one of them")
    dashed = resource.kind in ("factory", "integrationRuntime")
    if not (DASHED if dashed else ENTITY).fullmatch(name):
        fix = "use letters, digits and single dashes between them" if dashed else FORBIDDEN
        yield resource.fault("$.name", f"'{name}' is not a valid name here", fix)
    longest = LONGEST.get(resource.kind, LONGEST_OTHER)
    if len(name) > longest:
        message = f"the name has {len(name)} characters, more than {longest}"
        yield resource.fault("$.name", message, "shorten it")


def _activities(pipeline: Resource) -> Iterator[Fault]:
    for one in activities(pipeline.properties):
        if one.name and not ENTITY.fullmatch(one.name):
            message = f"'{one.name}' is not a valid name of an activity"
            yield pipeline.fault(one.at("name"), message, FORBIDDEN)
        if len(one.name) > LONGEST_ACTIVITY:
            message = f"the name has {len(one.name)} characters, more than {LONGEST_ACTIVITY}"
            yield pipeline.fault(one.at("name"), message, "shorten it")
