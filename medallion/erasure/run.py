"""Erases a person in steps; each can be interrupted, and the next run continues it."""

import getpass
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medallion import dbt
from medallion.atomic import write_text
from medallion.entities import read_entities
from medallion.erasure import landed, state, tables
from medallion.erasure.forms import ENCODINGS, Values
from medallion.erasure.personal import Personal, Table, read_personal
from medallion.erasure.pseudonyms import is_pseudonym, with_new
from medallion.erasure.search import Found, search
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home
from medallion.ingestion import targets
from medallion.lakehouse import connected
from medallion.laptop import laptop
from medallion.lock import single_run

if TYPE_CHECKING:
    from databricks.sql.client import Connection

RECORDS = Path("control") / "erasures"
Show = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What an erasure would change: rows by table, landed files, and the number of values.

    `rebuilt` are tables that keep landed rows as JSON.
    """

    entity: str
    tables: dict[str, int]
    rebuilt: tuple[str, ...]
    files: tuple[str, ...]
    values: int
    unfinished: bool


@dataclass
class Report:
    """The result of an erasure, without any value of the person."""

    id: str
    entity: str
    key: int
    reason: str
    by: str
    started_at: str
    ended_at: str = ""
    values: int = 0
    short_values: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    rebuilt: list[str] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    purged: dict[str, dict[str, int]] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)
    forms: str = ENCODINGS

    @property
    def is_clean(self) -> bool:
        """Whether no byte of the person was found, and every file was searched."""
        return not (self.search["left"] or self.search["unread"])


@contextmanager
def erasure(home: Home, number: int) -> Iterator["Erasure"]:
    """The erasure of the person with that key; no other one, and no ingestion, runs meanwhile.

    Raises `MedallionError` for an unknown person.
    """
    with ExitStack() as stack:
        stack.enter_context(single_run(state.folder(home) / "lock", "erasure"))
        stack.enter_context(single_run(home.factory / "ingest.lock", "ingestion"))
        connection = stack.enter_context(connected(target=targets.LOCAL))
        personal = read_personal(connection)
        _require_known(connection, personal, number)
        yield Erasure(home, connection, personal, number)


def _require_known(connection: "Connection", personal: Personal, number: int) -> None:
    bronze = personal.bronze
    if number < 0 or not tables.count(connection, bronze, personal.key, number):
        raise MedallionError(
            f"No {personal.entity.name} has the {personal.key} {number}: {bronze} has no row of it."
        )


class Erasure:
    """One person's erasure."""

    def __init__(
        self, home: Home, connection: "Connection", personal: Personal, number: int
    ) -> None:
        self._home, self._connection = home, connection
        self._personal, self._number = personal, number
        self._name, self._key = personal.entity.name, personal.key
        found = state.read(home, self._name, number)
        self._is_unfinished = found is not None
        self._state = found or state.new()
        self._collect()

    @property
    def _files(self) -> list[Path]:
        return landed.files(self._home.lake, self._personal.entity.landed_as)

    @property
    def _columns(self) -> tuple[str, ...]:
        return self._personal.bronze.columns

    def _collect(self) -> None:
        """Give each value in the tables and in the landed files its pseudonym."""
        found = tables.values(self._connection, self._personal, self._number)
        self._landed: list[str] = []
        for file in self._files:
            held = landed.values(file, self._key, self._number, self._columns)
            for column, values in held.items():
                found.setdefault(column, set()).update(values)
            if any(not is_pseudonym(one) for values in held.values() for one in values):
                self._landed.append(file.relative_to(self._home.lake).as_posix())
        for column, values in found.items():
            known = self._state.pseudonyms.get(column, {})
            self._state.pseudonyms[column] = with_new(known, values)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to erase."""
        return not (self._is_unfinished or self._state.values)

    def plan(self) -> Plan:
        """What `run` would change."""
        return Plan(
            self._name,
            {
                str(one): tables.count(self._connection, one, self._key, self._number)
                for one in self._personal.tables
                if one.columns
            },
            tuple(str(one) for one in self._with_landed_rows()),
            tuple(self._landed),
            len(self._state.values),
            self._is_unfinished,
        )

    def _with_landed_rows(self) -> list[Table]:
        return [
            one
            for one in self._personal.tables
            if one.rows and tables.keeps_rows_of(self._connection, one, self._key, self._number)
        ]

    def run(self, reason: str, show: Show) -> Report:
        """Erase the person, search for what is left, and write the record."""
        self._save()
        self._replace_in_tables(show)
        self._rebuild(show)
        self._replace_in_files(show)
        self._purge(show)
        show("Search every file")
        values = Values(self._state.values)
        found = self._search(values)
        report = Report(
            id=self._state.identity,
            entity=self._name,
            key=self._number,
            reason=reason,
            by=getpass.getuser(),
            started_at=self._state.started_at,
            ended_at=datetime.now(UTC).isoformat(timespec="seconds"),
            values=len(values.all),
            short_values=len(values.short),
            tables=self._state.rows,
            rebuilt=self._state.rebuilt,
            files=self._state.files,
            purged=self._state.purged,
            search=asdict(found),
        )
        write_text(self.record, json.dumps(asdict(report), indent=2) + "\n")
        if report.is_clean:
            state.remove(self._home, self._name, self._number)
        return report

    @property
    def record(self) -> Path:
        """The file of the record, in the lake's control container."""
        return self._home.lake / RECORDS / f"{self._state.identity}.json"

    def _save(self) -> None:
        state.write(self._home, self._name, self._number, self._state)

    def _replace_in_tables(self, show: Show) -> None:
        for table in self._personal.tables:
            if not table.columns:
                continue
            show(f"Replace the values in {table}")
            changed = tables.replace(
                self._connection, table, self._key, self._number, self._state.pseudonyms
            )
            self._state.rows[str(table)] = self._state.rows.get(str(table), 0) + changed
            self._save()

    def _rebuild(self, show: Show) -> None:
        """Rebuild the tables that keep landed rows, from bronze, which has the pseudonyms now."""
        stale = self._with_landed_rows()
        if stale:
            show(f"Rebuild {', '.join(map(str, stale))}")
            dbt.run(
                *("run", "--target", targets.LOCAL, "--select", *(one.name for one in stale)),
                log=self._home.root / "logs" / "erase.jsonl",
                environment={"MEDALLION_HOME": str(self._home.root)},
            )
            self._state.rebuilt = sorted({*self._state.rebuilt, *map(str, stale)})
            self._save()

    def _replace_in_files(self, show: Show) -> None:
        lake = self._home.lake
        record = self.record.relative_to(lake).as_posix()
        show("Replace the values in landed files")
        for file in self._files:

            def prepare(facts: dict[str, Any], modified_ns: int, file: Path = file) -> None:
                self._state.files[file.relative_to(lake).as_posix()] = facts
                self._save()
                size = facts["after"]["bytes"]
                laptop().announce_rewritten(self._home, file, size, modified_ns)

            landed.rewrite(
                lake, file, self._key, self._number, self._state.pseudonyms, record, prepare
            )

    def _purge(self, show: Show) -> None:
        for table in self._personal.tables:
            show(f"Remove the old files and log entries of {table}")
            files, entries = laptop().purge_table(self._home, table.schema, table.name)
            gone = self._state.purged.setdefault(str(table), {"files": 0, "log_entries": 0})
            gone["files"] += files
            gone["log_entries"] += entries
            self._save()

    def _search(self, values: Values) -> Found:
        """Search the home, and dbt's folders if they lie elsewhere."""
        home = self._home.root
        logs = Path(os.environ.get("DBT_LOG_PATH") or PROJECT_ROOT / "logs")
        beside = [one for one in (dbt.target_folder(), logs) if not one.is_relative_to(home)]
        source = self._home.source_database
        others = [one for one in read_entities() if one.name != self._name]
        names = {n for one in others for n in (one.landed_as, one.bronze, one.published)}
        skip = [source, source.with_name(source.name + ".wal")]
        skip += state.folder(self._home).iterdir()
        return search([home, *beside], values, self._key, self._number, names, skip)
