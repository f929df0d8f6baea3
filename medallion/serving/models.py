"""Generates the serving models' files from the contracts, so a view and its YAML cannot drift."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from medallion.home import PROJECT_ROOT
from medallion.made_files import MadeFiles
from medallion.serving.contract import Table, served_tables

FOLDER = Path("models", "serving", "serverless")
PREFIX = "serving__"
MADE = "Made by `medallion synapse models` from the contract of {}; change it there."


def made_files(project: Path = PROJECT_ROOT) -> MadeFiles:
    """The serving models of all served tables."""
    wanted = texts(served_tables(project))
    return MadeFiles(project / FOLDER, wanted, "medallion synapse models")


def texts(tables: Sequence[Table]) -> dict[str, str]:
    """Each file's text by its name: an `.sql` and a `.yml` file per served table."""
    found = {}
    for table in tables:
        found[f"{PREFIX}{table.name}.sql"] = _sql(table)
        found[f"{PREFIX}{table.name}.yml"] = "\n".join(_yaml(table)) + "\n"
    return found


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
