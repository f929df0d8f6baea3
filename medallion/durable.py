"""Writes that survive a power cut: syncs a file's bytes, and its name in its folder, to disk."""

import os
from collections.abc import Iterable
from pathlib import Path


def sync_file(file: Path) -> None:
    """Wait until the bytes of a file are on disk."""
    _sync(file, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, and sync each of their names to disk."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync_folder(made.parent)


def sync_all(files: Iterable[Path]) -> None:
    """Sync the files, then each of their folders once."""
    listed = list(files)
    for file in listed:
        sync_file(file)
    for folder in dict.fromkeys(file.parent for file in listed):
        sync_folder(folder)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
