"""Runs a pipeline of another team's factory on this machine.

Control flow runs unchanged. Activities that use a linked service run against the local replacement
that the caller names. Without one, the activity is rejected with its name when the run reaches it.
Nothing of another factory is checked before.
"""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medallion.adf.files import FactoryFiles
from medallion.adf.parameters import is_text
from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.data_factory.engine import Run, run_pipeline
from medallion_local.data_factory.environment import Environment
from medallion_local.data_factory.events import Listener


def run_elsewhere(
    home: Home,
    files: FactoryFiles,
    pipeline: str,
    parameters: dict[str, Any],
    listener: Listener,
    global_parameters: dict[str, Any] | None = None,
    places: dict[str, str] | None = None,
    online: bool = False,
    longest_pause: float = math.inf,
) -> Run:
    """Run a pipeline to its end; `places` are the local replacements of linked services, by name.

    A place is the database file of a local source, a folder with one folder per container, or an
    address. `longest_pause` limits waits and pauses to that many seconds. Raises `MedallionError`
    for a run that cannot start.
    """
    check_folder(files)
    environment = Environment(
        home,
        files,
        global_parameters or {},
        listener=listener,
        longest_pause=longest_pause,
        places={name.lower(): place for name, place in (places or {}).items()},
        online=online,
    )
    return run_pipeline(environment, pipeline, parameters)


def check_folder(files: FactoryFiles) -> None:
    """Raise `MedallionError` for a folder without pipelines."""
    if not files.pipelines():
        raise MedallionError(
            f"{files.folder} has no pipelines; name a folder in Data Factory's git layout, which "
            "contains pipeline/."
        )


def pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """The names and texts of values in the form `name=value`."""
    found = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise MedallionError(f"'{one}' is invalid; {option} needs the form name=value.")
        found[name] = value
    return found


def arguments(
    files: FactoryFiles, pipeline: str, given: Iterable[str], document: str | None
) -> dict[str, Any]:
    """The values of a pipeline's parameters, from a JSON object or its file, then `name=value`.

    The text of a value is JSON unless the declared type is a text.
    """
    values: dict[str, Any] = {}
    if document is not None:
        text, what = document, "--parameters"
        if not document.lstrip().startswith("{"):
            what = document
            try:
                text = Path(document).read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise MedallionError(f"{document} cannot be read: {error}.") from None
        try:
            values = json.loads(text)
        except ValueError as error:
            raise MedallionError(f"{what} is not JSON: {error}.") from None
        if not isinstance(values, dict):
            raise MedallionError(f"{what} is not a JSON object of parameters.")
    declared = files.pipeline(pipeline).get("parameters") or {}
    kinds = {name.lower(): str(one.get("type", "")) for name, one in declared.items()}
    for name, value in pairs("--parameter", given).items():
        values[name] = value if is_text(kinds.get(name.lower(), "")) else _read(value)
    return values


def globals_of(given: Iterable[str]) -> dict[str, Any]:
    """The values of global parameters in the form `name=value`."""
    return {name: _read(text) for name, text in pairs("--global-parameter", given).items()}


def _read(text: str) -> Any:
    """The text's JSON value, or the text itself, whose type the pipeline then rejects by name."""
    try:
        return json.loads(text)
    except ValueError:
        return text
