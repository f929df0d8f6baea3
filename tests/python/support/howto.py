"""Follow a page under docs/howto/ word for word, in a copy of the project."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.lakehouse import PROJECT

BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.M | re.S)
COPIED = (
    "adf dbt_project.yml docs macros medallion medallion_local models pyproject.toml selectors.yml"
    " snapshots seeds sql tests/generic tests/singular dbt_medallion.py profiles.yml.example"
    " dbt-bouncer.yml .maxdop.json"
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it changes, its text."""

    language: str
    file: str
    text: str


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page under docs/."""
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    return [Block(language, file or "", body) for language, file, body in BLOCK.findall(text)]


def copy_project(folder: Path) -> None:
    """Copy everything that dbt and `medallion` read, as a branch to work on."""
    for name in COPIED.split():
        source, target = PROJECT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target)


def follow(block: Block, project: Path, environment: dict[str, str]) -> str:
    """Execute a block. Returns the output of its commands."""
    if block.language == "bash":
        script = f"set -e\n{block.text}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{block.text}\n{done.stdout[-4000:]}"
        return done.stdout
    if block.language == "diff":
        change(project / block.file, block.text)
    elif block.file:
        (project / block.file).parent.mkdir(parents=True, exist_ok=True)
        (project / block.file).write_text(block.text, encoding="utf-8")
    return ""


def change(file: Path, diff: str) -> None:
    """Apply one hunk without line numbers. Its context must occur in the file exactly once."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] != "+")
    after = "".join(line[1:] for line in lines if line[0] != "-")
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name} has the context {text.count(before)} times"
    file.write_text(text.replace(before, after), encoding="utf-8")
