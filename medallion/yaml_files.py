"""Reads YAML files. A text is parsed once per process, because the parser is slow."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def load(file: Path) -> Any:
    """The content of a YAML file, which the caller must not change; None for an empty file."""
    return parse(file.read_text(encoding="utf-8"))


@lru_cache(maxsize=512)
def parse(text: str) -> Any:
    """The content of a YAML text, which the caller must not change; None for an empty text."""
    return YAML(typ="safe").load(text)
