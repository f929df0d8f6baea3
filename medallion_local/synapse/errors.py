"""Errors of the Synapse emulator, with SQL Server's number where SQL Server has the same error."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from medallion.errors import MedallionError

SYNTAX, LOGIN, DATABASE, OBJECT, COLUMN = 102, 18456, 4060, 208, 207
PERMISSION, FEATURE = 262, 15871


class TSqlError(MedallionError):
    """A rejected statement. `number` is the error number; 15871 means not supported."""

    def __init__(self, message: str, number: int = FEATURE) -> None:
        super().__init__(message)
        self.number = number


def unsupported(what: str) -> TSqlError:
    """The error for an unsupported statement or construct, which it names."""
    return TSqlError(f"{what} is not supported by the emulator of Synapse serverless.")


def numbered(message: str) -> TSqlError:
    """A message of the compiler or the engine as an error, with the number that it contains."""
    found = re.search(r"Msg (\d+): (.*)", message, re.DOTALL)
    return TSqlError(found[2], int(found[1])) if found else TSqlError(message)


@contextmanager
def as_tsql_errors() -> Iterator[None]:
    """Raise the compiler's errors as `TSqlError`."""
    try:
        yield
    except TSqlError:
        raise
    except MedallionError as error:
        raise numbered(str(error)) from error
