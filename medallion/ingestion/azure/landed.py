"""The data that a run in Azure landed, read from the monitor.

The pipelines pass the ingestion's run id on in their parameter `run_id`, which identifies their
runs. The receipt of a window is in the parameters of `pl_write_receipt`.
"""

from collections.abc import Iterable

from azure.mgmt.datafactory.models import ActivityRun, PipelineRun

from medallion.ingestion.azure.monitor import given
from medallion.ingestion.receipts import Receipt
from medallion.ingestion.request import Reference, cause

TABLE = "pl_ingest_table"
REFERENCE = "pl_ingest_reference"
RECEIPT = "pl_write_receipt"
WINDOW = "pl_ingest_window"
FOLLOWED = [TABLE, WINDOW, REFERENCE, RECEIPT]


def belongs(run: PipelineRun, run_id: str) -> bool:
    """Whether a run is part of the ingestion `run_id`."""
    return (run.parameters or {}).get("run_id") == run_id


def subject(run: PipelineRun) -> str | None:
    """The table or reference file of a run."""
    about = given(run, "table") or given(run, "reference") or {}
    return about.get("table") or about.get("name")


def receipts(runs: Iterable[PipelineRun]) -> list[Receipt]:
    """The receipts that the runs wrote, sorted by table, then in the order of ingestion."""
    left = [one for one in runs if (one.pipeline_name, one.status) == (RECEIPT, "Succeeded")]
    return sorted((_receipt(one) for one in left), key=lambda one: (one.table, one.ended_at))


def _receipt(run: PipelineRun) -> Receipt:
    # a parameter with its default value may be absent
    values = run.parameters or {}
    table = given(run, "table") or {}
    return Receipt(
        table=f"{table.get('schema')}.{table.get('table')}",
        mode=values["mode"],
        from_lsn=values["from_lsn"],
        to_lsn=values["to_lsn"],
        rows_read=int(values.get("rows_read") or 0),
        rows_written=int(values.get("rows_written") or 0),
        bytes=int(values.get("bytes") or 0),
        run_id=values["run_id"],
        started_at=values["started_at"],
        ended_at=run.run_end.isoformat() if run.run_end else values["started_at"],
        checksum=values.get("checksum") or None,
        md5=values.get("md5") or None,
        file=values.get("file") or None,
        from_date=values.get("from_date") or None,
        to_date=values.get("to_date") or None,
        min_lsn=values.get("min_lsn") or None,
        available_from=values.get("available_from") or None,
    )


def reference(run: PipelineRun, activities: Iterable[ActivityRun]) -> Reference:
    """The file that a run of `pl_ingest_reference` landed."""
    name = subject(run) or "unknown"
    for one in activities:
        if (one.activity_name, one.status) == ("Land file", "Succeeded"):
            file = f"bronze/github/{name}/{(run.parameters or {})['run_id']}.csv"
            return Reference(name, file, int((one.output or {}).get("dataWritten") or 0))
    return Reference(name, None, 0)


def notices(run: PipelineRun, activities: Iterable[ActivityRun]) -> list[str]:
    """The notes of the check of a table's columns."""
    found = []
    for one in activities:
        if (one.activity_name, one.status) == ("Check columns", "Succeeded"):
            table = given(run, "table") or {}
            if noted := ((one.output or {}).get("firstRow") or {}).get("notices"):
                found.append(f"{table.get('schema')}.{table.get('table')}: {noted}.")
    return found


def failures(activities: Iterable[ActivityRun]) -> list[str]:
    """Each table's and reference file's failure, in the words of `pl_ingest`, sorted.

    Tables are ingested in parallel, so the order of their failures has no meaning.
    """
    return sorted(
        cause(str((one.error or {}).get("message")))
        for one in activities
        if (one.activity_type, one.status) == ("Fail", "Failed")
    )
