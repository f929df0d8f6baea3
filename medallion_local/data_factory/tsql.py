"""Every T-SQL text that the pipelines send, collected by running them in all their modes."""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from medallion.adf.files import FactoryFiles
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.request import PIPELINE
from medallion_local.data_factory.crash import activities
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.events import Event
from medallion_local.data_factory.run import laptop
from medallion_local.generator.generate import init_generated

STOP_CAPTURE = "EXEC sys.sp_cdc_stop_job @job_type = N'capture'"
START_CAPTURE = "EXEC sys.sp_cdc_start_job @job_type = N'capture'"
CHANGE = "DELETE FROM dbo.DimUser WHERE user_id = (SELECT MAX(user_id) FROM dbo.DimUser)"
T_SQL = ("sqlReaderQuery", "scripts", "preCopyScript")
Place = tuple[str, str]


def write_sent(files: FactoryFiles, folder: Path) -> list[Path]:
    """Write one file per distinct text into `folder`, whose content is deleted first.

    Raises `MedallionError` when a run fails, or an activity with T-SQL never ran.
    """
    sent = _sent(files)
    expected = {(name, each["name"]) for name, each in activities(files) if _has_tsql(each)}
    if missing := sorted(expected - set(sent)):
        raise MedallionError(f"No run sent the T-SQL of '{missing[0][1]}' in {missing[0][0]}.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = []
    for (pipeline, activity), texts in sorted(sent.items()):
        for number, text in enumerate(dict.fromkeys(texts), 1):
            name = f"{pipeline}_{activity.lower().replace(' ', '_')}_{number}.sql"
            (folder / name).write_text(text + "\n", encoding="utf-8")
            written.append(folder / name)
    return written


def _has_tsql(activity: dict[str, Any]) -> bool:
    properties = activity["typeProperties"]
    own = {key: properties[key] for key in ("source", "sink", "scripts") if key in properties}
    return any(f'"{name}"' in json.dumps(own) for name in T_SQL)


def _sent(files: FactoryFiles) -> dict[Place, list[str]]:
    """The texts of each activity in a first load with capture lag, an increment, a backfill."""
    sent: dict[Place, list[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name))
        source = init_generated(home.source_database, users=5, streams_per_day=5, seed=1, days=2)
        source.execute(STOP_CAPTURE)
        source.execute(CHANGE)
        run = _runner(home, files, sent, lambda: source.execute(START_CAPTURE))
        run({})
        source.execute(CHANGE)
        run({})
        for _ in range(2):  # the second run finds the file of the first
            run({"from_date": "2000-01-01", "to_date": "2099-12-31", "allow_partial": True})
    return sent


def _runner(
    home: Home, files: FactoryFiles, sent: dict[Place, list[str]], while_waiting: Callable[[], Any]
) -> Callable[[dict[str, Any]], None]:
    here = threading.local()  # the event of an activity comes in the thread that sends its T-SQL

    def listen(event: Event) -> None:
        here.place = (event.pipeline, event.activity)
        if event.type == "Wait":
            while_waiting()

    def run(parameters: dict[str, Any]) -> None:
        with laptop(home, files, listen) as services:
            environment = replace(
                services,
                pause=lambda seconds: None,
                on_tsql=lambda text: sent.setdefault(here.place, []).append(text),
            )
            record = run_pipeline(environment, PIPELINE, parameters).record
        if record.error:
            raise MedallionError(f"{PIPELINE} failed: {record.error['message']}")

    return run
