"""A Delta commit that survives a power cut: its files are on disk before a statement ends.

Neither delta-rs nor Sail syncs its files. The log entry is visible before the sync ends. So a power
cut before that leaves a torn last commit that no client saw succeed; `medallion repair` removes it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from medallion.durable import sync_all, sync_folder

LOG = "_delta_log"
LAST_CHECKPOINT = "_last_checkpoint"
_FILES = ("add", "cdc")  # the actions that name a new file


@contextmanager
def durable(folder: str) -> Iterator[None]:
    """Sync the block's commits to the table in `folder`: data files first, then the log."""
    table = Path(folder)
    log = table / LOG
    before, is_new = _names(log), not log.exists()
    yield
    new = sorted(_names(log) - before)
    if not new:
        return
    entries = [log / name for name in new if not name.startswith(".")]
    sync_all(data for entry in entries if entry.suffix == ".json" for data in _written(entry))
    if any(".checkpoint" in name for name in new) and (log / LAST_CHECKPOINT).exists():
        entries.append(log / LAST_CHECKPOINT)
    sync_all(entries)
    if is_new:
        sync_folder(table)
        sync_folder(table.parent)
        sync_folder(table.parent.parent)


def _names(log: Path) -> set[str]:
    try:
        return {entry.name for entry in log.iterdir()}
    except FileNotFoundError:
        return set()


def _written(entry: Path) -> Iterator[Path]:
    """The files that a commit added and that no later commit removed."""
    for line in entry.read_text(encoding="utf-8").splitlines():
        action = json.loads(line)
        for kind in _FILES:
            if kind in action:
                file = data_file(entry.parent.parent, action[kind]["path"])
                if file.exists():
                    yield file


def data_file(table: Path, path: str) -> Path:
    """The file that an action names. Delta writes URL-encoded paths relative to the table."""
    return table / unquote(path)
