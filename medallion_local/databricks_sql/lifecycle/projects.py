"""The profile of a dbt project that is not this one."""

import os
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from medallion.errors import MedallionError
from medallion.home import Home
from medallion.profiles import names_local
from medallion_local.databricks_sql.lifecycle.profiles import local_output, switched, write_targets
from medallion_local.databricks_sql.lifecycle.state import State

_TARGET = "local"


def write(project: Path | None, folder: Path | None, home: Home, state: State) -> list[str]:
    """Write the project's profile, and return what a user has to know.

    The profile is in the home. It is also in `folder`, else in the folder of DBT_PROFILES_DIR, else
    in the project unless that has a profiles.yml of its own, which is left as it is.
    """
    profile = _profile(project) if project is not None else _TARGET
    targets = {_TARGET: local_output(home, state)}
    (home.root / ".gitignore").write_text("*\n")
    write_targets(home.root, profile, targets)
    named = os.environ.get("DBT_PROFILES_DIR")
    if folder is None and named:
        folder = Path(named).expanduser()
    if folder is None and project is not None:
        if _is_of_another(project / "profiles.yml", profile):
            return [
                f"{project / 'profiles.yml'} is left as it is: run `dbt build --profiles-dir "
                f"{home.root}`."
            ]
        folder = project
    if folder is None:
        return [f"Run dbt with `--profiles-dir {home.root}`; its profile is {profile!r}."]
    lines = switched(folder, profile, home)
    file = write_targets(folder, profile, targets)
    return [*lines, f"dbt finds it as target {_TARGET!r} of the profile {profile!r} in {file}."]


def _profile(project: Path) -> str:
    """The name of the profile that a project uses."""
    file = project / "dbt_project.yml"
    if not file.is_file():
        return _TARGET
    try:
        found = YAML(typ="safe").load(file) or {}
    except YAMLError as error:
        raise MedallionError(f"{file} is not valid YAML: {str(error).splitlines()[0]}.") from None
    return found.get("profile") or found.get("name") or _TARGET


def _is_of_another(file: Path, profile: str) -> bool:
    """Whether a profiles.yml exists that `medallion up` did not write."""
    if not file.is_file():
        return False
    try:
        found = YAML(typ="safe").load(file) or {}
    except YAMLError:
        return True
    target = ((found.get(profile) or {}).get("outputs") or {}).get(_TARGET)
    return not (isinstance(target, dict) and names_local(target))
