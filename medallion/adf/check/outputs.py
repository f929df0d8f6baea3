"""The content of an activity's output, by the activity's type and settings.

Only documented shapes are listed. An activity that returns a service's answer, such as Web, can
have any content. Where a list may be incomplete (`closed` is false), a name is a fault only when it
is similar to one of the list.
Sources: https://learn.microsoft.com/azure/data-factory/control-flow-lookup-activity
https://learn.microsoft.com/azure/data-factory/control-flow-get-metadata-activity
https://learn.microsoft.com/azure/data-factory/copy-activity-monitoring
https://learn.microsoft.com/azure/data-factory/transform-data-using-script
https://learn.microsoft.com/azure/data-factory/delete-activity
https://learn.microsoft.com/azure/data-factory/control-flow-filter-activity
https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-return-value
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from medallion.adf.check.activities import Activity, activities
from medallion.adf.check.resources import Factory, Json, Resource
from medallion.adf.language.expressions import Access, Call, Literal, Node

Wrong = tuple[str, str]  # the problem, and the fix
NEARLY = 0.8  # of `get_close_matches`: one letter of five, two of ten
# Properties of the activity itself, next to its output.
MEMBERS = (
    "output",
    "error",
    "status",
    "statusCode",
    "duration",
    "input",
    "activityName",
    "activityType",
    "activityRunId",
    "pipelineName",
    "pipelineRunId",
    "executionStartTime",
    "executionEndTime",
    "activityRunStart",
    "activityRunEnd",
    "startTime",
    "endTime",
    "retryAttempt",
    "userProperties",
)
ERROR = ("errorCode", "message", "failureType", "target", "details", "code")
# Properties that the service adds to every output.
COMMON = (
    "effectiveIntegrationRuntime",
    "effectiveIntegrationRuntimes",
    "executionDuration",
    "durationInQueue",
    "billingReference",
    "errors",
    "error",
)
FIRST_ROW = ("firstRow",)
ALL_ROWS = ("count", "value")
METADATA = (
    "childItems",
    "columnCount",
    "contentMD5",
    "created",
    "exists",
    "itemName",
    "itemType",
    "lastModified",
    "size",
    "structure",
)
OPEN: dict[str, tuple[str, ...]] = {
    "Copy": (
        "copyDuration",
        "dataConsistencyVerification",
        "dataRead",
        "dataWritten",
        "executionDetails",
        "filesRead",
        "filesSkipped",
        "filesWritten",
        "logFilePath",
        "logPath",
        "peakConnections",
        "profile",
        "redirectRowPath",
        "reportLineageToPurview",
        "rowsCopied",
        "rowsRead",
        "rowsSkipped",
        "sinkPeakConnections",
        "sourcePeakConnections",
        "sqlDwPolyBase",
        "throughput",
        "usedCloudDataMovementUnits",
        "usedDataIntegrationUnits",
        "usedParallelCopies",
    ),
    "DatabricksJar": ("runPageUrl", "runOutput", "runError"),
    "DatabricksJob": ("runPageUrl", "runOutput", "runId", "tasks"),
    "DatabricksNotebook": ("runPageUrl", "runOutput", "runError"),
    "DatabricksSparkJar": ("runPageUrl", "runOutput", "runError"),
    "DatabricksSparkPython": ("runPageUrl", "runOutput", "runError"),
    "Delete": (
        "dataset",
        "datasetName",
        "filesDeleted",
        "isWildcardUsed",
        "logPath",
        "maxConcurrentConnections",
        "prefix",
        "recursive",
        "relativePath",
        "wildcard",
    ),
    "ExecuteDataFlow": ("runStatus", "integrationRuntimeQueue"),
    "ExecutePipeline": ("pipelineName", "pipelineReturnValue", "pipelineRunId"),
    "Script": (
        "outputLogs",
        "outputLogsLocation",
        "outputParameters",
        "outputTruncated",
        "recordsAffected",
        "resultSetCount",
        "resultSets",
    ),
    "SetVariable": ("name", "value"),
    "Validation": ("childItems", "exists", "itemName", "itemType", "lastModified", "size"),
}
# Properties that only other activities have, and where this activity's rows are instead.
ROWS = ("firstRow", "value", "count")
NOT_THERE: dict[str, tuple[tuple[str, ...], str]] = {
    "SqlServerStoredProcedure": (
        (*ROWS, "resultSets", "resultSetCount", "rowsCopied", "rowsRead"),
        "a stored procedure's rows are lost: call it in a Lookup or a Script",
    ),
    "Script": (ROWS, "read resultSets[0].rows"),
    "Copy": ((*ROWS, "resultSets", "childItems"), "read rowsCopied and the like, or use a Lookup"),
    "ExecutePipeline": (ROWS, "return it with Set Variable, and read pipelineReturnValue"),
}
# Properties that are arrays, and the content of their items where it is known.
ARRAYS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Lookup", "value"): (),
    ("Filter", "value"): (),
    ("Script", "resultsets"): ("rowCount", "rows"),
    ("GetMetadata", "childitems"): ("name", "type"),
    ("GetMetadata", "structure"): (),
    ("Validation", "childitems"): ("name", "type"),
}


@dataclass(frozen=True)
class Shape:
    """The names in an output; `closed` if an output has no others."""

    names: tuple[str, ...]
    closed: bool


def read_wrongly(node: Node, by_name: dict[str, Activity], factory: Factory) -> list[Wrong]:
    """The faults of an access to a property of `activity('…')`."""
    found = _path(node)
    if found is None:
        return []
    name, keys = found
    activity = by_name.get(name.lower())
    if activity is None:
        return []
    match keys:
        case [str(key)]:
            return _member(activity, key)
        case [str(part), str(key)] if part.lower() == "error":
            return _nearly(key, ERROR, f"an activity's error has no '{key}'")
        case [str(part), str(key)] if part.lower() == "output":
            return _output(activity, key)
        case [str(part), str(key), *rest] if part.lower() == "output":
            return _deeper(activity, key, rest, factory)
    return []


def child_items(items: Node, by_name: dict[str, Activity]) -> bool:
    """Whether the items of a loop are a folder's files, each with a name and a type."""
    found = _path(items)
    if found is None or [str(key).lower() for key in found[1]] != ["output", "childitems"]:
        return False
    activity = by_name.get(found[0].lower())
    return activity is not None and activity.type == "GetMetadata"


