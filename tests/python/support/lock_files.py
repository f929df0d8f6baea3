"""Lock files, as pip reads them."""

import re
from pathlib import Path

REQUIREMENT = re.compile(r"([a-z0-9][a-z0-9._-]*)==(\S+)( ;[^\\]*)?")


def requirements(file: Path) -> list[str]:
    """The requirements of a file, each in one line with its options."""
    text = re.sub(r"\\\n\s*", "", file.read_text(encoding="utf-8"))
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def pinned(file: Path) -> dict[str, set[str]]:
    """The versions of each package in a file; raises for a requirement without version or hash."""
    found: dict[str, set[str]] = {}
    for line in requirements(file):
        match = REQUIREMENT.match(line)
        if match is None or "--hash=sha256:" not in line:
            raise AssertionError(f"{file.name}: '{line[:60]}' has no version or no hash")
        found.setdefault(match[1], set()).add(match[2])
    return found
