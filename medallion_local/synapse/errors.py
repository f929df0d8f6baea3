"""What the stand-in refuses, with the number that SQL Server has for it where there is one."""

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
