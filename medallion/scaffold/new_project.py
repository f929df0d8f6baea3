"""Makes a project of this one's parts without its sample domain, the music service."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import jinja2

from medallion import private
from medallion.adf import arm_template
from medallion.clone import is_clone
from medallion.entities import read_entities
from medallion.errors import MedallionError
from medallion.expectations import page, read_rules
from medallion.home import PROJECT_ROOT, is_project
from medallion.scaffold import entries

# What a new project gets, and what it does not get of that. A test compares the three lists with
# the files of the repository, so that each file is in one of them.
COPIED = (
    *(".checkov.yml", ".ci", ".github", ".gitignore", ".maxdop.json", ".sqlfluff"),
    *(".sqlfluffignore", "adf", "databricks.yml", "dbt-bouncer.yml", "dbt_project.yml", "infra"),
    *("macros", "models", "profiles.yml.example", "requirements-audit.txt"),
    *("requirements-build.txt", "requirements-dev.txt", "requirements.txt", "seeds"),
    *("selectors.yml", "sql", "tests/generic", "tests/singular"),
)
SAMPLE = (  # the music service; the bronze models and quarantines of its entities are derived
    *("macros/listening", "models/gold", "models/semantic", "models/serving/_exposures.yml"),
    *("models/serving/dedicated/tables", "models/serving/serverless", "models/silver/context"),
    *("models/silver/core", "models/silver/increments", "models/silver/staging"),
    *("models/silver/reconciliation/sample_unit_tests.yml", "snapshots"),
    "sql/synapse/reports",
    "sql/synapse/serverless/07_personal_data.sql",
    "sql/synapse/serverless/08_row_filter_example.sql",
    "sql/synapse/serverless/09_statistics.sql",
)
TOOL = (  # the tool with its tests and docs, which a project installs; the templates replace some
    *(".devcontainer", ".dockerignore", ".github/ISSUE_TEMPLATE", ".github/workflows/engines.yml"),
    *(".pre-commit-config.yaml", ".vscode", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile"),
    *("LICENSE", "Makefile", "README.md", "SECURITY.md", "dbt_medallion.py", "docs", "medallion"),
    *("medallion_local", "mkdocs.yml", "pyproject.toml", "requirements-conformance.txt"),
    *("requirements-spark.txt", "tests/python"),
)
# The lines that hold the project's name, as this project has them.
NAMED = {
    "dbt_project.yml": (r"^name: ()medallion$", r"^profile: ()medallion$", r"^(  )medallion:$"),
    "profiles.yml.example": (r"^()medallion:$",),
    "infra/job/profiles.yml": (r"^()medallion:$",),
    "databricks.yml": (r"^  name: ()medallion$",),
}
TEMPLATES = Path(__file__).parent / "templates" / "project"
_RESERVED = ("dbt", "medallion")  # packages of dbt, and this project


def make_project(folder: Path, name: str | None = None) -> list[str]:
    """Create the project in `folder`, which is missing or empty; all or nothing.

    `name` is by default made of the folder's name. Returns the paths of its files. Raises
    `MedallionError` for a folder or a name that cannot be used.
    """
    origin = _origin()
    try:
        folder = folder.expanduser().resolve()
        _require_usable(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: the home of an unknown user
        raise MedallionError(f"{folder} cannot be used: {str(error).rstrip('.')}.") from None
    name = _valid(name if name is not None else folder.name.replace("-", "_").replace(" ", "_"))
    _remove_leftovers(folder)
    staged = folder.with_name(f"{_prefix(folder)}{os.getpid()}")
    try:
        with private.as_before():
            folder.parent.mkdir(parents=True, exist_ok=True)
            staged.mkdir()
            _fill(staged, origin, name, folder)
            staged.replace(folder)  # the folder may exist, if it is empty
    except OSError as error:
        raise MedallionError(f"{folder} cannot be created: {str(error).rstrip('.')}.") from None
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def is_left_out(path: str, sample: tuple[str, ...]) -> bool:
    """Whether a path of this repository is in none of a new project's files."""
    return not within(path, COPIED) or within(path, (*sample, *TOOL))


def sample_paths(project: Path) -> tuple[str, ...]:
    """The files and folders of the sample domain."""
    derived = [
        f"models/{folder}/{name}.{kind}"
        for one in read_entities(project)
        for folder, name in (("bronze", one.bronze), ("silver/quarantine", one.quarantine))
        for kind in ("sql", "yml")
        if f"{folder}/{name}" != "silver/quarantine/quarantined_members"
    ]
    return (*SAMPLE, *dict.fromkeys(derived))


def within(path: str, places: tuple[str, ...]) -> bool:
    """Whether a path is one of the files, or in one of the folders."""
    return any(path == one or path.startswith(f"{one}/") for one in places)


