"""Generates the serving models' files from the contracts, so a view and its YAML cannot drift."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medallion.home import PROJECT_ROOT
from medallion.serving.contract import Table

FOLDER = PROJECT_ROOT / "models" / "serving" / "serverless"
PREFIX = "serving__"
MADE = "Made by `medallion synapse models` from the contract of {}; change it there."


def texts(tables: Sequence[Table]) -> dict[str, str]:
    """Each file's text by its name: an `.sql` and a `.yml` file per served table."""
    found = {}
    for table in tables:
        found[f"{PREFIX}{table.name}.sql"] = _sql(table)
        found[f"{PREFIX}{table.name}.yml"] = "\n".join(_yaml(table)) + "\n"
    return found


def write(wanted: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Write the files, and remove all others: no file in the folder is written by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in _present(folder):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def stale(wanted: Mapping[str, str], folder: Path = FOLDER) -> list[str]:
    """The names of missing files, extra files, and files that differ from the contracts."""
    present = {file.name: file.read_text(encoding="utf-8") for file in _present(folder)}
    return sorted(
        name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name)
    )


def _present(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.sql"), *folder.glob("*.yml")])


def _sql(table: Table) -> str:
    return f"-- {MADE.format(table.name)}\n{{{{ served(ref('{table.name}')) }}}}\n"


def _yaml(table: Table) -> Iterator[str]:
    yield f"# {MADE.format(table.name)}"
    yield "models:"
    yield f"  - name: {PREFIX}{table.name}"
    yield f"    description: {_quoted(table.description)}"
    yield f"    config: {{alias: {table.name}}}"
    yield "    data_tests: [holds_rows]"
    yield "    columns:"
    for column in table.columns:
        if column.served:
            yield f"      - name: {column.name}"
            yield f"        description: {_quoted(column.description)}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
