"""Runs the ingestion pipeline `pl_ingest` locally and collects its results."""

import datetime as dt
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medallion import dbt
from medallion.adf.files import FactoryFiles
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.receipts import Receipt, read_receipt
from medallion.ingestion.request import (
    PIPELINE,
    IngestResult,
    Reference,
    cause,
    run_parameters,
    tables,
)
from medallion.lock import single_run
from medallion_local.blob_storage import server as blob_service
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.environment import Environment
from medallion_local.data_factory.events import Event, Listener
from medallion_local.github import server as github

STORAGE, VAULT = "https://storage.azure.com", "https://vault.azure.net"
LONGEST_PAUSE_SECONDS = 1.0  # between retries: waiting Azure's 30 s has no use on a laptop


@dataclass(frozen=True)
class Alerts:
    """The vault that holds the webhook: its address, a token for it, and the secret's name."""

    vault_url: str
    token: str
    secret: str


def ingest(
    home: Home,
    table: str | None = None,
    from_date: str | dt.date | None = None,
    to_date: str | dt.date | None = None,
    on_event: Listener | None = None,
    files: FactoryFiles | None = None,
    alerts: Alerts | None = None,
    allow_partial: bool = False,
) -> IngestResult:
    """Run `pl_ingest` over all tables, or one; with dates (days in UTC, both included) a backfill.

    A backfill fails if the source no longer holds all its changes, unless `allow_partial`.
    A failed run returns a result with `status` `Failed` and its error. Raises `MedallionError`
    for an unknown table, wrong dates, a missing source, or another run in progress.
    """
    files = files or FactoryFiles()
    parameters = run_parameters(files, table, from_date, to_date, allow_partial)
    _check_source(home)
    messages = _Messages(on_event)
    with single_run(home.factory / "ingest.lock", "ingestion"):
        _remove_unfinished(home.lake)
        with laptop(home, files, messages, alerts) as environment:
            return _gathered(home, environment, parameters, messages)


@contextmanager
def laptop(
    home: Home,
    files: FactoryFiles | None = None,
    listener: Listener | None = None,
    alerts: Alerts | None = None,
) -> Iterator[Environment]:
    """The local services that the pipelines use, while the block runs."""
    github.seed(home.github)
    token = secrets.token_urlsafe()
    with github.serving(home.github) as github_url, blob_service.serving(home.lake, token) as lake:
        parameters, tokens = {"github_url": github_url, "lake_url": lake}, {STORAGE: token}
        if alerts is not None:
            parameters |= {"vault_url": alerts.vault_url, "alert_webhook_secret": alerts.secret}
            tokens[VAULT] = alerts.token
        yield Environment(
            home,
            files or FactoryFiles(),
            parameters,
            tokens,
            listener or (lambda event: None),
            LONGEST_PAUSE_SECONDS,
        )


def run(
    home: Home,
    pipeline: str,
    log: Path,
    on_event: Listener | None = None,
    parameters: dict[str, Any] | None = None,
) -> tuple[str, str | None]:
    """Run a pipeline with these parameters or their defaults; return its status and its error.

    The factory's Databricks job runs `dbt build` here, with its events in `log`.
    Raises `MedallionError` for an unknown pipeline, a missing source, or another run in progress.
    """
    _check_source(home)
    files = FactoryFiles()
    files.pipeline(pipeline)
    job = str(files.global_parameters()["dbt_job_id"])
    with (
        single_run(home.factory / "ingest.lock", "ingestion"),
        laptop(home, files, on_event) as environment,
    ):
        _remove_unfinished(home.lake)
        environment.jobs[job] = lambda parameters: dbt.run(*dbt.DAILY_BUILD, log=log)
        record = run_pipeline(environment, pipeline, parameters).record
    return record.status, cause(record.error["message"]) if record.error else None


def _check_source(home: Home) -> None:
    if not home.source_database.is_file():
        raise MedallionError(
            f"There is no source database at {home.source_database}; run `medallion source init`."
        )


class _Messages:
    """Collects each table's failure, and the notes of the column check."""

    def __init__(self, on_event: Listener | None) -> None:
        self.failures: list[str] = []
        self.notices: list[str] = []
        self._on_event = on_event

    def __call__(self, event: Event) -> None:
        if (event.pipeline, event.type, event.status) == (PIPELINE, "Fail", "Failed"):
            self.failures.append(cause(event.error["message"]))
        if (event.activity, event.status) == ("Check columns", "Succeeded"):
            table = event.parameters["table"]
            if noted := event.output["firstRow"]["notices"]:
                self.notices.append(f"{table['schema']}.{table['table']}: {noted}.")
        if self._on_event:
            self._on_event(event)


def _remove_unfinished(lake: Path) -> None:
    """Remove the partly written files of an ingestion that was killed."""
    for container in ("bronze", "control"):
        for file in (lake / container).rglob(".*.tmp"):
            file.unlink()
    shutil.rmtree(lake / "control" / "incoming", ignore_errors=True)


def _gathered(
    home: Home, environment: Environment, parameters: dict[str, Any], messages: _Messages
) -> IngestResult:
    began = time.monotonic()
    run = run_pipeline(environment, PIPELINE, parameters)
    run_id, error = run.record.run_id, run.record.error
    if error and not messages.failures:
        messages.failures.append(cause(error["message"]))
    wanted = () if parameters["table"] or parameters["from_date"] else _reference_names(environment)
    order = [f"{one['schema']}.{one['table']}" for one in tables(environment.files)]
    order += list(_reference_names(environment))
    return IngestResult(
        run_id,
        run.record.status,
        " ".join(_in_order(messages.failures, order)) or None,
        list(_receipts(home.lake, run_id, environment.files)),
        list(_references(home.lake, run_id, wanted)),
        _in_order(messages.notices, order),
        time.monotonic() - began,
    )


def _in_order(messages: list[str], subjects: list[str]) -> list[str]:
    """The messages in the order of the subjects at their start, in whichever order runs ended."""

    def place(message: str) -> int:
        begun = (n for n, one in enumerate(subjects) if message.startswith(f"{one}:"))
        return next(begun, len(subjects))

    return sorted(messages, key=place)


def _receipts(lake: Path, run_id: str, files: FactoryFiles) -> Iterable[Receipt]:
    for one in tables(files):
        folder = lake / "control" / "receipts" / f"{one['schema']}.{one['table']}"
        found = [read_receipt(file) for file in folder.glob(f"{run_id}*.json")]
        yield from sorted(found, key=lambda receipt: receipt.ended_at)


def _reference_names(environment: Environment) -> tuple[str, ...]:
    listed = environment.files.pipeline(PIPELINE)["parameters"]["references"]["defaultValue"]
    return tuple(one["name"] for one in listed)


def _references(lake: Path, run_id: str, names: Iterable[str]) -> Iterable[Reference]:
    for name in names:
        file = f"bronze/github/{name}/{run_id}.csv"
        landed = (lake / file).is_file()
        yield Reference(
            name, file if landed else None, (lake / file).stat().st_size if landed else 0
        )
