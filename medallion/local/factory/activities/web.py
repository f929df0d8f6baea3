"""`WebActivity`: one HTTP request, its response as the output.

Source: https://learn.microsoft.com/azure/data-factory/control-flow-web-activity
"""

import json
from typing import Any

from medallion.local.factory.activities.properties import only
from medallion.local.factory.connectors.http import request
from medallion.local.factory.control import seconds
from medallion.local.factory.environment import Environment
from medallion.local.factory.errors import ActivityError
from medallion.local.factory.scope import Scope, resolve
from medallion.local.factory.values import to_text

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
KNOWN = {"method", "url", "headers", "body", "httpRequestTimeout", "disableCertValidation"}
DEFAULT_TIMEOUT_SECONDS = 60.0  # Data Factory waits one minute for a response


def web_activity(
    environment: Environment, activity: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """A JSON object's properties, else the text as `Response`; and the response's headers."""
    properties = resolve(activity["typeProperties"], scope)
    only(properties, KNOWN, f"activity '{activity['name']}'")
    if properties["method"] not in METHODS:
        raise ActivityError(f"WebActivity knows no method '{properties['method']}'.")
    body = properties.get("body")
    content = None if body is None else to_text(body).encode()
    limit = properties.get("httpRequestTimeout")
    got = request(
        properties["method"],
        properties["url"],
        {name: to_text(value) for name, value in properties.get("headers", {}).items()},
        content,
        seconds(limit) if limit else DEFAULT_TIMEOUT_SECONDS,
    )
    return {**_body(got.body), "ADFWebActivityResponseHeaders": got.headers}


def _body(content: bytes) -> dict[str, Any]:
    text = content.decode("utf-8", errors="replace")
    try:
        parsed = json.loads(text)
    except ValueError:
        return {"Response": text}
    return parsed if isinstance(parsed, dict) else {"Response": text}
