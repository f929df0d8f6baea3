"""Names, references and the parameters that they pass: one injected fault per rule."""

from pathlib import Path
from typing import Any

from support.injected_faults import (
    CALL,
    ENTITY,
    INNER,
    LONG,
    LOOK,
    OUTER,
    SETTINGS,
    TELL,
    InjectedFault,
    call,
    each_of,
    lake,
    look,
    see,
    tell,
)
from support.small_factory import activity, at, reference

NAMES: list[InjectedFault] = [
    (
        "other name inside",
        lambda f: f[INNER].update(name="other"),
        INNER,
        "$.name",
        "the name is 'other', which does not match the file name 'inner'",
        "rename one of them",
    ),
    (
        "no name",
        lambda f: f[INNER].pop("name"),
        INNER,
        "$",
        "the required 'name' is missing",
        "write 'inner'",
    ),
    (
        "letter",
        lambda f: tell(f).update(name="Tell: all"),
        OUTER,
        f"{TELL}.name",
        "'Tell: all' is not a valid name of an activity",
        ENTITY,
    ),
    (
        "length",
        lambda f: tell(f).update(name=LONG),
        OUTER,
        f"{TELL}.name",
        "the name has 56 characters, more than 55",
        "shorten it",
    ),
    (
        "integration runtime",
        lambda f: f.update(
            {"integrationRuntime/a_b": {**f["integrationRuntime/ir"], "name": "a_b"}}
        ),
        "integrationRuntime/a_b",
        "$.name",
        "'a_b' is not a valid name here",
        "use letters, digits and single dashes between them",
    ),
    (
        "twice but for case",
        lambda f: f.update({"linkedService/VAULT": {**f["linkedService/vault"], "name": "VAULT"}}),
        "linkedService/vault",
        "$.name",
        "'linkedService/VAULT.json' differs from this only in case, which the service ignores",
        "rename one of them",
    ),
]


@each_of(*NAMES)
def test_names(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)


REFERENCES: list[InjectedFault] = [
    (
        "dataset",
        lambda f: look(f)["dataset"].update(referenceName="flies"),
        OUTER,
        f"{LOOK}.typeProperties.dataset.referenceName",
        "there is no dataset 'flies'",
        "did you mean 'files'",
    ),
    (
        "integration runtime",
        lambda f: f.pop("integrationRuntime/ir"),
        "linkedService/lake",
        "$.properties.connectVia.referenceName",
        "there is no integration runtime 'ir'",
        "add integrationRuntime/ir.json or correct it",
    ),
    (
        "credential",
        lambda f: lake(f).update(credential=reference("Credential", "me")),
        "linkedService/lake",
        f"{SETTINGS}.credential.referenceName",
        "there is no credential 'me'",
        "add credential/me.json or correct it",
    ),
    (
        "pipeline of a trigger",
        lambda f: at(f, "trigger/hourly", "pipelines", 0, "pipelineReference").update(
            referenceName="gone"
        ),
        "trigger/hourly",
        "$.properties.pipelines[0].pipelineReference.referenceName",
        "there is no pipeline 'gone'",
        "add pipeline/gone.json or correct it",
    ),
    (
        "kind of a reference",
        lambda f: look(f)["dataset"].update(type="DatasetRef"),
        OUTER,
        f"{LOOK}.typeProperties.dataset.type",
        "'DatasetRef' is not among the known values",
        "did you mean 'DatasetReference'",
    ),
    (
        "unknown parameter",
        lambda f: call(f)["parameters"].update(tabel="a"),
        OUTER,
        f"{CALL}.parameters.tabel",
        "pipeline 'inner' has no parameter 'tabel'",
        "did you mean 'table'",
    ),
    (
        "missing parameter",
        lambda f: call(f)["parameters"].pop("table"),
        OUTER,
        f"{CALL}.parameters",
        "pipeline 'inner' needs its parameter 'table'",
        "pass it, or give it a default value there",
    ),
    (
        "missing parameter of a trigger",
        lambda f: at(f, "trigger/hourly", "pipelines", 0, "parameters").pop("size"),
        "trigger/hourly",
        "$.properties.pipelines[0].parameters",
        "pipeline 'inner' needs its parameter 'size'",
        "pass it, or give it a default value there",
    ),
    (
        "missing parameter of a dataset",
        lambda f: look(f)["dataset"].pop("parameters"),
        OUTER,
        f"{LOOK}.typeProperties.dataset",
        "dataset 'files' needs its parameter 'file'",
        "pass it, or give it a default value there",
    ),
    (
        "number for text",
        lambda f: call(f)["parameters"].update(table=5),
        OUTER,
        f"{CALL}.parameters.table",
        "the number 5 is passed to 'table' of inner, whose type is string",
        "pass a value of that type",
    ),
    (
        "text for number",
        lambda f: call(f)["parameters"].update(size="big"),
        OUTER,
        f"{CALL}.parameters.size",
        "a text is passed to 'size' of inner, whose type is int",
        "pass a value of that type",
    ),
    (
        "cycle",
        lambda f: at(f, INNER, "activities").append(
            activity(
                "Back",
                "ExecutePipeline",
                pipeline=reference("Pipeline", "inner"),
                parameters={"table": "a", "size": 1},
            )
        ),
        INNER,
        "$.properties.activities[1].typeProperties.pipeline.referenceName",
        "pipeline 'inner' calls itself in a cycle",
        "break the cycle; a loop is an Until activity",
    ),
]


@each_of(*REFERENCES)
def test_references(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)
