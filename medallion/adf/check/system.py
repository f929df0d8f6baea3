"""The system variables that an expression may read, by the kind of its resource.

Sources: https://learn.microsoft.com/azure/data-factory/control-flow-system-variables
https://learn.microsoft.com/azure/data-factory/how-to-use-trigger-parameterization
https://learn.microsoft.com/azure/data-factory/parameterize-linked-services
"""

from collections.abc import Iterator
from difflib import get_close_matches

from medallion.adf.language.expressions import Access, Call, Literal, Node

# Of `pipeline()`. The last ones are from Fabric and Synapse; Studio offers them too.
SYSTEM_VARIABLES = (
    "DataFactory",
    "Pipeline",
    "RunId",
    "TriggerType",
    "TriggerId",
    "TriggerName",
    "TriggerTime",
    "GroupId",
    "TriggeredByPipelineName",
    "TriggeredByPipelineRunId",
    "parameters",
    "globalParameters",
    "libraryVariables",
    "PipelineName",
    "TopLevelPipelineName",
    "TriggerEvent",
    "Workspace",
    "WorkspaceId",
    "WorkspaceName",
)
# The functions that read a run, and where each can be used; other functions are not checked here.
# A trigger is named by its type.
IN_PIPELINE = ("activity", "item", "variables")
WINDOWS = ("windowStartTime", "windowEndTime")
TRIGGER: dict[str, tuple[str, ...]] = {
    "ScheduleTrigger": ("scheduledTime", "startTime"),
    "TumblingWindowTrigger": ("outputs", "scheduledTime", "startTime"),
}


def misplaced(call: Call, kind: str) -> Iterator[tuple[str, str]]:
    """Whether a function that reads a run has no value in a resource of this kind."""
    name = call.name.lower()
    where = {"pipeline": "a pipeline", "dataset": "a dataset", "linkedService": "a linked service"}
    here = where.get(kind, "a trigger")
    if name in IN_PIPELINE and kind != "pipeline":
        yield f"{call.name}() cannot be read in {here}", "pass the value as a parameter"
    elif name == "dataset" and kind != "dataset":
        yield f"{call.name}() cannot be read in {here}", "it reads a dataset's own parameters"
    elif name == "linkedservice" and kind != "linkedService":
        fix = "it reads a linked service's own parameters"
        yield f"{call.name}() cannot be read in {here}", fix


def system_variable(node: Node) -> Iterator[tuple[str, str]]:
    """Whether a property of `pipeline()` does not exist."""
    match node:
        case Access(Call(name, ()), Literal(str(key)), False) if name.lower() == "pipeline":
            known = {one.lower(): one for one in SYSTEM_VARIABLES}
            if key.lower() not in known:
                close = get_close_matches(key.lower(), known, n=1)
                fix = f"did you mean '{known[close[0]]}'" if close else "read another"
                yield f"there is no system variable '{key}'", fix


def read_of_trigger(node: Node, kind: str) -> Iterator[tuple[str, str]]:
    """Whether a trigger of this type lacks a property of `trigger()`."""
    known = TRIGGER.get(kind)
    if known is None:
        return
    match node:
        case Access(Call(name, ()), Literal(str(key)), _) if name.lower() == "trigger":
            if key.lower() not in {one.lower() for one in known}:
                yield f"a {kind} has no '{key}'", _mend(key, known)
        case Access(Access(Call(name, ()), Literal(str(part)), _), Literal(str(key)), _) if (
            name.lower() == "trigger" and part.lower() == "outputs"
        ):
            if "outputs" in known and key.lower() not in {one.lower() for one in WINDOWS}:
                yield f"the outputs of a {kind} have no '{key}'", _mend(key, WINDOWS)
        case Call(name, ()) if name.lower() == "triggerbody":
            yield f"a {kind} has no body", "read trigger(), or use an event trigger"


def _mend(key: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(key.lower(), [one.lower() for one in known], n=1)
    named = next((one for one in known if close and one.lower() == close[0]), "")
    return f"did you mean '{named}'" if named else f"it has {', '.join(known)}"
