"""Expressions: they must parse, call existing functions, and use existing names.

Sources: https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
https://learn.microsoft.com/azure/data-factory/control-flow-system-variables
https://learn.microsoft.com/azure/data-factory/control-flow-set-variable-activity
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from medallion.adf.check.activities import Activity, activities, upstream
from medallion.adf.check.activities import inner as inside
from medallion.adf.check.outputs import child_items, not_an_array, read_wrongly
from medallion.adf.check.resources import Factory, Json, Resource
from medallion.adf.check.system import misplaced, read_of_trigger, system_variable
from medallion.adf.check.texts import BLOCKS, Text, nodes, texts
from medallion.adf.check.values import misfit
from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.expressions import Access, Call, Literal, Node, parse
from medallion.adf.language.functions import FUNCTIONS
from medallion.adf.nesting import CONTAINERS
from medallion.adf.places import ROOTS, Place
from medallion.fault import Fault, step

LONGEST = 8192  # characters of one expression
# Functions that the evaluator itself implements, with their minimum and maximum of arguments.
LAZY: dict[str, tuple[int, int | None]] = {
    "if": (3, 3),
    "and": (1, None),
    "or": (1, None),
    "coalesce": (1, None),
}
# Functions that read the state of a run, with the number of their arguments.
NAMES = {
    "pipeline": 0,
    "activity": 1,
    "variables": 1,
    "item": 0,
    "items": 1,
    "iterationindexes": 1,
    "dataset": 0,
    "linkedservice": 0,
    "trigger": 0,
    "triggerbody": 0,
    "triggeroutputs": 0,
    "actions": 1,  # as in Microsoft's example of an Until; they come from Logic Apps
    "body": 1,
}
RETURN_VALUE = "pipelinereturnvalue"


@dataclass(frozen=True)
class Known:
    """The names that an expression may use, in lower case; None means any name.

    `kind` is the kind of the resource; for a trigger it is the trigger's type.
    """

    kind: str = ""
    parameters: Json | None = None
    variables: Json | None = None
    global_parameters: Json | None = None
    before: frozenset[str] | None = None  # activities that end before this one begins
    all_activities: frozenset[str] = frozenset()
    item: bool | None = None
    item_keys: tuple[str, ...] = ()  # the keys of a loop's item, where they are known
    by_name: dict[str, Activity] = field(default_factory=dict)
    factory: Factory | None = None
    own: dict[str, Json] = field(default_factory=dict)  # the parameters of dataset() etc.


def expressions(factory: Factory, resource: Resource) -> Iterator[Fault]:
    """The faults in a resource's expressions."""
    if resource.kind == "pipeline":
        yield from _pipeline(factory, resource)
        return
    root = ROOTS.get(resource.kind, Place.LITERAL)
    if root is Place.LITERAL:
        return
    if resource.kind == "trigger":
        known = Known(str(resource.properties.get("type")))
    else:
        own = {resource.kind.lower(): resource.part("parameters")}
        known = Known(resource.kind, own=own)
    for text in texts(resource.properties, "$.properties", root):
        yield from _text(resource, text, known)


def _pipeline(factory: Factory, pipeline: Resource) -> Iterator[Fault]:
    found = list(activities(pipeline.properties))
    by_name = {one.name.lower(): one for one in found}
    for activity in found:
        loops = [one for one in activity.around if one.type == "ForEach"]
        known = Known(
            "pipeline",
            parameters=pipeline.part("parameters"),
            variables=pipeline.part("variables"),
            global_parameters=factory.global_parameters,
            before=_before(activity, by_name),
            all_activities=frozenset(by_name),
            item=bool(loops),
            item_keys=_item_keys(loops[-1], by_name) if loops else (),
            by_name=by_name,
            factory=factory,
        )
        for text in _own(activity):
            yield from _text(pipeline, text, _within(known, activity, text))
        yield from _loop(pipeline, activity, by_name)
        yield from _variable(pipeline, activity)


def _own(activity: Activity) -> Iterator[Text]:
    """The expressions of an activity, without those of its inner activities."""
    for key, one in activity.json.items():
        place = Place.ACTIVITY.within(key)
        if key == "typeProperties" and activity.type in CONTAINERS and isinstance(one, dict):
            for name, each in one.items():
                if name not in BLOCKS:
                    yield from texts(each, activity.at(key, name), place.within(name))
        else:
            yield from texts(one, activity.at(key), place)


