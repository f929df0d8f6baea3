"""`medallion new project`: the page that explains it works, and it creates all files or none."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medallion import home
from medallion.entities import read_entities
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.scaffold import entries, new_project
from medallion.scaffold.new_project import COPIED, TOOL, make_project, sample_paths
from support.howto import Block, blocks, follow

PAGE = "howto/start_your_own_project.md"
# Words of the music service, besides the names in the registry and of the marts.
WORDS = r"\bmusic|\blisten|\bartist|\bplays?\b|\btracks?\b|\bsubscription_plan|\bmarkets\b|\bdevice"
# Rules that allow what one mart of the sample does; without that mart they allow nothing.
NAMES_SAMPLE = {"dbt-bouncer.yml"}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "orders"
    make_project(folder)
    return folder


@pytest.mark.long
def test_page__is_followed_to_the_letter(tmp_path: Path) -> None:
    own = tmp_path / "orders"
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MEDALLION_", "DBT_", "PYTHONPATH"))
    } | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    first, *others = blocks(PAGE)
    text = first.text.replace("../orders", str(own))
    follow(Block("bash", "", text), PROJECT_ROOT, environment)
    try:
        printed = [follow(block, own, environment) for block in others]
    finally:
        subprocess.run(["medallion", "down"], cwd=own, env=environment, check=True)
    assert "lists no table yet: run `medallion new table`" in printed[0]
    assert "Completed successfully" in printed[0]
    built, served = printed[3], printed[4]
    assert "no_landed_row_is_unaccounted_for" in built and "Completed successfully" in built
    assert "All 12 landed rows are accounted for, and no test failed." in built
    found = re.findall(r"(2025-10-\d\d) +(\d+) +(\d+) +([\d.]+)", served)
    assert found == [("2025-10-01", "1", "2", "39.80"), ("2025-10-02", "1", "1", "19.90")]


def test_every_file_of_the_repository_is_copied_or_left_out() -> None:
    """A new folder has to be listed, so that somebody decides about it."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    known = (*COPIED, *TOOL, *sample_paths(PROJECT_ROOT))
    assert not [path for path in listed if not new_project.within(path, known)]
    unused = [one for one in known if not (PROJECT_ROOT / one).exists()]
    assert not unused, "the lists name files that do not exist"


def test_a_new_project_has_nothing_of_the_sample(project: Path) -> None:
    marts = [file.stem for file in (PROJECT_ROOT / "models" / "gold").glob("*.sql")]
    sample = read_entities(PROJECT_ROOT)
    names = [name for one in sample for name in (one.bronze, one.staged, one.published)]
    tables = [one.landed_as.partition(".")[2] for one in sample if "." in one.landed_as]
    pattern = re.compile(rf"\b({'|'.join([*marts, *names, *tables])})\b|{WORDS}", re.I)
    found = {
        f"{file.relative_to(project)}: {match[0]}"
        for file in project.rglob("*")
        if file.is_file() and file.name not in NAMES_SAMPLE and "requirements" not in file.name
        for match in pattern.finditer(file.read_text(encoding="utf-8"))
    }
    assert not found
    assert read_entities(project) == []


def test_files_keep_their_text_unless_they_list_tables_or_the_name(project: Path) -> None:
    changed = {
        path
        for path in (one.relative_to(project).as_posix() for one in project.rglob("*"))
        if new_project.within(path, COPIED)
        and (project / path).is_file()
        and (PROJECT_ROOT / path).exists()
        and (project / path).read_bytes() != (PROJECT_ROOT / path).read_bytes()
    }
    generated = {
        "adf/arm/ARMTemplateForFactory.json",
        "adf/arm/ARMTemplateParametersForFactory.json",
    }
    assert changed - generated == {*entries.LISTS, *new_project.NAMED}


def test_the_names_are_those_of_the_folder(project: Path) -> None:
    text = (project / "dbt_project.yml").read_text()
    assert "name: orders\n" in text and "profile: orders\n" in text and "\n  orders:\n" in text
    for path in ("profiles.yml.example", "infra/job/profiles.yml"):
        assert "\norders:\n" in (project / path).read_text()
    assert 'name = "orders"' in (project / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("folder", "name", "message"),
    [
        ("full", None, r"full is not empty: name a folder that is empty or does not exist\."),
        ("file", None, r"file is a file: name a folder"),
        ("2nd", None, r"'2nd' cannot be the name of a dbt project: pass --name"),
        ("orders", "My Orders", r"'My Orders' cannot be the name"),
        ("orders", "dbt_spark", r"'dbt_spark' is the name of another dbt package"),
        ("file/orders", None, r"file/orders cannot be created: .*[^.]\.$"),
        ("a" * 300, None, r"cannot be used: .*[^.]\.$"),
    ],
)
def test_unusable_input_is_one_sentence_and_writes_nothing(
    tmp_path: Path, folder: str, name: str | None, message: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(MedallionError, match=message):
        make_project(tmp_path / folder, name)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_inside_a_project_is_refused() -> None:
    with pytest.raises(MedallionError, match="is inside the project"):
        make_project(PROJECT_ROOT / "target" / "orders")


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(new_project, "_render", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_project(tmp_path / "orders")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f".orders.medallion_new_{ended.pid}").mkdir()  # what a killed run left
    (tmp_path / "orders").mkdir()
    make_project(tmp_path / "orders")
    assert [one.name for one in tmp_path.iterdir()] == ["orders"]


def test_folders_that_no_killed_run_left_are_kept(tmp_path: Path) -> None:
    prefix, outside = ".orders.medallion_new_", tmp_path / "outside"
    kept = [tmp_path / f"{prefix}notes", tmp_path / ".victim.medallion_new_999999999"]
    for folder in (*kept, outside):
        folder.mkdir()
    (tmp_path / f"{prefix}999999999").symlink_to(outside)
    make_project(tmp_path / "orders")
    make_project(tmp_path / "*", "orders")
    assert all(one.is_dir() for one in (*kept, outside, tmp_path / f"{prefix}999999999"))


def test_commands_work_with_the_project_of_the_current_folder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "models")
    assert home._project_root() == project
    monkeypatch.chdir(tmp_path)
    assert home._project_root() == PROJECT_ROOT
    shutil.copytree(project, tmp_path / "clone")
    (tmp_path / "clone" / "medallion").mkdir()
    (tmp_path / "clone" / "medallion" / "home.py").touch()  # another clone has its own tool
    monkeypatch.chdir(tmp_path / "clone")
    assert home._project_root() == PROJECT_ROOT


@pytest.mark.parametrize(
    ("remote", "tool"),
    [
        ("https://someone:secret@example.com/a/b.git", None),
        ("https://someone@example.com/a/b.git", "medallion @ git+https://example.com/a/b.git@C"),
        ("git@example.com:a/b.git", "medallion @ git+ssh://git@example.com/a/b.git@C"),
        ("/somewhere/else", None),
        ("", None),
    ],
)
def test_the_tool_is_installed_from_the_remote_or_the_clone(
    monkeypatch: pytest.MonkeyPatch, remote: str, tool: str | None
) -> None:
    monkeypatch.setattr(
        new_project, "_git", lambda _, *question: remote if question[0] == "remote" else "C"
    )
    assert new_project._tool(Path("/a/clone"), Path("/a/orders")) == (tool or "../clone")
