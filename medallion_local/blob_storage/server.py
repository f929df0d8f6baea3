"""The Blob service's REST API on the loopback: Get Blob, Get Blob Properties, Put Blob.

It supports what the pipelines use: a bearer token, conditional headers and block blobs. Any other
request gets an error that names it, as from the service: an `x-ms-error-code` and a text.
Source: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from medallion import disk
from medallion_local import http as web
from medallion_local.blob_storage import blobs
from medallion_local.http import Answer, Request
from medallion_local.lake_paths import LakePathError, path_in

OLDEST_VERSION_WITH_TOKENS = "2017-11-09"
CONDITIONS = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}
SERVED = {  # the conditional headers of each method
    "GET": {"If-None-Match"},
    "HEAD": {"If-None-Match"},
    "PUT": {"If-Match", "If-None-Match"},
}


@contextmanager
def serving(lake: Path, token: str) -> Iterator[str]:
    """Serve the lake while the block runs; yields the account's URL, on a free port."""
    with web.serving(partial(_respond, lake), admit=partial(_admit, token)) as port:
        yield f"http://127.0.0.1:{port}"


def _admit(token: str, request: Request) -> Answer | None:
    if request.bears(token):
        return None
    return _refused(401, "InvalidAuthenticationInfo", "the bearer token is not valid")


def _respond(lake: Path, request: Request) -> Answer:
    parts = request.path.strip("/").split("/")
    if request.headers.get("x-ms-version", "") < OLDEST_VERSION_WITH_TOKENS:
        return _refused(400, "InvalidHeaderValue", "x-ms-version is missing or too old")
    if request.method not in SERVED:
        return _refused(501, "NotImplemented", f"the emulator does not support '{request.method}'")
    given = CONDITIONS & set(request.headers) - SERVED[request.method]
    if request.query or given:
        what = ", ".join(request.query or given)
        return _refused(501, "NotImplemented", f"the emulator does not support '{what}'")
    if len(parts) < 2 or any(part in ("", ".", "..") for part in parts):
        return _refused(400, "InvalidUri", f"'{request.path}' is not the path of a blob")
    try:
        file = path_in(lake, parts[0], "/".join(parts[1:]))
    except LakePathError as error:
        return _refused(400, "InvalidResourceName", str(error))
    return _put(lake, file, request) if request.method == "PUT" else _get(file, request)


def _get(file: Path, request: Request) -> Answer:
    found = blobs.read(file)
    if found is None:
        return _refused(404, "BlobNotFound", "the specified blob does not exist")
    content, tag = found
    if request.headers.get("If-None-Match") == tag:
        return Answer(304, headers={"ETag": tag})
    return Answer(200, content, {"ETag": tag})


def _put(lake: Path, file: Path, request: Request) -> Answer:
    kind = request.headers.get("x-ms-blob-type")
    if kind != "BlockBlob":
        return _refused(400, "InvalidHeaderValue", f"x-ms-blob-type is '{kind}'")
    match, none = (request.headers.get(name, "") for name in ("If-Match", "If-None-Match"))
    if none not in ("", "*"):
        return _refused(400, "InvalidHeaderValue", f"If-None-Match is '{none}'")
    try:
        tag = blobs.write(lake, file, request.body, match, none)
    except blobs.ConditionNotMetError:
        status, code = (409, "BlobAlreadyExists") if none else (412, "ConditionNotMet")
        return _refused(status, code, "the blob has changed")
    except OSError as error:  # an error of the local disk, which the service does not have
        reason_text = disk.sentence(error) or str(error)
        return _refused(507, "InternalError", reason_text, reason=reason_text)
    return Answer(201, headers={"ETag": tag})


def _refused(status: int, code: str, why: str, reason: str | None = None) -> Answer:
    headers = {"x-ms-error-code": code, "Content-Type": "text/plain; charset=utf-8"}
    return Answer(status, f"{code}: {why}".encode(), headers, reason)
