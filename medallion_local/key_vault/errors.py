"""Errors as Key Vault answers them: a status, a code, a message, sometimes an inner code."""

from collections.abc import Mapping

from medallion_local.http import Answer


class VaultError(Exception):
    """What a request is answered by when it fails."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        inner: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.inner = status, code, inner
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        """The error in Key Vault's JSON."""
        error: dict[str, object] = {"code": self.code, "message": str(self)}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return Answer(self.status, {"error": error}, self.headers)


def not_found(name: str) -> VaultError:
    """There is no such secret, or no such version of it."""
    return VaultError(
        404,
        "SecretNotFound",
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted "
        "this secret you may be able to recover it using the correct recovery command.",
    )


def bad_parameter(message: str) -> VaultError:
    """The request cannot be understood."""
    return VaultError(400, "BadParameter", message)
