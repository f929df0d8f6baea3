"""The two kinds of errors of a Data Factory run."""

from typing import Any

from medallion.errors import MedallionError

NOT_HERE = "NotSupportedLocally"  # the error code of features that only Azure has


class ExpressionError(MedallionError):
    """An expression that Data Factory's template language rejects."""


class ActivityError(MedallionError):
    """A failed activity: the value of `activity('x').error` afterwards.

    `code` is Data Factory's `errorCode`; `kind` its `failureType` (`UserError` or `SystemError`).
    `output` is the output that the activity has despite the failure.
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
        f"{what} '{name}' in {where} has no local replacement; run it in Azure.",
        NOT_HERE,
    )
