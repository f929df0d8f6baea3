"""The two ways in which a Data Factory run goes wrong."""

from typing import Any

from medallion.errors import MedallionError

NOT_HERE = "NotSupportedLocally"  # the code of what only Azure can do


class ExpressionError(MedallionError):
    """An expression that Data Factory's template language refuses."""


class ActivityError(MedallionError):
    """A failed activity: what `activity('x').error` holds afterwards.

    `code` is Data Factory's `errorCode`; `kind` its `failureType` (`UserError` or `SystemError`).
    `output` is what the activity leaves all the same.
    """

    def __init__(
        self,
        message: str,
        code: str = "UserError",
        kind: str = "UserError",
        output: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.output = output or {}


def not_supported(what: str, name: str, where: str) -> ActivityError:
    """The error for anything in `adf/` that the local engine does not execute."""
    return ActivityError(
        f"{what} '{name}' in {where} has no local stand-in; run it in Azure.",
        NOT_HERE,
    )
