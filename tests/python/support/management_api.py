"""A Data Factory in Azure, as its management API shows it, on the loopback; and tiny pipelines."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medallion.adf.files import ADF_FOLDER, FactoryFiles
from medallion.home import Home
from medallion.ingestion.azure.settings import Factory
from medallion_local import http as web
from medallion_local.certificates import Certificates, server_context, trusting
from medallion_local.data_factory.service.runs import Runs
from medallion_local.data_factory.service.server import Service, serving
from medallion_local.entra_id.directory import Directory
from medallion_local.entra_id.server import serving as serving_identity
from medallion_local.http import Answer, Request

SUBSCRIPTION = "00000000-0000-0000-0000-0000000005b5"
GROUP = "rg-medallion"
NAME = "adf-medallion"


@dataclass
class ManagementApi:
    """The factory that clients see, its backend, and the hooks of the tests.

    `requests` are the requests so far. An answer in `disturbances` replaces the answer to the next
    request whose method and path end with its key.
    """

    factory: Factory
    runs: Runs
    environment: dict[str, str]
    requests: list[str] = field(default_factory=list)
    disturbances: list[tuple[str, Answer]] = field(default_factory=list)
    whenever: Callable[[str], None] = lambda line: None

    def disturb(self, request: Request) -> Answer | None:
        """Record a request, and answer it if a disturbance matches."""
        line = f"{request.method} {'/'.join(request.segments[8:])}"
        self.requests.append(line)
        self.whenever(line)
        for one in self.disturbances:
            if one[0] in line:
                self.disturbances.remove(one)
                return one[1]
        return None

    def count(self, what: str) -> int:
        """The number of requests so far whose method and path contain the text."""
        return sum(what in one for one in self.requests)


@contextmanager
def management_api(
    home: Home,
    certificates: Certificates,
    files: FactoryFiles | None = None,
    *,
    page_size: int = 100,
    operator: bool = True,
) -> Iterator[ManagementApi]:
    """Serve a factory that runs `files` in a home. The machine's identity is its operator."""
    tls, directory, runs = server_context(certificates), Directory(), Runs(home, files)
    operators = frozenset({directory.managed} if operator else {})
    place = (SUBSCRIPTION, GROUP, NAME)
    made: list[ManagementApi] = []
    service = Service(
        *place,
        runs,
        directory.issuer,
        operators,
        page_size,
        lambda request: made[0].disturb(request),
    )
    with serving_identity(directory, tls) as identity, serving(service, tls) as endpoint:
        environment = {
            "MEDALLION_SUBSCRIPTION_ID": SUBSCRIPTION,
            "MEDALLION_RESOURCE_GROUP": GROUP,
            "MEDALLION_ARM_ENDPOINT": endpoint,
            "MEDALLION_AZURE_AUTH": "managed_identity",
            "REQUESTS_CA_BUNDLE": str(trusting(certificates, None)),
            **identity.app_service,
        }
        made.append(ManagementApi(Factory(*place, endpoint), runs, environment))
        yield made[0]


@contextmanager
def slow(seconds: float) -> Iterator[str]:
    """The address of a server that answers after some seconds."""

    def respond(request: Request) -> Answer:
        time.sleep(seconds)
        return Answer(200, {})

    with web.serving(respond) as port:
        yield f"http://127.0.0.1:{port}"


def tiny(folder: Path, url: str, broken: str = "") -> FactoryFiles:
    """The real `pl_ingest` over tables that call `url`, and then write a receipt or fail."""
    (folder / "pipeline").mkdir(parents=True)
    shutil.copytree(ADF_FOLDER / "factory", folder / "factory")
    for name in ("pl_ingest", "pl_alert"):
        shutil.copy(ADF_FOLDER / "pipeline" / f"{name}.json", folder / "pipeline")
    asks = {
        "name": "Take a while",
        "type": "WebActivity",
        "typeProperties": {"method": "GET", "url": url},
    }
    gap = {
        "name": "Gap",
        "type": "Fail",
        "typeProperties": {"message": "the log has a gap.", "errorCode": "Gap"},
    }
    breaks = {
        "name": "If it is broken",
        "type": "IfCondition",
        "dependsOn": _after("Take a while"),
        "typeProperties": {
            "expression": _expression(f"@equals(pipeline().parameters.table.table, '{broken}')"),
            "ifTrueActivities": [gap],
        },
    }
    window = {
        "mode": _expression("@if(empty(pipeline().parameters.from_date), 'increment', 'backfill')"),
        "from_lsn": "0x00000000000000000011",
        "to_lsn": "0x00000000000000000022",
        "rows_written": 7,
        "bytes": 700,
    }
    passed = {
        name: _expression(f"@pipeline().parameters.{name}")
        for name in ("table", "from_date", "to_date", "run_id", "started_at")
    }
    leaves = _invoking("Leave receipt", "pl_write_receipt", window | passed)
    leaves["dependsOn"] = _after("If it is broken")
    _write(folder, "pl_write_receipt", [_wait("Write receipt")])
    _write(folder, "pl_ingest_window", [asks, breaks, leaves])
    _write(folder, "pl_ingest_table", [_invoking("Ingest window", "pl_ingest_window", passed)])
    _write(folder, "pl_ingest_reference", [_wait("Ask for ETag")])
    return FactoryFiles(folder)


def _write(folder: Path, name: str, activities: list[dict[str, Any]]) -> None:
    """Write a pipeline with the parameters of the real one."""
    parameters = FactoryFiles().pipeline(name)["parameters"]
    properties = {"parameters": parameters, "activities": activities}
    content = json.dumps({"name": name, "properties": properties})
    (folder / "pipeline" / f"{name}.json").write_text(content)


def _invoking(name: str, pipeline: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "ExecutePipeline",
        "typeProperties": {
            "pipeline": {"referenceName": pipeline, "type": "PipelineReference"},
            "waitOnCompletion": True,
            "parameters": parameters,
        },
    }


def _wait(name: str) -> dict[str, Any]:
    return {"name": name, "type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}}


def _after(activity: str) -> list[dict[str, Any]]:
    return [{"activity": activity, "dependencyConditions": ["Succeeded"]}]


def _expression(text: str) -> dict[str, str]:
    return {"value": text, "type": "Expression"}