def _before(activity: Activity, by_name: dict[str, Activity]) -> frozenset[str]:
    """The activities that have ended, and share their outputs, when this one begins.

    The outputs inside a branch or an Until can be read after it. Those inside a ForEach cannot,
    because each iteration has its own outputs.
    """
    found: set[str] = set()
    for one in (*activity.around, activity):
        for name in upstream(one.beside, one.name):
            found.add(name)
            if name in by_name:
                found |= {each.name.lower() for each in _shared(by_name[name])}
    if activity.type == "Until":  # its condition is evaluated after its inner activities
        found |= {one.name.lower() for one in _shared(activity)}
    return frozenset(found)


def _shared(container: Activity) -> Iterator[Activity]:
    """The inner activities, at any depth, whose outputs can be read outside."""
    if container.type not in CONTAINERS or container.type == "ForEach":
        return
    for one in inside(container):
        yield one
        yield from _shared(one)


def _within(known: Known, activity: Activity, text: Text) -> Known:
    """The known names, plus the item of a Filter's condition."""
    condition = activity.at("typeProperties", "condition")
    if activity.type == "Filter" and text.path.startswith(condition):
        return replace(known, item=True, item_keys=_item_keys(activity, known.by_name))
    return known


def _item_keys(loop: Activity, by_name: dict[str, Activity]) -> tuple[str, ...]:
    """The keys of each item of a ForEach or a Filter; empty where they are not known."""
    items = _items(loop)
    return ("name", "type") if items and child_items(items, by_name) else ()


def _items(loop: Activity) -> Node | None:
    """The expression of the items of a ForEach or a Filter, if it can be parsed."""
    items = loop.settings.get("items")
    text = items.get("value") if isinstance(items, dict) else None
    try:
        parsed = parse(text) if isinstance(text, str) else ()
    except ExpressionError:
        return None
    return None if isinstance(parsed, tuple) else parsed


def _loop(pipeline: Resource, activity: Activity, by_name: dict[str, Activity]) -> Iterator[Fault]:
    items = _items(activity) if activity.type in ("ForEach", "Filter") else None
    for message, fix in not_an_array(items, by_name) if items else ():
        yield pipeline.fault(activity.at("typeProperties", "items", "value"), message, fix)


def _text(resource: Resource, text: Text, known: Known) -> Iterator[Fault]:
    if len(text.value) > LONGEST:
        message = f"the expression has {len(text.value)} characters, more than {LONGEST}"
        yield resource.fault(text.path, message, "compute parts of it in Set Variable activities")
    try:
        found = nodes(text.value)
    except ExpressionError as error:
        yield resource.fault(text.path, str(error).rstrip("."), "correct the expression")
        return
    for node in dict.fromkeys(found):
        for message, fix in _node(node, known):
            yield resource.fault(text.path, message, fix)


def _node(node: Node, known: Known) -> Iterator[tuple[str, str]]:
    if isinstance(node, Call):
        yield from _call(node)
        yield from misplaced(node, known.kind)
    if known.factory is not None:
        yield from read_wrongly(node, known.by_name, known.factory)
    yield from system_variable(node)
    yield from read_of_trigger(node, known.kind)
    match node:
        case Call(name, (Literal(value),)) if name.lower() == "activity":
            yield from _activity(str(value), known)
        case Call(name, (Literal(value),)) if name.lower() == "variables":
            yield from _named("variable", str(value), known.variables)
        case Call(name, ()) if name.lower() == "item" and known.item is False:
            yield "item() is used outside a ForEach", "move it into one, or read something else"
        case Access(Access(Call(name, ()), Literal(part), _), Literal(value), _) if (
            name.lower() == "pipeline"
        ):
            if str(part).lower() == "parameters":
                yield from _named("parameter", str(value), known.parameters)
            elif str(part).lower() == "globalparameters":
                yield from _named("global parameter", str(value), known.global_parameters)
        case Access(Call(name, ()), Literal(str(value)), False) if (
            name.lower() == "item" and known.item_keys and value.lower() not in known.item_keys
        ):
            keys = " and ".join(known.item_keys)
            yield f"an item of 'childItems' has no '{value}'", f"it has {keys}"
        case Access(Call(name, ()), Literal(value), _) if name.lower() in known.own:
            yield from _named("parameter", str(value), known.own[name.lower()])


