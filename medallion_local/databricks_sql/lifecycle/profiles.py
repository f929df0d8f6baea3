"""Write the targets `local` and `local_ci` to dbt's `profiles.yml`, and keep all others."""

from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home, same_folder
from medallion.private import tighten_path, write_private
from medallion.profiles import names_local, profile_name
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from medallion_local.databricks_sql.lifecycle.dbt_client import SCHEME
from medallion_local.databricks_sql.lifecycle.state import HTTP_PATH, State

CI_SCHEMA = "{{ env_var('DBT_SCHEMA', 'slim') }}"
EXAMPLE = PROJECT_ROOT / "profiles.yml.example"


def local_output(home: Home, state: State) -> dict:
    """The settings of the target `local`: a SQL warehouse on this machine."""
    return {
        "type": "databricks",
        # without the port: dbt parses the whole project again when the host changes
        "host": f"{SCHEME}127.0.0.1",
        "http_path": HTTP_PATH,
        "token": state.token,
        "catalog": state.catalog,
        "schema": "default",
        "threads": 4,
        "connection_parameters": {
            "_connection_uri": f"https://{state.host}{HTTP_PATH}",
            "_tls_trusted_ca_file": str(files_of(home).authority),
            "enable_telemetry": False,
            # a warehouse that is down is reported after two seconds, not after minutes
            "_retry_stop_after_attempts_count": 3,
        },
    }


def write_profile(folder: Path, home: Home, state: State) -> Path:
    """Write the running warehouse to `folder`/profiles.yml, created from the example if missing."""
    here = local_output(home, state)
    targets = {"local": here, "local_ci": here | {"schema": CI_SCHEMA}}
    return write_targets(folder, profile_name(), targets, EXAMPLE)


def other_home(folder: Path, profile: str, home: Home) -> Path | None:
    """The other home whose warehouse the target `local` in `folder`/profiles.yml names, if any."""
    try:
        found = YAML(typ="safe").load(folder / "profiles.yml") or {}
    except (OSError, YAMLError):
        return None
    own = found.get(profile) if isinstance(found, dict) else None
    target = ((own or {}).get("outputs") or {}).get("local") or {}
    authority = names_local(target)
    there = Path(authority).parents[2] if authority else home.root
    return there if there.is_dir() and not same_folder(there, home.root) else None


def switched(folder: Path, profile: str, home: Home) -> list[str]:
    """A sentence for a user whose dbt builds into another home from now on. Call before writing."""
    there = other_home(folder, profile, home)
    if there is None:
        return []
    return [
        f"{folder / 'profiles.yml'} named the warehouse of {there}: dbt now uses {home.root}. To "
        f"work with both, set DBT_PROFILES_DIR to a folder of its own for each MEDALLION_HOME."
    ]


def write_targets(
    folder: Path, profile: str, targets: dict[str, dict], example: Path | None = None
) -> Path:
    """Write targets of a profile to `folder`/profiles.yml, and keep all else that it has.

    A missing file is created from `example`. The first target is the default of a new profile.
    """
    file = folder / "profiles.yml"
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    source = file if file.exists() else example
    try:
        document = yaml.load(source.read_text(encoding="utf-8") if source else "") or {}
    except YAMLError as error:
        raise MedallionError(f"{source} is not valid YAML: {str(error).splitlines()[0]}.") from None
    own = document.setdefault(profile, {})
    own.setdefault("target", next(iter(targets)))
    own.setdefault("outputs", {}).update(targets)
    out = StringIO()
    yaml.dump(document, out)
    if not file.exists() or file.read_text(encoding="utf-8") != out.getvalue():
        folder.mkdir(parents=True, exist_ok=True)
        staged = file.with_suffix(".yml.tmp")
        write_private(staged, out.getvalue())  # it has the warehouse's token
        staged.replace(file)
    else:
        tighten_path(file)  # an earlier version may have written it
    return file
