"""What is installed, and from where: lock files, install commands, and their licenses."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from support.lock_files import pinned
from support.places import PROJECT

LOCKS = [*sorted(PROJECT.glob("requirements*.txt")), PROJECT / "infra" / "job" / "requirements.txt"]
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
GROUPS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: str(file.relative_to(PROJECT)))
def test_a_lock_file_has_versions_and_hashes_and_names_no_index(file: Path) -> None:
    assert pinned(file)
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links|--trusted-host", text)


def test_make_lock_writes_every_lock_file() -> None:
    written = set(re.findall(r"-o (\S+)", MAKEFILE.partition("\nlock:")[2].partition("\n\n")[0]))
    assert written == {str(file.relative_to(PROJECT)) for file in LOCKS}


def test_every_install_of_a_lock_file_requires_its_hashes() -> None:
    """The clone itself is installed without dependencies, by the locked setuptools."""
    [command] = re.findall(r"^INSTALL := ((?:.*\\\n)*.*)", MAKEFILE, re.M)
    wanted = {"--require-hashes", "--no-deps", "--no-build-isolation", "--only-binary"}
    assert wanted <= set(command.split())
    clone = "--no-deps --no-build-isolation -e ."
    places = [PROJECT / "Makefile", PROJECT / ".ci" / "run"]
    places += sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
    for place in places:
        for line in place.read_text(encoding="utf-8").splitlines():
            code = line.partition("#")[0]
            if re.search(r"\bpip install\b", code) and not code.startswith("INSTALL :="):
                assert code.rstrip().endswith(clone), f"{place.name}: {line}"
            assert not re.search(r"\b(uvx|pipx|npx|curl [^|]*\| *(ba)?sh)\b", code), place.name


def test_packages_without_a_wheel_are_those_that_the_makefile_builds() -> None:
    [built] = re.findall(r"--no-binary (\S+)", MAKEFILE)
    assert set(built.split(",")) <= set(pinned(PROJECT / "requirements-spark.txt"))
    assert "setuptools" in pinned(PROJECT / "requirements-build.txt")
    assert GROUPS["build"] == ["setuptools>=77"]


def test_dependabot_proposes_updates_of_actions_and_packages() -> None:
    settings = yaml.safe_load((PROJECT / ".github" / "dependabot.yml").read_text("utf-8"))
    places = {(one["package-ecosystem"], one["directory"]) for one in settings["updates"]}
    assert places == {("github-actions", "/"), ("pip", "/"), ("pip", "/infra/job")}
