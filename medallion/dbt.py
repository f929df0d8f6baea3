"""Runs dbt in a separate process and reports its progress."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from medallion.child import ending
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT

# The build of each day, here and in production. Unit tests check the code: CI and the first build
# run them.
DAILY_BUILD = ("build", "--exclude-resource-type", "unit_test")
CAUSE = "RunResultError"  # comes after all nodes; the line of a failed node lacks its cause
RESULTS = ("LogModelResult", "LogTestResult", "LogSnapshotResult", "LogSeedResult")


def target_folder() -> Path:
    """The folder of dbt's artifacts: `DBT_TARGET_PATH`, else `target` in the project."""
    return Path(os.environ.get("DBT_TARGET_PATH") or PROJECT_ROOT / "target")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` nodes have finished; `node` is the name of the last one."""

    done: int
    total: int
    node: str


def run(
    *arguments: str,
    log: Path,
    on_progress: Callable[[Progress], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `dbt ARGUMENTS` in the project and append its events to `log`, one JSON object per line.

    `environment` overrides this process's environment variables for dbt.
    Raises `MedallionError` with the cause of the first failed node when dbt fails.
    """
    command = [str(Path(sys.executable).with_name("dbt")), "--log-format", "json", *arguments]
    log.parent.mkdir(parents=True, exist_ok=True)
    done, first_error, cause = 0, "", ""
    with (
        log.open("a") as file,
        subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=os.environ | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
        ending(process),
    ):
        assert process.stdout
        for line in process.stdout:
            file.write(line)
            event = _event(line)
            info, data = event.get("info", {}), event.get("data", {})
            if info.get("level") == "error" and not first_error:
                first_error = " ".join(str(info.get("msg", "")).split())
            if info.get("name") == CAUSE and not cause:
                node = data.get("node_info", {}).get("node_name", "")
                cause = f"{node}: {' '.join(str(data.get('msg', '')).split())}"
            if info.get("name") in RESULTS:
                done += 1
                if on_progress:
                    on_progress(Progress(done, data.get("total", done), data.get("name", "")))
    if process.returncode:
        reason = cause or first_error or "it ended without an error message"
        raise MedallionError(f"`dbt {' '.join(arguments)}` failed: {reason} (see {log})")


def _event(line: str) -> dict:
    try:
        event = json.loads(line)
    except ValueError:  # a line that a library printed outside dbt's log
        return {}
    return event if isinstance(event, dict) else {}
