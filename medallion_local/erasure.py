"""What only the emulators know of an erasure: a table's old files, and the files that it has read.

On Databricks, VACUUM and the retention of the log do the first, and Auto Loader keeps the second.
"""

import json
from pathlib import Path

from deltalake import DeltaTable

from medallion.atomic import write_text
from medallion.durable import sync_folder
from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.databricks_sql.commits import LOG
from medallion_local.repair import tables


def purge(home: Home, schema: str, name: str) -> tuple[int, int]:
    """Remove all that a table's current version does not need: old files and the log before it.

    Returns the number of files and of log entries.

    VACUUM leaves the log, whose statistics contain values. A checkpoint of the current version
    replaces it. Time travel then begins at this version.
    """
    folder = _folder(home, schema, name)
    removed = DeltaTable(folder).vacuum(
        retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True
    )
    table = DeltaTable(folder)
    table.create_checkpoint()
    now, log = table.version(), folder / LOG
    old = [
        one
        for one in log.iterdir()
        if (number := one.name.split(".")[0]).isdigit() and int(number) < now
    ]
    for one in old:
        one.unlink()
    sync_folder(log)
    return len(removed), len(old)


def announce(home: Home, file: Path, size: int, modified_ns: int) -> None:
    """Add a landed file's coming size to the lists of files that streaming tables have read.

    So the file is not delivered again. The list keeps the old size, for an interrupted run.
    """
    for table in tables.catalog(home):
        for batch in sorted((table.folder / "_stream").glob("*.json")):
            stored = json.loads(batch.read_text(encoding="utf-8"))
            held = stored if isinstance(stored, list) else stored["files"]
            same = [one for one in held if tables.lake_file(home, one[0]) == file]
            coming = [[url, size, modified_ns] for url in dict.fromkeys(one[0] for one in same)]
            if new := [one for one in coming if one not in held]:
                held += new
                write_text(batch, json.dumps(stored))


def _folder(home: Home, schema: str, name: str) -> Path:
    for table in tables.catalog(home):
        if (table.schema, table.name) == (schema, name):
            return table.folder
    raise MedallionError(f"The warehouse has no table {schema}.{name}: run `dbt build`.")