def not_an_array(items: Node, by_name: dict[str, Activity]) -> list[Wrong]:
    """The fault if the items of a loop are an object: a Lookup's output, or its first row."""
    found = _path(items)
    activity = by_name.get(found[0].lower()) if found else None
    if found is None or activity is None or activity.type != "Lookup":
        return []
    keys = [str(key).lower() for key in found[1]]
    if keys not in (["output"], ["output", "firstrow"]):
        return []
    what = "the output" if keys == ["output"] else "the first row"
    message = f"{what} of Lookup '{activity.name}' is an object, not an array"
    return [(message, "read output.value, with firstRowOnly set to false")]


def _path(node: Node) -> tuple[str, list[object]] | None:
    """The activity and the keys of a chain of accesses; None where one access is optional."""
    keys: list[object] = []
    while isinstance(node, Access):
        if node.optional or not isinstance(node.key, Literal):
            return None
        keys.insert(0, node.key.value)
        node = node.base
    match node:
        case Call(function, (Literal(str(name)),)) if function.lower() == "activity" and keys:
            return name, keys
    return None


def _member(activity: Activity, key: str) -> list[Wrong]:
    shape = _shape(activity)
    if key.lower() in {one.lower() for one in MEMBERS}:
        return []
    if shape and key.lower() in {one.lower() for one in shape.names}:
        message = f"'{key}' of activity '{activity.name}' is in its output"
        return [(message, f"write activity('{activity.name}').output.{key}")]
    return _nearly(key, MEMBERS, f"an activity has no '{key}'")


def _output(activity: Activity, key: str) -> list[Wrong]:
    wanted, fix = key.lower(), ""
    message = f"the output of {activity.type} '{activity.name}' has no '{key}'"
    names, instead = NOT_THERE.get(activity.type, ((), ""))
    if wanted in {one.lower() for one in names}:
        return [(message, instead)]
    shape = _shape(activity)
    if shape is None:
        return []
    known = (*shape.names, *COMMON)
    if wanted in {one.lower() for one in known}:
        return []
    if activity.type == "Lookup" and wanted in {one.lower() for one in (*FIRST_ROW, *ALL_ROWS)}:
        first = wanted in {one.lower() for one in ALL_ROWS}
        fix = (
            "read firstRow, or set firstRowOnly to false"
            if first
            else "read value[0], or set firstRowOnly to true"
        )
        return [(message, fix)]
    if activity.type == "GetMetadata" and wanted in {one.lower() for one in METADATA}:
        return [(message, f"add '{_spelled(key, METADATA)}' to its fieldList")]
    if shape.closed:
        close = _close(key, known)
        fix = f"did you mean '{close}'" if close else f"it has {', '.join(shape.names)}"
        return [(message, fix)]
    return _nearly(key, known, message)


