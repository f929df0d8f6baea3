"""Clones and homes that were moved or copied, or have unusual paths: results and messages."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from dbt_common.exceptions import DbtRuntimeError

from dbt_medallion import MedallionPlugin
from medallion import cli, clone
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home, home
from medallion.relocate import relocate
from medallion_local.databricks_sql.catalog import (
    EXTERNAL,
    MANAGED,
    Catalog,
    Relation,
    SchemaDetails,
)
from medallion_local.databricks_sql.lifecycle.profiles import local_output
from medallion_local.databricks_sql.lifecycle.state import State
from medallion_local.databricks_sql.sail.address import Addresses


@pytest.mark.parametrize("odd", ["a%20b", "x[1]", "what?", "a|b", "a^b", "back\\slash", "tab\t"])
def test_an_unreadable_home_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, odd: str
) -> None:
    monkeypatch.setenv("MEDALLION_HOME", str(tmp_path / odd / ".medallion"))
    with pytest.raises(MedallionError, match=r"cannot hold local state.* in a path with '"):
        home()
    (tmp_path / odd).mkdir()
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "lake").symlink_to(tmp_path / odd)
    monkeypatch.setenv("MEDALLION_HOME", str(tmp_path / "plain"))
    with pytest.raises(MedallionError, match="lake' cannot hold local state"):
        home()


def test_a_home_may_be_a_link_or_relative(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = tmp_path / "It's #1 & more {e\u0301} a+b=c,d;~$!()@"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    monkeypatch.chdir(tmp_path)
    for named in (str(tmp_path / "link"), "link", "./link/../link/", str(real)):
        monkeypatch.setenv("MEDALLION_HOME", named)
        assert home().root == real


def test_an_address_is_plain_and_leads_to_the_folder(tmp_path: Path) -> None:
    addresses = Addresses()
    folder = tmp_path / "Häuse é" / "a b" / "t"
    folder.mkdir(parents=True)
    address = addresses.of(folder)
    assert address.isascii() and " " not in address and Path(address).samefile(folder)
    assert addresses.of(tmp_path) == str(tmp_path)
    assert addresses.shown(f"no file {address}/x") == f"no file {folder}/x"
    shutil.rmtree(Path(address).parents[1])  # as a cleanup of temporary files does
    assert Path(addresses.of(folder)).samefile(folder)
    addresses.close()
    assert not Path(address).parents[1].exists()


def test_the_catalog_stores_no_absolute_path(tmp_path: Path) -> None:
    """Nor does it need the absolute paths that earlier versions wrote."""
    root = tmp_path / "home"
    catalog = Catalog(root / "c.sqlite", root)
    catalog.create_schema("s", "medallion", False, SchemaDetails())
    url = "abfss://gold@a.dfs.core.windows.net/x/e"
    for name, kind, place in (
        ("m", MANAGED, "warehouse/tables/s/m-1"),
        ("e", EXTERNAL, "lake/gold/x/e"),
    ):
        external = url if kind == EXTERNAL else ""
        catalog.put(Relation("s", name, "medallion", kind, [], str(root / place), external))
    bodies = [body for (body,) in catalog._db.execute("select body from relations order by name")]
    assert [json.loads(body)["location"] for body in bodies] == [
        "lake/gold/x/e",
        "warehouse/tables/s/m-1",
    ]
    for body in bodies:
        stored = json.loads(body)
        stored["location"] = f"/gone/lake/{stored['location']}"
        values = (json.dumps(stored), stored["name"])
        catalog._db.execute("update relations set body = ? where name = ?", values)
    catalog.close()
    moved = root.rename(tmp_path / "moved")
    again = Catalog(moved / "c.sqlite", moved)
    assert again.get(("s", "m")).location == str(moved / "warehouse/tables/s/m-1")
    assert again.get(("s", "e")).location == str(moved / "lake/gold/x/e")
    again.close()


@pytest.fixture
def other_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The files that identify a clone. MEDALLION_HOME is not set."""
    monkeypatch.delenv("MEDALLION_HOME", raising=False)
    for name in ("dbt_project.yml", "dbt_medallion.py", "medallion/home.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_the_program_of_one_clone_does_not_work_in_another(
    monkeypatch: pytest.MonkeyPatch, other_clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (other_clone / "models").mkdir()
    monkeypatch.chdir(other_clone / "models")
    monkeypatch.setattr(sys, "argv", ["medallion", "status"])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    reported = " ".join(capsys.readouterr().err.split())
    assert reported.startswith(f"error: {other_clone} is another clone: this program belongs to")
    clone.require_own(PROJECT_ROOT / "models")
    clone.require_own(Path("/"))
    monkeypatch.setenv("MEDALLION_HOME", str(other_clone))
    clone.require_own(other_clone)


def plugin(project: Path, settings: dict[str, object]) -> None:
    """Load the plugin as dbt does: with the project and the target's settings."""
    credentials = SimpleNamespace(connection_parameters=settings.get("connection_parameters"))
    obj = {
        "profile": SimpleNamespace(credentials=credentials),
        "project": SimpleNamespace(
            project_root=str(project), target_path="target", log_path="logs"
        ),
    }
    with click.Context(click.Command("parse"), info_name="parse", obj=obj):
        MedallionPlugin("medallion")


def test_dbt_does_not_write_into_the_warehouse_of_another_clone_or_home(
    monkeypatch: pytest.MonkeyPatch, other_clone: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.setenv("SSL_CERT_FILE", "")
    ours = local_output(home(), State(1, "token"))
    plugin(PROJECT_ROOT, ours)
    with pytest.raises(DbtRuntimeError, match="is another clone"):
        plugin(other_clone, ours)
    plugin(other_clone, {"connection_parameters": {"enable_telemetry": False}})
    theirs = local_output(Home(other_clone / ".medallion"), State(1, "token"))
    with pytest.raises(
        DbtRuntimeError, match=f"names the warehouse of {other_clone}.*medallion up"
    ):
        plugin(PROJECT_ROOT, theirs)
    monkeypatch.setenv("MEDALLION_HOME", str(other_clone / ".medallion"))
    plugin(other_clone, theirs)
    monkeypatch.setenv("MEDALLION_HOME", str(other_clone / "a%20b"))
    plugin(PROJECT_ROOT, {})
    with pytest.raises(DbtRuntimeError, match="cannot hold local state"):
        plugin(other_clone, theirs)


def test_an_environment_works_where_its_clone_was_moved_to(tmp_path: Path) -> None:
    project = tmp_path / "clone"
    (project / "tool").mkdir(parents=True)
    (project / "tool" / "__init__.py").write_text("import sys; print(__file__, sys.prefix)")
    environment = project / ".venv"
    venv.create(environment, symlinks=True)
    packages = next((environment / "lib").glob("python3.*")) / "site-packages"
    editable = packages / "__editable__.tool-1.pth"
    editable.write_text(str(project))
    python, long = environment / "bin" / "python3", environment / "bin" / "long"
    script = environment / "bin" / "tool"
    script.write_text(f"#!{python}\nimport tool\n")
    script.chmod(0o755)
    long.write_text(f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\nimport tool\n")
    long.chmod(0o755)
    (environment / "bin" / "other").write_text("#!/bin/bash\necho\n")
    program = b"\x7fELF\xa8 VIRTUAL_ENV=/ "  # uv is such a program
    (environment / "bin" / "program").write_bytes(program)
    for _ in range(2):
        relocate(environment, packages, project)
    assert (environment / "bin" / "other").read_text() == "#!/bin/bash\necho\n"
    assert (environment / "bin" / "program").read_bytes() == program
    moved = project.rename(tmp_path / "My Projects")
    shutil.copytree(moved, tmp_path / "copy", symlinks=True)
    for place in (moved, tmp_path / "copy"):
        expected = f"{place}/tool/__init__.py {place}/.venv\n"
        for command in ([f"{place}/.venv/bin/tool"], [f"{place}/.venv/bin/long"]):
            assert printed(command) == expected
        activated = f'cd "{place}" && . .venv/bin/activate && tool'
        assert printed(["bash", "-c", activated]) == expected


def printed(command: list[str]) -> str:
    environment = {"PATH": os.defpath}
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout
