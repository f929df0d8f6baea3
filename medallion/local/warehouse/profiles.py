"""Write the targets `local` and `local_ci` to dbt's `profiles.yml`, and keep all others."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home, same_folder
from medallion.local.warehouse.certificates import files_of
from medallion.local.warehouse.state import HTTP_PATH, State

PROFILE = "medallion"
CI_SCHEMA = "{{ env_var('DBT_SCHEMA', 'slim') }}"
EXAMPLE = PROJECT_ROOT / "profiles.yml.example"


def local_output(home: Home, state: State) -> dict:
    """The settings of the target `local`: a SQL warehouse on this machine."""
    return {
        "type": "databricks",
        "host": state.host,
        "http_path": HTTP_PATH,
        "token": state.token,
        "catalog": "medallion",
        "schema": "default",
        "threads": 4,
        "connection_parameters": {
            "_connection_uri": f"https://{state.host}{HTTP_PATH}",
            "_tls_trusted_ca_file": str(files_of(home).authority),
            "enable_telemetry": False,
        },
    }


def names_local(settings: Mapping[str, Any]) -> str | None:
    """The certificate authority in a target's settings, if they name a local warehouse."""
    return (settings.get("connection_parameters") or {}).get("_tls_trusted_ca_file")


def require_own(settings: Mapping[str, Any], home: Home) -> None:
    """Raise `MedallionError` if a local target's settings name another home's warehouse.

    This is so after a home or a clone was moved or copied, until `medallion up` writes them again.
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


def write_profile(folder: Path, home: Home, state: State) -> Path:
    """Write the running warehouse to `folder`/profiles.yml, created from the example if missing."""
    file = folder / "profiles.yml"
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    source = file if file.exists() else EXAMPLE
    try:
        document = yaml.load(source.read_text(encoding="utf-8")) or {}
    except YAMLError as error:
        raise MedallionError(f"{source} is not valid YAML: {str(error).splitlines()[0]}.") from None
    profile = document.setdefault(PROFILE, {})
    profile.setdefault("target", "local")
    here = local_output(home, state)
    profile.setdefault("outputs", {}).update(local=here, local_ci=here | {"schema": CI_SCHEMA})
    out = StringIO()
    yaml.dump(document, out)
    if not file.exists() or file.read_text(encoding="utf-8") != out.getvalue():
        folder.mkdir(parents=True, exist_ok=True)
        staged = file.with_suffix(".yml.tmp")
        staged.write_text(out.getvalue(), encoding="utf-8")
        staged.replace(file)
    return file
