"""The arguments and the result of an ingestion, the same on this machine and in Azure."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from medallion.adf.files import FactoryFiles
from medallion.errors import MedallionError
from medallion.ingestion.receipts import Receipt

PIPELINE = "pl_ingest"

# The prefix that ExecutePipeline and the containers add to the message of the failed activity.
RISEN = re.compile(
    r"Operation on target [^:]+? failed: "
    r"|Activity failed because an inner activity failed; Inner activity name: [^:]+?, Error: "
)


@dataclass(frozen=True)
class Reference:
    """A reference file: `file` is where it landed, or None when it had not changed."""

    name: str
    file: str | None
    bytes: int


@dataclass(frozen=True)
class IngestResult:
    """The result of one run of `pl_ingest`."""

    run_id: str
    status: str
    error: str | None
    receipts: list[Receipt]
    references: list[Reference]
    notices: list[str]
    seconds: float

    @property
    def rows(self) -> int:
        """The rows landed, over all tables."""
        return sum(receipt.rows_written for receipt in self.receipts)

    @property
    def bytes(self) -> int:
        """The bytes of Parquet landed, over all tables."""
        return sum(receipt.bytes for receipt in self.receipts)


def tables(files: FactoryFiles | None = None) -> list[dict[str, Any]]:
    """The table list, which is the default of the parameter `tables`."""
    parameters = (files or FactoryFiles()).pipeline(PIPELINE)["parameters"]
    listed: list[dict[str, Any]] = parameters["tables"]["defaultValue"]
    return listed


def lists_nothing() -> bool:
    """Whether the pipeline lists neither a table nor a reference file, as in a new project."""
    parameters = FactoryFiles().pipeline(PIPELINE)["parameters"]
    return not any(parameters[name]["defaultValue"] for name in ("tables", "references"))


def run_parameters(
    files: FactoryFiles,
    table: str | None,
    from_date: str | dt.date | None,
    to_date: str | dt.date | None,
    allow_partial: bool = False,
) -> dict[str, Any]:
    """The parameters of `pl_ingest`; raises `MedallionError` for invalid arguments."""
    known = [str(one["table"]) for one in tables(files)]
    return arguments(known, table, from_date, to_date, allow_partial)


def arguments(
    tables: list[str],
    table: str | None,
    from_date: str | dt.date | None,
    to_date: str | dt.date | None,
    allow_partial: bool = False,
) -> dict[str, Any]:
    """The parameters of `pl_ingest` for all of `tables` or one, and for the days of a backfill.

    `allow_partial` lands the remaining changes of days for which the source no longer has all.
    Raises `MedallionError` for an unknown table, invalid dates, or dates in the wrong order.
    """
    found = {
        "table": _known(tables, table),
        "from_date": _day("--from", from_date),
        "to_date": _day("--to", to_date),
    }
    _check_range(found["from_date"], found["to_date"])
    if allow_partial and not found["from_date"]:
        raise MedallionError("--allow-partial is only for a backfill; add --from and --to.")
    return {**found, "allow_partial": allow_partial}


def cause(message: str) -> str:
    """The message of the failed activity, without the prefixes of the activities that called it."""
    return RISEN.sub("", message)


def _known(tables: list[str], table: str | None) -> str:
    if table is None:
        return ""
    bare = table.removeprefix("dbo.").lower()
    for name in tables:
        if name.lower() == bare:
            return name
    raise MedallionError(f"The table '{table}' is not ingested; use one of {', '.join(tables)}.")


def _day(option: str, value: str | dt.date | None) -> str:
    if value is None or value == "":
        return ""
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise MedallionError(f"{option} '{value}' is not a valid date; use YYYY-MM-DD.") from None


def _check_range(from_date: str, to_date: str) -> None:
    if bool(from_date) != bool(to_date):
        raise MedallionError("A backfill needs both --from and --to; add the missing option.")
    if from_date > to_date:
        raise MedallionError(f"--from {from_date} is after --to {to_date}; swap them.")
