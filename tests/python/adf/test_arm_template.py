"""The ARM template of the Data Factory files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medallion.adf import arm_template as arm
from medallion.adf.arm_template.verify import identity, order
from medallion.adf.files import ADF_FOLDER
from medallion.cli import app, main
from medallion.errors import MedallionError
from support.small_factory import activity, at, expression, files, reference, write

TYPES = {
    "Microsoft.DataFactory/factories",
    "Microsoft.DataFactory/factories/credentials",
    "Microsoft.DataFactory/factories/dataflows",
    "Microsoft.DataFactory/factories/datasets",
    "Microsoft.DataFactory/factories/globalparameters",
    "Microsoft.DataFactory/factories/integrationRuntimes",
    "Microsoft.DataFactory/factories/linkedServices",
    "Microsoft.DataFactory/factories/managedVirtualNetworks",
    "Microsoft.DataFactory/factories/managedVirtualNetworks/managedPrivateEndpoints",
    "Microsoft.DataFactory/factories/pipelines",
    "Microsoft.DataFactory/factories/triggers",
}


def resource(made: dict[str, Any], one: str) -> dict[str, Any]:
    [found] = [each for each in made["resources"] if identity(each) == one]
    return found


def test_committed_template_is_that_of_the_files() -> None:
    assert arm.stale(ADF_FOLDER) == [], "run `medallion factory arm`"


@pytest.mark.parametrize("folder", ["small", "adf"])
def test_every_file_is_deployed_once_and_after_what_it_refers_to(
    tmp_path: Path, folder: str
) -> None:
    source = ADF_FOLDER if folder == "adf" else write(tmp_path, files())
    made = arm.template(source)
    count = sum(1 for file in source.rglob("*.json") if file.parent.name != "arm")
    assert len(made["resources"]) == count + 1  # the global parameters are a resource of their own
    assert {one["type"] for one in made["resources"]} <= TYPES
    names = [identity(one) for one in made["resources"]]
    assert len(set(names)) == len(names)
    # This is evaluated as a graph, independent of the code that wrote the template.
    done: set[str] = set()
    waiting = {identity(one): one["dependsOn"] for one in made["resources"]}
    while waiting:
        ready = [
            one
            for one, before in waiting.items()
            if all(
                each == "[variables('factoryId')]" or each.split("'")[3].strip("/") in done
                for each in before
            )
        ]
        assert ready, f"these wait for each other: {waiting}"
        done.update(ready)
        for one in ready:
            del waiting[one]


def test_dependencies_name_everything_that_is_referred_to(tmp_path: Path) -> None:
    made = arm.template(write(tmp_path, files()))
    ids = {one: list(resource(made, one)["dependsOn"]) for one in order(made) if one}
    factory = "[variables('factoryId')]"

    def of(path: str) -> str:
        return f"[concat(variables('factoryId'), '/{path}')]"

    assert ids == {
        "globalparameters/default": [factory],
        "integrationRuntimes/ir": [factory],
        "linkedServices/vault": [factory],
        "linkedServices/lake": [factory, of("integrationRuntimes/ir"), of("linkedServices/vault")],
        "datasets/files": [factory, of("linkedServices/lake")],
        "pipelines/inner": [factory],
        "pipelines/outer": [factory, of("datasets/files"), of("pipelines/inner")],
        "triggers/hourly": [factory, of("pipelines/inner")],
    }


def test_parameters_are_named_as_data_factory_names_them(tmp_path: Path) -> None:
    found = files()
    at(found, "linkedService/lake", "typeProperties")["sasUri"] = "secret"
    found["linkedService/sql"] = {
        "name": "sql",
        "properties": {
            "type": "AzureSqlDatabase",
            "typeProperties": {
                "connectionString": "Server=s",
                "password": {"type": "SecureString", "value": "secret"},
            },
        },
    }
    made = arm.template(write(tmp_path, found))
    secret = {"type": "secureString"}
    url = "https://@{linkedService().account}.dfs.core.windows.net"
    assert made["parameters"] == {
        "factoryName": {"type": "string", "defaultValue": "small"},
        "dataFactory_location": {"type": "string", "defaultValue": "westeurope"},
        "default_properties_hook_value": {"type": "string", "defaultValue": "https://x"},
        "lake_properties_typeProperties_url": {"type": "string", "defaultValue": url},
        "lake_sasUri": secret,
        "sql_connectionString": secret,
        "sql_password": secret,
        "vault_properties_typeProperties_baseUrl": {
            "type": "string",
            "defaultValue": "https://v.vault.azure.net/",
        },
        "hourly_properties_inner_parameters_table": {
            "type": "string",
            "defaultValue": "@trigger().scheduledTime",
        },
        "hourly_properties_inner_parameters_size": {"type": "int", "defaultValue": 1},
    }
    assert "secret" not in json.dumps(made).replace("secureString", "").replace("secretName", "")
    sql = resource(made, "linkedServices/sql")["properties"]["typeProperties"]
    assert sql["connectionString"] == "[parameters('sql_connectionString')]"
    assert sql["password"]["value"] == "[parameters('sql_password')]"
    values = arm.parameter_file(made)["parameters"]
    assert set(values) == set(made["parameters"])
    assert values["sql_password"] == {"value": ""}
    assert values["hourly_properties_inner_parameters_size"] == {"value": 1}


def test_every_parameter_is_read_and_every_one_read_is_declared(tmp_path: Path) -> None:
    for folder in (ADF_FOLDER, write(tmp_path, files())):
        made = arm.template(folder)
        text = json.dumps(made["resources"] + [made["variables"]])
        read = {part.split("'")[0] for part in text.split("parameters('")[1:]}
        assert read == set(made["parameters"])


def test_only_a_text_in_brackets_is_escaped(tmp_path: Path) -> None:
    found = files()
    procedure = activity("Run", "SqlServerStoredProcedure", storedProcedureName="[dbo].[load]")
    begins = activity("Set", "SetVariable", variableName="name", value="[a] and b")
    procedure["linkedServiceName"] = reference("LinkedService", "lake")
    at(found, "pipeline/outer", "activities").extend([procedure, begins])
    at(found, "factory/small", "globalParameters")["list"] = {"type": "string", "value": "[1]"}
    made = arm.template(write(tmp_path, found))
    activities = resource(made, "pipelines/outer")["properties"]["activities"]
    assert activities[-2]["typeProperties"]["storedProcedureName"] == "[[dbo].[load]"
    assert activities[-1]["typeProperties"]["value"] == "[a] and b"
    assert made["parameters"]["default_properties_list_value"]["defaultValue"] == "[[1]"
    values = arm.parameter_file(made)["parameters"]
    assert values["default_properties_list_value"] == {"value": "[1]"}


def test_template_does_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    one = write(tmp_path / "one", files())
    other = write(tmp_path / "other", dict(reversed(files().items())))
    assert arm.template(one) == arm.template(other)


def test_private_endpoint_follows_its_network(tmp_path: Path) -> None:
    found = files()
    found["managedVirtualNetwork/default"] = {"name": "default", "properties": {}}
    key = "managedVirtualNetwork/default/managedPrivateEndpoint/lake"
    found[key] = {"name": "lake", "properties": {"groupId": "dfs", "privateLinkResourceId": "/x"}}
    folder = write(tmp_path, found)
    (folder / f"{key}.json").write_text(json.dumps({**found[key], "name": "lake"}))
    made = arm.template(folder)
    endpoint = resource(made, "managedVirtualNetworks/default/managedPrivateEndpoints/lake")
    assert endpoint["name"] == "[concat(parameters('factoryName'), '/default/lake')]"
    assert endpoint["dependsOn"][1].endswith("'/managedVirtualNetworks/default')]")
    assert made["parameters"]["lake_properties_groupId"]["defaultValue"] == "dfs"


def test_reference_to_nothing_is_an_error_that_names_both(tmp_path: Path) -> None:
    found = files()
    del found["dataset/files"]
    with pytest.raises(MedallionError, match=r"pipeline/outer\.json refers at .* dataset 'files'"):
        arm.template(write(tmp_path, found))


def test_a_cycle_is_an_error_that_names_it(tmp_path: Path) -> None:
    found = files()
    call = activity("Call", "ExecutePipeline", pipeline=reference("Pipeline", "outer"))
    at(found, "pipeline/inner", "activities").append(call)
    with pytest.raises(MedallionError, match=r"pipelines/(inner → .*outer|outer → .*inner)"):
        arm.template(write(tmp_path, found))


def test_template_larger_than_azure_takes_is_an_error(tmp_path: Path) -> None:
    found = files()
    declared = at(found, "factory/small", "globalParameters")
    for number in range(260):
        declared[f"p{number}"] = {"type": "int", "value": number}
    with pytest.raises(MedallionError, match="267 parameters, more than Azure's limit of 256"):
        arm.template(write(tmp_path, found))
    found = files()
    long = expression("@concat('" + "a" * 4_000_000 + "')")
    at(found, "pipeline/outer", "activities", 3, "typeProperties")["url"] = long
    with pytest.raises(MedallionError, match="bytes, more than Azure's limit of 4,000,000"):
        arm.template(write(tmp_path, found))


def test_command_reports_a_stale_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "adf"
    shutil.copytree(ADF_FOLDER, folder, ignore=shutil.ignore_patterns("arm"))
    made = CliRunner().invoke(app, ["factory", "arm", str(folder)])
    assert made.exit_code == 0
    assert len(list((folder / "arm").glob("*.json"))) == 2
    assert CliRunner().invoke(app, ["factory", "arm", str(folder), "--check"]).exit_code == 0
    file = folder / "pipeline" / "pl_alert.json"
    file.write_text(file.read_text().replace('"folder": {', '"concurrency": 7, "folder": {'))
    monkeypatch.setattr("sys.argv", ["medallion", "factory", "arm", str(folder), "--check"])
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 1
    reported = capsys.readouterr().err
    assert "ARMTemplateForFactory.json: out of date" in reported
    assert "run `medallion factory arm`." in reported
