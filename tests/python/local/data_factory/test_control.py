"""Control activities: branches, loops, variables, child pipelines."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from medallion.errors import MedallionError
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.events import Event
from support.factory_folder import Factory, Json, activity, append, fail


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


def test_for_each_runs_all_items_and_then_fails(factory: Factory) -> None:
    inner = [
        append("Add", "@item()"),
        activity(
            *("Even", "IfCondition"),
            {"Add": "Succeeded"},
            expression="@equals(mod(item(), 2), 0)",
            ifTrueActivities=[fail("No", message="even @{item()}")],
        ),
    ]
    run = factory.run(activity("Loop", "ForEach", items="@createArray(1, 2, 3)", activities=inner))
    assert sorted(run.scope.variables["a"]) == [1, 2, 3]
    assert run.record.error is not None and run.record.error["message"].endswith("Error: even 2")
    assert run.record.error["errorCode"] == "E1"


def test_switch_filter_until_and_variables(factory: Factory) -> None:
    run = factory.run(
        activity("F", "Filter", items="@range(1, 4)", condition="@greater(item(), 2)"),
        activity(
            *("S", "Switch"),
            {"F": "Succeeded"},
            on="@string(length(activity('F').output.Value))",
            cases=[{"value": "2", "activities": [append("Two", "two")]}],
            defaultActivities=[fail("Other")],
        ),
        activity(
            *("U", "Until"),
            {"S": "Succeeded"},
            expression="@equals(length(variables('a')), 3)",
            timeout="0.00:01:00",
            activities=[append("More", "more")],
        ),
        activity(
            "V", "SetVariable", {"U": "Succeeded"}, variableName="v", value="@{variables('a')}"
        ),
    )
    assert run.record.status == "Succeeded"
    assert run.scope.variables["v"] == '["two","more","more"]'


def test_child_pipeline_returns_values_and_passes_on_its_failure(factory: Factory) -> None:
    entry = {"key": "n", "value": {"type": "Expression", "content": "@pipeline().parameters.n"}}
    returning = activity(
        *("R", "SetVariable"),
        variableName="pipelineReturnValue",
        value=[entry],
        setSystemVariable=True,
    )
    parameters = {"n": {"type": "int"}}
    factory.add("pipeline", "child", {"activities": [returning], "parameters": parameters})
    factory.add("pipeline", "bad", {"activities": [fail("X")]})
    call = {"pipeline": {"referenceName": "child"}, "parameters": {"n": "@add(1, 1)"}}
    run = factory.run(
        activity("C", "ExecutePipeline", **call),
        append("A", "@activity('C').output.pipelineReturnValue.n", {"C": "Succeeded"}),
    )
    assert run.scope.variables["a"] == [2]
    run = factory.run(activity("C", "ExecutePipeline", pipeline={"referenceName": "bad"}))
    assert run.record.error is not None
    assert run.record.error["message"] == "Operation on target X failed: boom"


def loop(items: Any, *inner: Json, **properties: Any) -> Json:
    return activity("Loop", "ForEach", items=items, activities=list(inner), **properties)


class Crowd:
    """A pause that counts the waiting iterations, until `expected` wait or one times out."""

    def __init__(self, expected: int) -> None:
        self.now = self.most = 0
        self.expected = expected
        self.lock = threading.Lock()
        self.met = threading.Event()

    def __call__(self, seconds: float) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now >= self.expected:
                self.met.set()
        self.met.wait(60)
        time.sleep(0.05)  # an excess iteration would start now
        with self.lock:
            self.now -= 1


@pytest.mark.parametrize(
    ("properties", "most"),
    [
        ({"batchCount": 2}, 2),
        ({"batchCount": "@add(1, 2)"}, 3),
        ({"isSequential": True}, 1),
        ({"isSequential": "true"}, 1),
        ({"batchCount": 60}, 50),
        ({}, 20),
    ],
)
def test_as_many_iterations_run_at_once_as_allowed(
    factory: Factory, properties: Json, most: int
) -> None:
    crowd = Crowd(most)
    factory.pause = crowd
    wait = activity("W", "Wait", waitTimeInSeconds=1)
    factory.run(loop(f"@range(0, {max(8, most + 5)})", wait, **properties))
    assert crowd.most == most


def test_iterations_at_once_share_variables_and_keep_their_own_activities(
    factory: Factory,
) -> None:
    wait = activity("W", "Filter", items="@createArray(item())", condition="@bool(1)")
    add = append("Add", "@activity('W').output.Value[0]", {"W": "Succeeded"})
    run = factory.run(loop("@range(0, 200)", wait, add))
    assert sorted(run.scope.variables["a"]) == list(range(200))


@pytest.mark.parametrize("batch", [1, 4])
def test_the_first_failing_item_gives_the_error_and_all_items_run(
    factory: Factory, batch: int
) -> None:
    failing = activity(
        *("If", "IfCondition"),
        {"Add": "Succeeded"},
        expression="@greater(item(), 1)",
        ifTrueActivities=[fail("No", message="item @{item()}")],
    )
    run = factory.run(loop("@range(0, 6)", append("Add", "@item()"), failing, batchCount=batch))
    assert sorted(run.scope.variables["a"]) == list(range(6))
    assert run.record.error is not None and run.record.error["message"].endswith("Error: item 2")


def test_for_each_takes_a_hundred_thousand_items(factory: Factory) -> None:
    items = "@concat('[', join(range(0, 99999), ','), ',1,1,1]')"
    error = factory.error(loop(f"@json({items[1:]})"))
    assert error["message"] == "ForEach 'Loop' has more than 100000 items."


def test_until_goes_on_after_a_failure_and_ends_as_its_last_round(factory: Factory) -> None:
    add = append("Add", "x")
    flaky = activity(
        *("If", "IfCondition"),
        {"Add": "Succeeded"},
        expression="@less(length(variables('a')), 2)",
        ifTrueActivities=[fail("No")],
    )
    ended = "@equals(length(variables('a')), {})"
    until = activity("U", "Until", expression=ended.format(3), activities=[add, flaky])
    assert factory.run(until).record.status == "Succeeded"
    until["typeProperties"]["expression"] = ended.format(1)
    assert factory.error(until)["message"].endswith("Error: boom")


def test_until_times_out(factory: Factory) -> None:
    until = activity("U", "Until", expression="@bool(0)", timeout="0.00:00:00", activities=[])
    assert factory.error(until)["errorCode"] == "ActivityTimeout"


def test_a_missing_branch_does_nothing(factory: Factory) -> None:
    nothing = activity("If", "IfCondition", expression="@bool(0)", ifTrueActivities=[fail("X")])
    none = activity("S", "Switch", on="c", cases=[{"value": "C", "activities": [fail("Y")]}])
    assert factory.run(nothing, none).record.status == "Succeeded"


def test_variables_keep_their_types(factory: Factory) -> None:
    variables = {
        "b": {"type": "Boolean"},
        "n": {"type": "Integer", "defaultValue": 7},
        "t": {"type": "String"},
    }
    for name, value, kind in (
        ("b", "true", "String"),
        ("n", "@string(1)", "String"),
        ("n", "@bool(1)", "Boolean"),
        ("t", "@add(1, 1)", "Integer"),
    ):
        setting = activity("Set", "SetVariable", variableName=name, value=value)
        message = factory.error(setting, variables=variables)["message"]
        assert f"'{name}' of type" in message and f"value of type '{kind}'" in message
    setting = activity("Set", "SetVariable", variableName="b", value="@equals(variables('n'), 7)")
    assert factory.run(setting, variables=variables).scope.variables["b"] is True
    with pytest.raises(MedallionError, match="'n' of type 'Integer' cannot be initialized"):
        factory.run(variables={"n": {"type": "Integer", "defaultValue": "7"}})


def test_a_pipeline_returns_values_of_every_type(factory: Factory) -> None:
    returned = [
        {"key": "text", "value": {"type": "String", "content": "a"}},
        {"key": "sum", "value": {"type": "Expression", "content": "@add(1, 1)"}},
        {"key": "flag", "value": {"type": "Boolean", "content": True}},
        {"key": "none", "value": {"type": "Null"}},
        {"key": "list", "value": {"type": "Array", "content": [{"type": "Int", "content": 1}]}},
        {
            "key": "thing",
            "value": {
                "type": "Object",
                "content": [{"key": "k", "value": {"type": "Float", "content": 1.5}}],
            },
        },
    ]
    setting = activity(
        "R",
        "SetVariable",
        variableName="pipelineReturnValue",
        setSystemVariable=True,
        value=returned,
    )
    factory.add("pipeline", "child", {"activities": [setting]})
    run = factory.run(
        activity("C", "ExecutePipeline", pipeline={"referenceName": "child"}),
        append("A", "@activity('C').output.pipelineReturnValue", {"C": "Succeeded"}),
    )
    assert run.scope.variables["a"] == [
        {"text": "a", "sum": 2, "flag": True, "none": None, "list": [1], "thing": {"k": 1.5}}
    ]


def test_a_caller_that_does_not_wait_does_not_fail_with_the_child(factory: Factory) -> None:
    factory.add("pipeline", "child", {"activities": [fail("X")]})
    call = {"pipeline": {"referenceName": "child"}, "waitOnCompletion": False}
    run = factory.run(activity("C", "ExecutePipeline", **call))
    assert run.record.status == "Succeeded"
    assert set(run.scope.activities["C"]["output"]) == {"pipelineRunId", "pipelineName"}


def test_a_pipeline_that_invokes_itself_is_refused(factory: Factory) -> None:
    call = activity("C", "ExecutePipeline", pipeline={"referenceName": "pl"})
    factory.add("pipeline", "child", {"activities": [call]})
    given = activity("C", "ExecutePipeline", pipeline={"referenceName": "child"})
    assert "(pl → child → pl)" in factory.error(given)["message"]


def test_a_child_knows_who_invoked_it(factory: Factory) -> None:
    names = ("TriggeredByPipelineName", "TriggeredByPipelineRunId", "TriggerType", "GroupId")
    entries = [
        {"key": name, "value": {"type": "Expression", "content": f"@pipeline().{name}"}}
        for name in names
    ]
    setting = activity(
        "R",
        "SetVariable",
        variableName="pipelineReturnValue",
        setSystemVariable=True,
        value=entries,
    )
    factory.add("pipeline", "child", {"activities": [setting]})
    run = factory.run(activity("C", "ExecutePipeline", pipeline={"referenceName": "child"}))
    returned = run.scope.activities["C"]["output"]["pipelineReturnValue"]
    run_id = run.record.run_id
    assert list(returned.values()) == ["pl", run_id, "PipelineActivity", run_id]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("string", 5, "5"),
        ("string", [1], "[1]"),
        ("int", "5", 5),
        ("bool", "True", True),
        ("float", 5, 5),
        ("array", "[1]", [1]),
        ("object", '{"a": 1}', {"a": 1}),
        ("int", None, None),
    ],
)
def test_parameters_take_their_declared_type(
    factory: Factory, kind: str, value: Any, found: Any
) -> None:
    factory.add("pipeline", "p", {"activities": [], "parameters": {"p": {"type": kind}}})
    run = run_pipeline(factory.environment(), "p", {"p": value})
    assert run.scope.pipeline["parameters"] == {"p": found}


@pytest.mark.parametrize(("kind", "value"), [("int", "x"), ("int", True), ("array", "{}")])
def test_a_parameter_of_another_type_does_not_start(
    factory: Factory, kind: str, value: Any
) -> None:
    factory.add("pipeline", "p", {"activities": [], "parameters": {"p": {"type": kind}}})
    with pytest.raises(MedallionError, match=f"'p' of pipeline 'p' is of type {kind}, but"):
        run_pipeline(factory.environment(), "p", {"p": value})


def test_wait_takes_whole_seconds(factory: Factory) -> None:
    factory.run(activity("W", "Wait", waitTimeInSeconds="@add(1, 2)"))
    assert factory.pauses == [3.0]
    error = factory.error(activity("W", "Wait", waitTimeInSeconds="soon"))
    assert "a whole number of seconds" in error["message"]


def test_a_caller_that_does_not_wait_continues_before_the_child_ends(factory: Factory) -> None:
    ended = threading.Event()

    def listen(event: Event) -> None:
        factory.events.append(event)
        if (event.activity, event.status) == ("Last", "Succeeded"):
            ended.set()

    factory.listener = listen
    factory.pause = lambda seconds: None if ended.wait(60) else pytest.fail("the other came first")
    wait = activity("W", "Wait", waitTimeInSeconds=1)
    factory.add("pipeline", "child", {"activities": [wait, fail("X", {"W": "Succeeded"})]})
    call = {"pipeline": {"referenceName": "child"}, "waitOnCompletion": False}
    run = factory.run(
        activity("C", "ExecutePipeline", **call), append("Last", 1, {"C": "Succeeded"})
    )
    child = run.scope.activities["C"]["output"]["pipelineRunId"]
    record = json.loads((factory.home.factory / "runs" / f"{child}.json").read_text())
    assert (run.record.status, record["status"]) == ("Succeeded", "Failed")
    assert run.record.ended_at is not None and run.record.ended_at < record["ended_at"]


def test_a_caller_that_does_not_wait_sees_only_errors_that_prevent_the_start(
    factory: Factory,
) -> None:
    factory.add("pipeline", "child", {"activities": [append("A", 1, {"A": "Succeeded"})]})
    call = {"pipeline": {"referenceName": "child"}, "waitOnCompletion": False}
    run = factory.run(activity("C", "ExecutePipeline", **call))
    child = run.scope.activities["C"]["output"]["pipelineRunId"]
    record = json.loads((factory.home.factory / "runs" / f"{child}.json").read_text())
    assert (run.record.status, record["status"]) == ("Succeeded", "Failed")
    assert "in a cycle" in record["error"]["message"]
    unknown = factory.error(activity("C", "ExecutePipeline", **call | {"parameters": {"p": 1}}))
    assert "has no parameter 'p'" in unknown["message"]


def test_concurrency_queues_runs_of_a_pipeline_in_the_order_in_which_they_came(
    factory: Factory,
) -> None:
    crowd = Crowd(2)
    factory.pause = crowd
    wait = activity("W", "Wait", waitTimeInSeconds=1)
    factory.add("pipeline", "child", {"activities": [wait], "concurrency": 2})
    call = activity("C", "ExecutePipeline", pipeline={"referenceName": "child"})
    assert factory.run(loop("@range(0, 6)", call)).record.status == "Succeeded"
    assert crowd.most == 2
    for limit in (0, "two"):
        factory.add("pipeline", "child", {"activities": [wait], "concurrency": limit})
        assert "The concurrency of pipeline 'child'" in factory.error(call)["message"]


def test_a_failed_call_still_names_the_failed_run(factory: Factory) -> None:
    factory.add("pipeline", "child", {"activities": [fail("X")]})
    call = activity("C", "ExecutePipeline", pipeline={"referenceName": "child"})
    run = factory.run(call, append("A", "@activity('C').output.pipelineRunId", {"C": "Failed"}))
    [run_id] = run.scope.variables["a"]
    assert (factory.home.factory / "runs" / f"{run_id}.json").is_file()


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("ForEach", "ForEach"),
        ("ForEach", "Until"),
        ("Until", "ForEach"),
        ("IfCondition", "ForEach"),
        ("Switch", "IfCondition"),
    ],
)
def test_a_loop_or_branch_stands_only_where_azure_allows_it(
    factory: Factory, outer: str, inner: str
) -> None:
    def nested(name: str, kind: str, *activities: Json) -> Json:
        block = list(activities)
        settings: Json = {
            "ForEach": {"items": "@createArray(1)", "activities": block},
            "Until": {"expression": "@bool(1)", "activities": block},
            "IfCondition": {"expression": "@bool(1)", "ifTrueActivities": block},
            "Switch": {"on": "x", "defaultActivities": block},
        }[kind]
        return activity(name, kind, **settings)

    error = factory.error(nested("Out", outer, nested("In", inner)))
    assert f"{inner} 'In' is inside {outer}" in error["message"]
    branch = nested("In", "Switch", append("A", 1))
    assert factory.run(nested("Out", "ForEach", branch)).record.status == "Succeeded"


def test_an_activity_reads_only_what_ended_before_it(factory: Factory) -> None:
    before = append("Before", 1)
    beside = append("Beside", 2)
    reads = append("Reads", "@activity('Beside').output.value", {"Before": "Succeeded"})
    error = factory.error(before, beside, reads)
    assert "no 'Beside' that ends before this activity; it finds 'Before'" in error["message"]
    inside = activity(
        *("If", "IfCondition"),
        {"Before": "Succeeded"},
        expression="@bool(1)",
        ifTrueActivities=[append("In", "@activity('before').output.value")],
    )
    after = append("After", "@activity('In').output.value", {"If": "Succeeded"})
    assert factory.run(before, inside, after).scope.variables["a"] == [1, 1, 1]


def test_an_until_reads_the_outputs_of_its_last_round(factory: Factory) -> None:
    count = append("Count", "@length(variables('a'))")
    until = activity(
        "U", "Until", expression="@equals(activity('Count').output.value, 2)", activities=[count]
    )
    last = append("Last", "@activity('Count').output.value", {"U": "Succeeded"})
    assert factory.run(until, last).scope.variables["a"] == [0, 1, 2, 2]


def test_a_timeout_cuts_a_wait_inside_the_loop(factory: Factory) -> None:
    factory.pause = None
    wait = activity("W", "Wait", waitTimeInSeconds=600)
    until = activity("U", "Until", expression="@bool(0)", timeout="0.00:00:01", activities=[wait])
    began = time.monotonic()
    assert factory.error(until)["errorCode"] == "ActivityTimeout"
    assert time.monotonic() - began < 60
