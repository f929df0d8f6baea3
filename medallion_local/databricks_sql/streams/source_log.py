"""The files and counts of each batch of a streaming table: `_stream/<batch>.json` in its folder.

A batch is written here first. Then its rows are committed together with its number, as a Delta
transaction identifier. If the table does not have a batch's number, the batch never happened, even
if it is written here. The next attempt replaces it. So files, counts and rows always agree.
Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#transaction-identifiers
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from medallion.durable import make_folder, sync_folder
from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.streams.delta_source import Position

_APPLICATION = "medallion.streaming"


@dataclass(frozen=True)
class Batch:
    """The identities of a batch's files, and its event.

    `full` means a full refresh: the table holds this batch's rows and those of later ones.
    `positions` has how far the batch has read each Delta table: its id and version, by name.
    """

    files: list[list]
    full: bool = False
    event: dict = field(default_factory=dict)
    positions: dict[str, list] = field(default_factory=dict)


class SourceLog:
    """The batches of the table in `folder`."""

    def __init__(self, folder: str) -> None:
        self._table = folder
        self._folder = Path(folder) / "_stream"

    def last(self) -> int:
        """The number of the last committed batch; -1 for none."""
        return storage.transaction_version(self._table, _APPLICATION)

    def batches(self) -> Iterator[tuple[int, Batch]]:
        """The committed batches, in order."""
        last = self.last()
        for file in sorted(self._folder.glob("*.json")):
            if int(file.stem) <= last:
                stored = json.loads(file.read_text())
                # Tables from before expectations existed store only the files.
                yield int(file.stem), Batch(stored) if isinstance(stored, list) else Batch(**stored)

    def taken(self) -> set[tuple]:
        """The files whose rows the table holds."""
        found: set[tuple] = set()
        for _, batch in self.batches():
            found = set() if batch.full else found
            found.update(tuple(identity) for identity in batch.files)
        return found

    def positions(self) -> dict[str, Position]:
        """How far the table has read each Delta table."""
        found: dict[str, Position] = {}
        for _, batch in self.batches():
            found = {} if batch.full else found
            found |= {name: Position(*position) for name, position in batch.positions.items()}
        return found

    def write(self, number: int, batch: Batch) -> None:
        """Record a batch before its commit. It replaces the record of an interrupted attempt."""
        make_folder(self._folder)
        staged = self._folder / f".{number:020d}.tmp"
        with staged.open("w") as out:
            json.dump(asdict(batch), out)
            out.flush()
            os.fsync(out.fileno())
        staged.replace(self._folder / f"{number:020d}.json")
        sync_folder(self._folder)

    @staticmethod
    def transaction(number: int) -> tuple[str, int]:
        """The transaction identifier of a batch."""
        return _APPLICATION, number
