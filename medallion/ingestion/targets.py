"""The targets of an ingestion: the laptop, or a Data Factory in Azure."""

from collections.abc import Callable
from typing import Any

from ruamel.yaml import YAML

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.ingestion.azure import settings
from medallion.ingestion.request import IngestResult
from medallion.profiles import profile_name

LOCAL = "local"


def targets() -> list[str]:
    """The targets of `profiles.yml.example` that an ingestion can fill.

    `local_ci` is not among them: it reads the data that `local` landed.
    """
    profile = YAML(typ="safe").load(PROJECT_ROOT / "profiles.yml.example")[profile_name()]
    outputs = {name: one["type"] for name, one in profile["outputs"].items()}
    return [name for name, kind in outputs.items() if kind == "databricks" and name != "local_ci"]


def is_remote(target: str, crash: str | None, wait: bool) -> bool:
    """Whether a target is in Azure. Raises `MedallionError` for options that it does not allow."""
    if target not in targets():
        raise MedallionError(
            f"The target '{target}' cannot be ingested into; use one of {', '.join(targets())}."
        )
    if target != LOCAL and crash:
        raise MedallionError(
            "--crash-before and --crash-after kill a run on this machine; remove them, or "
            f"use --target {LOCAL}."
        )
    if target == LOCAL and not wait:
        raise MedallionError("--no-wait needs a target in Azure; remove it for a local run.")
    return target != LOCAL


def ingest(
    arguments: dict[str, Any],
    wait: bool,
    started: Callable[[str], None],
    progress: Callable[[str, str, bool], None],
) -> IngestResult | None:
    """Start `pl_ingest` in the factory that the environment names, and follow it if asked to.

    `started` gets one sentence with the run's id and address.
    """
    from medallion.ingestion.azure import run  # half a second, which a local run should not pay

    factory = settings.from_environment()
    with settings.connect(factory) as client:
        run_id = run.start(client, factory, arguments)
        started(f"Started run {run_id} in {factory.name}: {factory.monitor(run_id)}")
        return run.follow(client, factory, run_id, progress) if wait else None


def check(result: IngestResult) -> None:
    """Raise `MedallionError` for a run that did not succeed."""
    if result.status != "Succeeded":
        raise MedallionError(f"The ingestion failed: {result.error}")
