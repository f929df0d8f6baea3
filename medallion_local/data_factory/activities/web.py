"""`WebActivity`: sends one HTTP request and returns the response as the output.

Source: https://learn.microsoft.com/azure/data-factory/control-flow-web-activity
"""

import json
from typing import Any
from urllib.parse import urlsplit

from medallion.adf.language.errors import NOT_HERE, ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.timespans import seconds
from medallion.adf.language.values import to_text
from medallion.adf.places import Place
from medallion_local.data_factory.activities.properties import only
from medallion_local.data_factory.connectors.http import request
from medallion_local.data_factory.environment import Environment

LOOPBACK = ("localhost", "127.0.0.1", "::1")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
KNOWN = {"method", "url", "headers", "body", "authentication", "httpRequestTimeout"}
KNOWN |= {"connectVia"}  # the integration runtime; here there is only this machine
DEFAULT_TIMEOUT_SECONDS = 60.0  # Data Factory waits one minute for a response


def web_activity(
    environment: Environment, activity: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """The properties of a JSON object, else the text as `Response`, plus the response's headers."""
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    only(properties, KNOWN, f"activity '{activity['name']}'")
    if properties["method"] not in METHODS:
        raise ActivityError(f"WebActivity does not support the method '{properties['method']}'.")
    body = properties.get("body")
    content = None if body is None else to_text(body).encode()
    limit = properties.get("httpRequestTimeout")
    _check_host(environment, properties["url"], activity["name"])
    headers = {name: to_text(value) for name, value in properties.get("headers", {}).items()}
    got = request(
        properties["method"],
        properties["url"],
        headers | _sign_in(environment, properties.get("authentication"), activity["name"]),
        content,
        seconds(limit) if limit else DEFAULT_TIMEOUT_SECONDS,
    )
    return {**_body(got.body), "ADFWebActivityResponseHeaders": got.headers}


def _check_host(environment: Environment, url: Any, activity: str) -> None:
    """Keep another factory's requests on this machine, unless its user allows others."""
    host = urlsplit(str(url)).hostname or ""
    if not environment.online and host not in LOOPBACK:
        raise ActivityError(
            f"WebActivity '{activity}' would call '{host}', outside this machine; "
            "allow that with --online.",
            NOT_HERE,
        )


def _sign_in(
    environment: Environment, authentication: dict[str, Any] | None, activity: str
) -> dict[str, str]:
    """The header that the factory's managed identity adds when `MSI` names a resource."""
    if not authentication:
        return {}
    where = f"activity '{activity}'"
    only(authentication, {"type", "resource"}, where)
    if authentication.get("type") != "MSI":
        raise not_supported("Web authentication", str(authentication.get("type")), where)
    resource = str(authentication.get("resource", "")).rstrip("/")
    if resource not in environment.tokens:
        raise not_supported("Managed identity for", resource, where)
    return {"Authorization": f"Bearer {environment.tokens[resource]}"}


def _body(content: bytes) -> dict[str, Any]:
    text = content.decode("utf-8", errors="replace")
    try:
        parsed = json.loads(text)
    except ValueError:
        return {"Response": text}
    return parsed if isinstance(parsed, dict) else {"Response": text}
