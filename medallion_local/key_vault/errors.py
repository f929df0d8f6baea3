"""Errors in Key Vault's form: a status, a code, a message, and optionally an inner code."""

from collections.abc import Mapping

from medallion_local.http import Answer


class VaultError(Exception):
    """An error that answers a request."""

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
        """The error as Key Vault's JSON."""
        error: dict[str, object] = {"code": self.code, "message": str(self)}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return Answer(self.status, {"error": error}, self.headers)


def not_found(name: str) -> VaultError:
    """The error for a secret, or a version of it, that does not exist."""
    return VaultError(
        404,
        "SecretNotFound",
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted "
        "this secret you may be able to recover it using the correct recovery command.",
    )


def bad_parameter(message: str) -> VaultError:
    """The error for a request that cannot be understood."""
    return VaultError(400, "BadParameter", message)
