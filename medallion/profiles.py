"""The parts of dbt's `profiles.yml` that this tool reads: its folder and its warehouse."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home, same_folder
from medallion.yaml_files import load


def profiles_dir() -> Path:
    """The folder of dbt's profiles: `DBT_PROFILES_DIR`, else the project's root."""
    named = os.environ.get("DBT_PROFILES_DIR")
    return Path(named).expanduser() if named else PROJECT_ROOT


def profile_name(project: Path = PROJECT_ROOT) -> str:
    """The profile that dbt_project.yml names; `medallion` outside of a project."""
    file = project / "dbt_project.yml"
    return str(load(file)["profile"]) if file.is_file() else "medallion"


def rendered(settings: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """A target's settings with the values of `env_var` and `var` in them, as dbt renders them.

    Raises `MedallionError` if a variable without a default is not set.
    """

    def env_var(name: str, default: str | None = None) -> str:
        return _known(os.environ, name, default, "environment variable")

    def var(name: str, default: str | None = None) -> str:
        return _known(variables, name, default, "variable of --vars")

    environment = SandboxedEnvironment(undefined=StrictUndefined)

    def value(found: Any) -> Any:
        if isinstance(found, dict):
            return {key: value(one) for key, one in found.items()}
        if isinstance(found, str) and "{{" in found:
            return environment.from_string(found).render(env_var=env_var, var=var)
        return found

    return {key: value(one) for key, one in settings.items()}


def _known(given: Mapping[str, str], name: str, default: str | None, kind: str) -> str:
    found = given.get(name, default)
    if found is None:
        raise MedallionError(f"profiles.yml reads the {kind} {name}, which is not set")
    return found


def names_local(settings: Mapping[str, Any]) -> str | None:
    """The certificate authority in a target's settings, if they name a local warehouse."""
    return (settings.get("connection_parameters") or {}).get("_tls_trusted_ca_file")


def require_own(settings: Mapping[str, Any], home: Home) -> None:
    """Raise `MedallionError` if a local target's settings name another home's warehouse.

    This happens after a home or a clone was moved or copied, until `medallion up` updates them.
    """
    if not (named := names_local(settings)):
        return
    other = Path(named).parents[2]
    if other == home.root or same_folder(other, home.root):
        return
    raise MedallionError(
        f"profiles.yml names the warehouse of {other}, but the home is {home.root}, as after a "
        "move or a copy: run `medallion up` to start this home's warehouse and write its settings, "
        f"or set MEDALLION_HOME to {other}"
    )
