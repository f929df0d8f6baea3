"""What is installed, and from where: lock files, install commands, and their licenses."""

import importlib.metadata
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
            if re.search(r"\bpip install\b", code) and "--require-hashes" not in code:
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


# Licenses that permit the use, change and distribution of the project under its own license. A
# package with several licenses is permitted if one of them is: its user chooses. With AND, all are.
PERMITTED = re.compile(
    r"0BSD|Apache([ -]Software License|[ -](License )?2\.0)|BSD( License|-[23]-Clause)"
    r"|3-Clause BSD License|CC0-1\.0|CNRI-Python|ISC( License)?|MIT( License|-0|-CMU)?"
    r"|MPL-2\.0|Mozilla Public License 2\.0|PSF-2\.0|Python Software Foundation License|Zlib"
)
EXCEPTIONS = {
    "databricks-bundles": "Databricks' own license; a tool for tests, which nothing distributes",
    "text-unidecode": "Artistic License or GPL: dbt's dependency, used unchanged under the first",
}


def licenses(package: str) -> list[str]:
    """The alternatives in a package's metadata."""
    metadata = importlib.metadata.metadata(package)
    classifiers = metadata.get_all("Classifier") or []
    found = metadata.get("License-Expression")
    if found is None:
        named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License ::")]
        found = " OR ".join(named) or (metadata.get("License") or "").splitlines()[0:1]
        found = found if isinstance(found, str) else "".join(found)
    return re.split(r"\bOR\b|;", found)


def permits(alternative: str) -> bool:
    """Whether all licenses of an alternative are permitted; classifiers end with a short name."""
    named = re.sub(r" \((MPL 2\.0|ISCL)\)", "", alternative)
    parts = [one.strip(" ()") for one in re.split(r"\bAND\b", named)]
    return all(PERMITTED.fullmatch(one) for one in parts)


def installed() -> list[str]:
    names = pinned(PROJECT / "requirements-dev.txt").keys() | pinned(LOCKS[-1]).keys()
    found = {one.metadata["Name"] for one in importlib.metadata.distributions()}
    return sorted(names & {one.lower().replace("_", "-") for one in found})


def test_every_license_is_permitted() -> None:
    refused = {
        name: licenses(name)
        for name in installed()
        if name not in EXCEPTIONS and not any(map(permits, licenses(name)))
    }
    assert len(installed()) > 150 and refused == {}
    assert EXCEPTIONS.keys() <= set(installed())


@pytest.mark.parametrize(
    ("license_", "permitted"),
    [
        ("MIT", True),
        ("MIT AND PSF-2.0", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("GNU Affero General Public License v3", False),
        ("", False),
    ],
)
def test_a_license_is_read(license_: str, permitted: bool) -> None:
    assert any(map(permits, re.split(r"\bOR\b|;", license_))) == permitted


def test_each_rule_that_checkov_skips_has_its_reason() -> None:
    """The comment before a group of rules says why."""
    lines = (PROJECT / ".checkov.yml").read_text("utf-8").partition("skip-check:\n")[2].splitlines()
    rules = [line.strip(" -") for line in lines if line.strip().startswith("- ")]
    assert lines[0].strip().startswith("# ") and len(set(rules)) == len(rules) > 0
    assert all(re.fullmatch(r"CKV2?_[A-Z]+_\d+", one) for one in rules)
    assert "checkov --config-file .checkov.yml" in MAKEFILE


def test_a_deployment_keeps_its_bills_of_materials() -> None:
    text = (PROJECT / ".github" / "workflows" / "deploy.yml").read_text("utf-8")
    steps = yaml.safe_load(text)["jobs"]["production"]["steps"]
    [made] = [n for n, step in enumerate(steps) if re.search(r"\bsbom\b", step.get("run", ""))]
    assert steps[made + 1]["with"]["path"] == "target/sbom"
    deploys = [n for n, step in enumerate(steps) if "bundle deploy" in step.get("run", "")]
    assert made < min(deploys)


def test_every_path_of_the_code_owners_exists() -> None:
    lines = (PROJECT / ".github" / "CODEOWNERS").read_text("utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*"
    for path, *owners in rules:
        assert owners and all(re.fullmatch(r"@[\w-]+/[\w-]+", one) for one in owners)
        pattern = path.strip("/")
        assert path == "*" or list(PROJECT.glob(pattern)), path
    owned = {path for path, *_ in rules}
    # Whoever changes these can change what everybody runs or may read.
    assert {"/.github/", "/infra/", "/sql/", "/Makefile", "/.ci/", "/requirements*.txt"} <= owned
