"""The check of the Data Factory files: the files under adf/, unusual files, and the command."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medallion.adf.check import check
from medallion.adf.files import ADF_FOLDER
from medallion.cli import app
from medallion.errors import MedallionError
from support.injected_faults import IN_EACH, INNER, copy, each, outer, window
from support.small_factory import files, write


def test_files_of_this_project_have_no_fault() -> None:
    assert [str(one) for one in check(ADF_FOLDER)] == []


def test_small_factory_has_no_fault(tmp_path: Path) -> None:
    found = files()
    kind = "SelfDependencyTumblingWindowTriggerReference"
    window(found, dependsOn=[{"type": kind, "offset": "-01:00:00"}])
    copy(found)
    assert [str(one) for one in check(write(tmp_path, found))] == []


def test_variable_set_by_parallel_turns_is_a_warning(tmp_path: Path) -> None:
    found = files()
    each(found)["isSequential"] = False
    [warning] = check(write(tmp_path, found))
    assert (warning.path, warning.warning) == (f"{IN_EACH}[1].typeProperties", True)
    done = CliRunner().invoke(app, ["factory", "check", str(tmp_path)])
    assert done.exit_code == 0
    assert "warning: 'name' is set in a ForEach" in done.output
    assert CliRunner().invoke(app, ["factory", "check", str(tmp_path), "--strict"]).exit_code == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "the file is not JSON (Expecting property name enclosed in double quotes"),
        (b"", "the file is not JSON (Expecting value"),
        ("{}".encode("utf-16"), "the file is not UTF-8"),
        (b"[]", "the file has no JSON object"),
        (b'{"name": "odd", "properties": []}', "expected an object, found an array"),
        (b'{"name": "odd"}', "expected an object, found null"),
        (b'{"name": "odd", "name": "odd", "properties": {}}', "the property 'name' occurs twice"),
        (b'\xef\xbb\xbf{"name": "odd", "properties": {}}', "begins with a byte order mark"),
        (b"[" * 100_000, "the JSON is nested too deeply"),
    ],
)
def test_odd_files_are_reported_without_a_traceback(
    tmp_path: Path, content: bytes, message: str
) -> None:
    folder = write(tmp_path, files())
    (folder / "pipeline" / "odd.json").write_bytes(content)
    [fault] = check(folder)
    assert fault.file == "pipeline/odd.json"
    assert message in fault.message


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, [None], [5], {"a": None}])
def test_no_value_anywhere_makes_a_traceback(tmp_path: Path, value: Any) -> None:
    for key in files():
        for name in (
            "activities",
            "typeProperties",
            "parameters",
            "variables",
            "pipelines",
            "type",
        ):
            found = files()
            found[key]["properties"][name] = value
            check(write(tmp_path, found))
    for name in ("dependsOn", "typeProperties", "policy", "name", "userProperties"):
        found = files()
        for index in range(4):
            outer(found, index)[name] = value
        check(write(tmp_path, found))


def test_a_factory_with_only_pipelines_is_checked_too(tmp_path: Path) -> None:
    found = {INNER: files()[INNER]}
    assert check(write(tmp_path, found)) == []


def test_folder_without_a_factory_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MedallionError, match="is not a Data Factory folder"):
        check(tmp_path)
    with pytest.raises(MedallionError, match="is not a folder"):
        check(tmp_path / "missing")


def test_command_prints_one_line_per_fault_in_order_and_fails(tmp_path: Path) -> None:
    folder = tmp_path / "adf"
    shutil.copytree(ADF_FOLDER, folder)
    file = folder / "pipeline" / "pl_alert.json"
    file.write_text(file.read_text().replace('"subject": {', '"subjet": {'))
    runs = [CliRunner().invoke(app, ["factory", "check", str(folder)]) for _ in range(2)]
    assert runs[0].exit_code == 1
    assert runs[0].output == runs[1].output
    *lines, count = runs[0].output.splitlines()
    assert all(line.startswith("pipeline/pl_") and ".json: $.properties" in line for line in lines)
    assert any("there is no parameter 'subject'; did you mean 'subjet'." in line for line in lines)
    assert f"{len(lines)} faults, 0 warnings" in count