def _origin() -> Path:
    """The clone that the files come from."""
    for folder in (Path(__file__).resolve().parents[2], PROJECT_ROOT):
        if is_clone(folder):
            return folder
    raise MedallionError(
        "The files of a new project come from a clone of the tool's repository: run the command in "
        "one."
    )


def _require_usable(folder: Path) -> None:
    if around := next((one for one in folder.parents if is_project(one)), None):
        raise MedallionError(f"{folder} is inside the project {around}: name a folder outside it.")
    if folder.exists() and not folder.is_dir():
        raise MedallionError(f"{folder} is a file: name a folder that is empty or does not exist.")
    if folder.is_dir() and any(folder.iterdir()):
        raise MedallionError(
            f"{folder} is not empty: name a folder that is empty or does not exist."
        )


def _valid(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise MedallionError(
            f"{name!r} cannot be the name of a dbt project: pass --name with lower-case letters, "
            "digits and underscores, and a letter first."
        )
    if name.startswith("dbt_") or name in _RESERVED:
        raise MedallionError(f"{name!r} is the name of another dbt package: pass another --name.")
    return name


def _prefix(folder: Path) -> str:
    return f".{folder.name}.medallion_new_"


def _remove_leftovers(folder: Path) -> None:
    """Remove what a killed run of this user staged beside the folder; a live run keeps its own."""
    prefix = _prefix(folder)
    beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
    for left in [one for one in beside if one.name.startswith(prefix)]:
        number = left.name.removeprefix(prefix)
        is_own = not left.is_symlink() and left.is_dir() and left.stat().st_uid == os.getuid()
        if is_own and number.isdecimal() and not _runs(int(number)):
            shutil.rmtree(left)


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # the process of another user
    return True


def _fill(staged: Path, origin: Path, name: str, folder: Path) -> None:
    for path in _copied_files(origin):
        target = staged / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path in entries.LISTS:
            text = entries.emptied(path, (origin / path).read_text(encoding="utf-8"))
            target.write_text(text, encoding="utf-8")
        else:
            shutil.copy(origin / path, target)
    for path, patterns in NAMED.items():
        text = (staged / path).read_text(encoding="utf-8")
        for pattern in patterns:
            text = _renamed(path, text, pattern, name)
        (staged / path).write_text(text, encoding="utf-8")
    _render(staged, name=name, tool=_tool(origin, folder), site=_site(origin, name))
    for file, text in arm_template.texts(staged / "adf").items():
        file.write_text(text, encoding="utf-8")
    (staged / "docs" / "rules.md").write_text(page(read_rules(staged / "models")), encoding="utf-8")


def _copied_files(origin: Path) -> Iterator[str]:
    sample = sample_paths(origin)
    for place in COPIED:
        top = origin / place
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            path = file.relative_to(origin).as_posix()
            if file.is_file() and "__pycache__" not in path and not is_left_out(path, sample):
                yield path


def _renamed(path: str, text: str, pattern: str, name: str) -> str:
    def rename(found: re.Match[str]) -> str:
        return re.sub("(?i)medallion", name, found[0])

    text, count = re.subn(pattern, rename, text, flags=re.M)
    if not count:
        raise MedallionError(f"{path} has no line {pattern}: restore it from git.")
    return text


def _render(staged: Path, **values: str) -> None:
    """Write the files of `templates/project/`, each without the ending `.jinja`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # the templates write Markdown, YAML and a Makefile
    )
    for name in environment.list_templates():
        target = staged / name.removesuffix(".jinja")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(environment.get_template(name).render(values), encoding="utf-8")


def _site(origin: Path, name: str) -> str:
    """The settings of this project's docs site, without its pages."""
    settings, _, _ = (origin / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")
    text = _renamed("mkdocs.yml", settings, r"^site_name: (?i:medallion)$", name)
    description = "site_description: A dbt-centric medallion lakehouse on Azure"
    return re.sub(r"^site_description: .*$", description, text, flags=re.M)


def _tool(origin: Path, folder: Path) -> str:
    """What pip installs the tool from: its repository at this commit, else the clone's path."""
    remote, commit = (
        _git(origin, *question)
        for question in (("remote", "get-url", "origin"), ("rev-parse", "HEAD"))
    )
    scp = re.fullmatch(r"(\w+@[\w.-]+):([\w./-]+)", remote)
    url = f"ssh://{scp[1]}/{scp[2]}" if scp else remote
    parts = urlsplit(url)
    if commit and parts.scheme in ("https", "ssh") and not parts.password:
        host = parts.hostname if parts.scheme == "https" else parts.netloc
        return f"medallion @ git+{parts.scheme}://{host}{parts.path}@{commit}"
    return os.path.relpath(origin, folder)


def _git(folder: Path, *arguments: str) -> str:
    with suppress(OSError):
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""
    return ""
