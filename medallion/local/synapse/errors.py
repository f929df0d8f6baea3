"""What the stand-in refuses, with the number that SQL Server has for it where there is one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from medallion.errors import MedallionError

SYNTAX, LOGIN, DATABASE, OBJECT, COLUMN = 102, 18456, 4060, 208, 207
PERMISSION, FEATURE = 262, 15871


class TSqlError(MedallionError):
    """A statement that is refused: `number` is the error's, 15871 for what is not supported."""

    def __init__(self, message: str, number: int = FEATURE) -> None:
        super().__init__(message)
        self.number = number


def unsupported(what: str) -> TSqlError:
    """The refusal of a statement or construct, which it names."""
    return TSqlError(f"{what} is not supported by the stand-in for Synapse serverless.")


def numbered(message: str) -> TSqlError:
    """A sentence of the compiler, or an error of the engine, under the number that it holds."""
    found = re.search(r"Msg (\d+): (.*)", message, re.DOTALL)
    return TSqlError(found[2], int(found[1])) if found else TSqlError(message)


@contextmanager
def as_tsql_errors() -> Iterator[None]:
    """The compiler's refusals as `TSqlError`."""
    try:
        yield
    except TSqlError:
        raise
    except MedallionError as error:
        raise numbered(str(error)) from error
