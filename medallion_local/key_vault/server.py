"""A vault behind HTTPS: authenticates and authorizes callers, and passes their operations on."""

import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from medallion_local import http as web
from medallion_local.http import Answer, Request
from medallion_local.key_vault.access import Access
from medallion_local.key_vault.errors import VaultError, bad_parameter
from medallion_local.key_vault.operations import OPERATIONS, Call
from medallion_local.key_vault.store import Store

VERSIONS = frozenset({"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"})


@dataclass
class Vault:
    """A vault: its secrets, its access rules, and its requests as `METHOD /PATH STATUS`.

    `faults` replace the answers to the next requests of callers that are signed in, one by one.
    """

    access: Access
    store: Store = field(default_factory=Store)
    faults: deque[VaultError] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)

    def throttle(self, times: int, seconds: float) -> None:
        """Answer the next requests with 429, and request a pause of some seconds."""
        self.disturb(
            times,
            VaultError(
                429,
                "Throttled",
                "Request was not processed because too many requests were received.",
                headers={"Retry-After": f"{seconds:g}"},
            ),
        )

    def disturb(self, times: int, fault: VaultError) -> None:
        """Answer the next requests with a fault."""
        self.faults.extend([fault] * times)


@contextmanager
def serving(vault: Vault, tls: ssl.SSLContext, port: int = 0) -> Iterator[str]:
    """Serve a vault while the block runs; yields its URL, by default on a free port."""

    def recorded(request: Request, answer: Answer) -> Answer:
        vault.requests.append(f"{request.method} /{'/'.join(request.segments)} {answer.status}")
        return answer

    def admit(request: Request) -> Answer | None:
        try:
            vault.access.identify(request.bearer)
        except VaultError as error:
            return recorded(request, error.answer())
        return None

    def respond(request: Request) -> Answer:
        try:
            answer = _respond(vault, request)
        except VaultError as error:
            answer = error.answer()
        return recorded(request, answer)

    with web.serving(respond, tls, port, admit=admit) as bound:
        yield f"https://localhost:{bound}"


def _respond(vault: Vault, request: Request) -> Answer:
    identity = vault.access.identify(request.bearer)
    if vault.faults:
        raise vault.faults.popleft()
    version = request.query.get("api-version")
    if version not in VERSIONS:
        raise bad_parameter(
            f"The specified version ({version}) is not recognized: this vault knows "
            f"{', '.join(sorted(VERSIONS))}."
        )
    for method, pattern, action, operation in OPERATIONS:
        names = _match(pattern, request.segments) if method == request.method else None
        if names is not None:
            vault.access.demand(identity, action)
            return operation(Call(vault.store, request), *names)
    raise VaultError(
        501,
        "NotImplemented",
        f"The local vault does not serve {request.method} /{'/'.join(request.segments)}.",
    )


def _match(pattern: str, segments: tuple[str, ...]) -> list[str] | None:
    """The parts of the path that match the asterisks of the pattern, if the path matches it."""
    parts = pattern.split("/")
    if len(parts) != len(segments):
        return None
    if any(part not in ("*", segment) for part, segment in zip(parts, segments, strict=True)):
        return None
    return [segment for part, segment in zip(parts, segments, strict=True) if part == "*"]
