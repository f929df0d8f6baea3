"""HTTPS in front of the Thrift service, and the few REST paths that clients probe."""

import ssl

from databricks.sql.thrift_api.TCLIService import TCLIService
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.TTransport import TMemoryBuffer

from medallion_local.databricks_sql.lifecycle.state import HTTP_PATH
from medallion_local.databricks_sql.protocol.service import Service
from medallion_local.databricks_sql.protocol.statement_api import STATEMENTS, StatementApi
from medallion_local.http import Answer, Request, Server

_DISCOVERY = "/.well-known/databricks-config"
_WORKSPACE = {"host_type": "workspace", "oidc_endpoint": "", "workspace_id": "0"}


def server(service: Service, port: int, token: str, tls: ssl.SSLContext) -> Server:
    """A listening server on 127.0.0.1; `serve_forever` runs it."""
    processor = TCLIService.Processor(service)
    api = StatementApi(service, service.warehouse)
    clients = service.operations.clients

    def admit(request: Request) -> Answer | None:
        if (request.method, request.path) == ("GET", _DISCOVERY):
            return Answer(200, _WORKSPACE)
        of_api = _is_of_api(request)
        if not of_api and (request.method, request.path) != ("POST", HTTP_PATH):
            message = (
                f"The local warehouse has no {request.path}: jobs, notebooks, pipelines and "
                "clusters do not exist here, so Python models do not run."
            )
            return Answer(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": message})
        if not request.bears(token):
            return Answer(401, {"error_code": "UNAUTHENTICATED"})
        return None

    def respond(request: Request) -> Answer:
        if _is_of_api(request):
            return api.respond(request)
        incoming, outgoing = TMemoryBuffer(request.body), TMemoryBuffer()
        with clients.on(request.connection):
            processor.process(
                TBinaryProtocolAccelerated(incoming), TBinaryProtocolAccelerated(outgoing)
            )
        return Answer(200, outgoing.getvalue(), {"Content-Type": "application/x-thrift"})

    return Server(respond, tls, port, admit=admit, left=clients.left)


def _is_of_api(request: Request) -> bool:
    return request.segments[:3] == STATEMENTS[:3]