def _call(call: Call) -> Iterator[tuple[str, str]]:
    name, count = call.name.lower(), len(call.arguments)
    most: int | None
    if name in FUNCTIONS:
        least, most = FUNCTIONS[name].least, FUNCTIONS[name].most
    elif name in LAZY:
        least, most = LAZY[name]
    elif name in NAMES:
        least = most = NAMES[name]
    else:
        known = [one.name for one in FUNCTIONS.values()] + list(LAZY) + list(NAMES)
        close = get_close_matches(call.name, known, n=1)
        fix = f"did you mean '{close[0]}'" if close else "use one that the service documents"
        yield f"the function '{call.name}' does not exist", fix
        return
    if count < least or (most is not None and count > most):
        expected = str(least) if least == most else f"{least} to {most}"
        if most is None:
            expected = f"{least} or more"
        yield (
            f"'{call.name}' is called with {count} arguments, but takes {expected}",
            "pass that many",
        )


def _activity(name: str, known: Known) -> Iterator[tuple[str, str]]:
    if known.before is None or name.lower() in known.before:
        return
    if name.lower() in known.all_activities:
        message = f"activity '{name}' does not run before the activity that reads it"
        yield message, "add it to the dependsOn of this activity, or of one that contains it"
    else:
        close = get_close_matches(name.lower(), list(known.all_activities), n=1)
        fix = f"did you mean '{close[0]}'" if close else "correct the name"
        yield f"there is no activity '{name}' in the pipeline", fix


def _named(kind: str, name: str, declared: Json | None) -> Iterator[tuple[str, str]]:
    if declared is None or name.lower() in {one.lower() for one in declared}:
        return
    close = get_close_matches(name, list(declared), n=1)
    fix = f"did you mean '{close[0]}'" if close else "declare it or correct the name"
    yield f"there is no {kind} '{name}'", fix


def _variable(pipeline: Resource, activity: Activity) -> Iterator[Fault]:
    """The variable of an assignment must exist, fit the value, and not occur in the new value."""
    if activity.type not in ("SetVariable", "AppendVariable"):
        return
    name, value = activity.settings.get("variableName"), activity.settings.get("value")
    if not isinstance(name, str) or activity.settings.get("setSystemVariable") is True:
        return
    if name.lower() == RETURN_VALUE:
        return
    path = activity.at("typeProperties")
    declared = {key.lower(): one for key, one in pipeline.part("variables").items()}
    for message, fix in _named("variable", name, pipeline.part("variables")):
        yield pipeline.fault(step(path, "variableName"), message, fix)
    definition = declared.get(name.lower())
    wanted = definition.get("type") if isinstance(definition, dict) else None
    evaluated = list(texts(value, step(path, "value"), Place.VALUES))
    if activity.type == "AppendVariable" and wanted is not None:
        if str(wanted).lower() != "array":
            message = f"the variable '{name}' has the type {wanted}; only an Array can be appended"
            yield pipeline.fault(step(path, "variableName"), message, "set it, or make it an Array")
    elif not evaluated and (wrong := misfit(wanted, value, parameter=False)):
        message = f"{wrong} is set to '{name}', whose type is {wanted}"
        yield pipeline.fault(step(path, "value"), message, "correct one of them")
    if activity.type == "SetVariable":
        for text in evaluated:
            yield from _own_value(pipeline, text, name)
        if any(one.type == "ForEach" and not _sequential(one) for one in activity.around):
            message = f"'{name}' is set in a ForEach whose iterations run in parallel and share it"
            fix = "set isSequential, or call a pipeline that has its own variable"
            yield pipeline.fault(path, message, fix, warning=True)


def _own_value(pipeline: Resource, text: Text, name: str) -> Iterator[Fault]:
    try:
        found = nodes(text.value)
    except ExpressionError:
        return
    for node in found:
        match node:
            case Call(function, (Literal(str(one)),)) if (
                function.lower() == "variables" and one.lower() == name.lower()
            ):
                message = f"the variable '{name}' is set to a value that reads it"
                fix = "set a second variable first, and copy it to this one"
                yield pipeline.fault(text.path, message, fix)
                return


def _sequential(loop: Activity) -> bool:
    return str(loop.settings.get("isSequential")).lower() == "true"