def _deeper(activity: Activity, key: str, rest: list[object], factory: Factory) -> list[Wrong]:
    within = ARRAYS.get((activity.type, key.lower()))
    where = f"'{key}' of {activity.type} '{activity.name}'"
    match rest:
        case [int()] if (activity.type, key.lower()) == ("Lookup", "firstrow"):
            return [(f"{where} is an object, which has no items", "name a column of it")]
        case [str(name)] if within is not None:
            return [
                (f"{where} is an array, which has no '{name}'", f"name an item: {key}[0].{name}")
            ]
        case [int(), str(name)] if within and name.lower() not in {one.lower() for one in within}:
            message = f"an item of {where} has no '{name}'"
            return [(message, f"it has {' and '.join(within)}")]
        case [str(name)] if activity.type == "ExecutePipeline":
            if key.lower() == "pipelinereturnvalue":
                return _returned(activity, name, factory)
    return []


def _returned(activity: Activity, name: str, factory: Factory) -> list[Wrong]:
    reference = activity.settings.get("pipeline")
    target = reference.get("referenceName") if isinstance(reference, dict) else None
    pipeline = factory.find("pipeline", target) if isinstance(target, str) else None
    known = _return_values(pipeline) if pipeline else None
    if known is None or name.lower() in {one.lower() for one in known}:
        return []
    close = _close(name, known)
    fix = f"did you mean '{close}'" if close else "return it there with Set Variable"
    return [(f"pipeline '{target}' returns no '{name}'", fix)]


def _return_values(pipeline: Resource) -> tuple[str, ...] | None:
    """The names of the values that a pipeline returns; None when they are computed."""
    found: list[str] = []
    for one in activities(pipeline.properties):
        name = one.settings.get("variableName")
        if one.type != "SetVariable" or str(name).lower() != "pipelinereturnvalue":
            continue
        values = one.settings.get("value")
        if not isinstance(values, list):
            return None
        for value in values:
            if not isinstance(value, dict) or not isinstance(value.get("key"), str):
                return None
            if "@" in value["key"]:
                return None
            found.append(value["key"])
    return tuple(found)


def _shape(activity: Activity) -> Shape | None:
    special: dict[str, Callable[[Json], Shape | None]] = {
        "Lookup": _lookup,
        "GetMetadata": _metadata,
        "Filter": lambda settings: Shape(("ItemsCount", "FilteredItemsCount", "Value"), True),
    }
    if activity.type in special:
        return special[activity.type](activity.settings)
    names = OPEN.get(activity.type)
    return Shape(names, False) if names else None


def _lookup(settings: Json) -> Shape:
    first = settings.get("firstRowOnly")
    said = "true" if first is None else str(first).lower()
    names = {"true": FIRST_ROW, "false": ALL_ROWS}.get(said, (*FIRST_ROW, *ALL_ROWS))
    return Shape(names, True)


def _metadata(settings: Json) -> Shape | None:
    fields = settings.get("fieldList")
    listed = fields if isinstance(fields, list) else []
    if any(not isinstance(one, str) or "@" in one for one in listed) or isinstance(fields, dict):
        return Shape(METADATA, False)
    return Shape(tuple(listed), True) if listed else None


def _nearly(key: str, known: tuple[str, ...], message: str) -> list[Wrong]:
    if key.lower() in {one.lower() for one in known}:
        return []
    close = _close(key, known)
    return [(message, f"did you mean '{close}'")] if close else []


def _close(key: str, known: tuple[str, ...]) -> str:
    by_case = {one.lower(): one for one in known}
    found = get_close_matches(key.lower(), by_case, n=1, cutoff=NEARLY)
    return by_case[found[0]] if found else ""


def _spelled(key: str, known: tuple[str, ...]) -> str:
    return next((one for one in known if one.lower() == key.lower()), key)
