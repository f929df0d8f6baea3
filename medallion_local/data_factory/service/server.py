"""Serves a factory's runs as https://management.azure.com does.

Tokens of the local directory are checked, and of the identities only some hold a role on the
factory. Error codes are from memory where Microsoft documents none.
Source: https://learn.microsoft.com/rest/api/datafactory/pipelines/create-run
"""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from medallion.errors import MedallionError
from medallion_local import http as web
from medallion_local.data_factory.service import queries
from medallion_local.data_factory.service.runs import Runs
from medallion_local.entra_id.tokens import Issuer, TokenError
from medallion_local.http import Answer, Request

AUDIENCE = "https://management.azure.com"
API_VERSION = "2018-06-01"
PAGE_SIZE = 100


def _undisturbed(request: Request) -> Answer | None:
    return None


@dataclass(frozen=True)
class Service:
    """A factory's place in Azure, its runs, and who may use it.

    `operators` are the client ids that hold a role on the factory. `disturb` may answer a request
    in the service's place, as a service does that is busy or broken.
    """

    subscription: str
    resource_group: str
    factory: str
    runs: Runs
    issuer: Issuer
    operators: frozenset[str]
    page_size: int = PAGE_SIZE
    disturb: Callable[[Request], Answer | None] = _undisturbed


@contextmanager
def serving(service: Service, tls: ssl.SSLContext) -> Iterator[str]:
    """Serve a factory while the block runs; yields the endpoint. Runs under way end with it."""
    try:
        with web.serving(partial(_respond, service), tls, admit=partial(_refused, service)) as port:
            yield f"https://127.0.0.1:{port}"
    finally:
        service.runs.close()


def _respond(service: Service, request: Request) -> Answer:
    if (answer := service.disturb(request)) is not None:
        return answer
    return _served(service, request)


def _refused(service: Service, request: Request) -> Answer | None:
    """An error if the resource manager rejects the request before it reaches the factory."""
    try:
        claims = service.issuer.check(request.bearer)
    except (TokenError, ValueError) as error:
        return _error(401, "InvalidAuthenticationToken", f"The access token is invalid: {error}.")
    if claims.audience.rstrip("/") != AUDIENCE:
        why = f"The access token has been obtained for the wrong audience '{claims.audience}'."
        return _error(401, "InvalidAuthenticationTokenAudience", why)
    if request.query.get("api-version") != API_VERSION:
        why = f"The api-version '{request.query.get('api-version')}' is not {API_VERSION}."
        return _error(400, "InvalidApiVersionParameter", why)
    place = [part.lower() for part in request.segments[:8]]
    if place[:2] != ["subscriptions", service.subscription.lower()]:
        return _error(404, "SubscriptionNotFound", "The subscription could not be found.")
    if claims.identity not in service.operators:
        why = (
            f"The client '{claims.identity}' does not have authorization to perform the action, "
            "or the scope is invalid."
        )
        return _error(403, "AuthorizationFailed", why)
    if place[2:4] != ["resourcegroups", service.resource_group.lower()]:
        return _error(404, "ResourceGroupNotFound", "The resource group could not be found.")
    if place[4:] != ["providers", "microsoft.datafactory", "factories", service.factory.lower()]:
        return _error(404, "ResourceNotFound", "The resource was not found.")
    return None


def _served(service: Service, request: Request) -> Answer:
    tail = (request.method, *request.segments[8:])
    try:
        match tail:
            case ("POST", "pipelines", name, "createRun"):
                return _create(service, request, name)
            case ("GET", "pipelineruns", run_id):
                return _get(service, run_id)
            case ("POST", "pipelineruns", run_id, "cancel"):
                return _cancel(service, request, run_id)
            case ("POST", "queryPipelineRuns"):
                found = service.runs.all()
                return Answer(200, _page(service, request, found, queries.RUNS))
            case ("POST", "pipelineruns", run_id, "queryActivityruns"):
                found = service.runs.activities(run_id)
                return Answer(200, _page(service, request, found, queries.ACTIVITIES))
    except queries.QueryError as error:
        return _error(400, "BadRequest", f"The query is not answered: {error}.")
    return _error(501, "NotImplemented", f"'{' '.join(tail)}' is not supported by the emulator.")


def _create(service: Service, request: Request, name: str) -> Answer:
    if options := set(request.query) - {"api-version"}:
        return _error(501, "NotImplemented", f"'{min(options)}' is not supported by the emulator.")
    if name not in service.runs.files.pipelines():
        return _error(404, "EntityNotFound", f"The pipeline '{name}' does not exist.")
    try:
        parameters = _body(request)
        return Answer(200, {"runId": service.runs.start(name, parameters)})
    except MedallionError as error:
        return _error(400, "BadRequest", str(error))


def _get(service: Service, run_id: str) -> Answer:
    shown = service.runs.one(run_id)
    if shown is None:
        return _error(404, "PipelineRunNotFound", f"The pipeline run '{run_id}' was not found.")
    return Answer(200, shown)


def _cancel(service: Service, request: Request, run_id: str) -> Answer:
    # without it, the runs that a run started go on, which the engine cannot do
    if request.query.get("isRecursive", "").lower() != "true":
        return _error(501, "NotImplemented", "The emulator does not support 'isRecursive=false'.")
    if not service.runs.cancel(run_id):
        return _error(404, "PipelineRunNotFound", f"The pipeline run '{run_id}' was not found.")
    return Answer(200)


def _page(
    service: Service, request: Request, found: list[dict[str, Any]], fields: dict[str, str]
) -> dict[str, Any]:
    return queries.page(found, _body(request), fields, service.page_size)


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise queries.QueryError("the body is not a JSON object")
    return body


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})
