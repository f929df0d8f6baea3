"""`HttpServer` and `WebActivity`: real HTTP requests."""

import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from medallion.adf.language.errors import ActivityError, not_supported
from medallion_local.data_factory.datasets import Dataset
from medallion_local.data_factory.environment import Environment

LONGEST_BODY_BYTES = 4 * 1024 * 1024  # Data Factory's limit on a WebActivity's response


@dataclass(frozen=True)
class Response:
    """A response whose status is below 400."""

    status: int
    headers: dict[str, str]
    body: bytes


def address_of(environment: Environment, dataset: Dataset) -> str:
    """The address of an HTTP dataset's file: the service's `url`, then its `relativeUrl`."""
    kind = dataset.service.properties.get("authenticationType", "Anonymous")
    if kind != "Anonymous":
        raise not_supported("HTTP authentication", kind, f"'{dataset.service.name}'")
    if environment.places is None:
        base = str(dataset.service.properties["url"]).rstrip("/") + "/"
    else:
        base = environment.place(dataset.service.name).rstrip("/") + "/"
    return urljoin(base, str(dataset.location.get("relativeUrl", "")).lstrip("/"))


def request(
    method: str, url: str, headers: dict[str, str], body: bytes | None, timeout: float
) -> Response:
    """Send one request. Raises `ActivityError` for a status of 400 and above, or no answer."""
    try:
        with urllib.request.urlopen(_prepared(method, url, headers, body), timeout=timeout) as got:
            content = got.read(LONGEST_BODY_BYTES + 1)
            if len(content) > LONGEST_BODY_BYTES:
                raise ActivityError(f"The response of {url} is larger than 4 MB.", "2001")
            return Response(got.status, dict(got.headers.items()), content)
    except urllib.error.HTTPError as error:
        raise _refused(url, error) from None
    except (OSError, ValueError) as error:
        raise ActivityError(f"{url} does not answer: {error}.", "2108", "SystemError") from None


def download(url: str, target: Path, timeout: float) -> int:
    """Stream a file to `target` and return the number of its bytes."""
    try:
        with urllib.request.urlopen(_prepared("GET", url, {}, None), timeout=timeout) as got:
            with target.open("wb") as file:
                shutil.copyfileobj(got, file, 1 << 20)
            expected = got.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        raise _refused(url, error) from None
    except (OSError, ValueError) as error:
        raise ActivityError(f"{url} does not answer: {error}.", "2108", "SystemError") from None
    size = target.stat().st_size
    if expected is not None and int(expected) != size:
        raise ActivityError(f"{url} ended after {size} of {expected} bytes.", "2108", "SystemError")
    return size


def _prepared(
    method: str, url: str, headers: dict[str, str], body: bytes | None
) -> urllib.request.Request:
    if not url.startswith(("http://", "https://")):
        raise ActivityError(f"'{url}' is not an HTTP address; it must begin with https://.")
    return urllib.request.Request(url, data=body, headers=headers, method=method)


def _refused(url: str, error: urllib.error.HTTPError) -> ActivityError:
    return ActivityError(f"{url} answered {error.code} {error.reason}.", str(error.code))
