"""The page of macros and tests: the purpose and the arguments of each."""

from collections.abc import Iterator
from pathlib import Path

from medallion.site.project import Node, Project, line
from medallion.site.tables import table

HEAD = ("---\nhide: [toc]\n---\n\n# Macros and tests\n",)


def macros_page(project: Project) -> str:
    """The page's text: the macros by their folder, then the tests."""
    parts = [*HEAD]
    folders = sorted({_folder(one) for one in project.macros})
    for folder in folders:
        parts.append(f"\n## {folder}\n")
        rows = (row for one in project.macros if _folder(one) == folder for row in _rows(one))
        parts += table(["macro", "argument", "meaning"], rows)
    parts.append("\n## tests/singular\n")
    singular = sorted(
        (one["name"], line(one["description"]))
        for one in project.tests
        if not one.get("test_metadata")
    )
    parts += table(["test", "claim"], ((f"`{name}`", claim) for name, claim in singular))
    return "\n".join(parts) + "\n"


def _folder(macro: Node) -> str:
    return Path(macro["original_file_path"]).parent.as_posix()


def _rows(macro: Node) -> Iterator[list[str]]:
    yield [f"`{macro['name']}`", "", line(macro["description"])]
    for argument in macro["arguments"]:
        kind = f" ({argument['type']})" if argument.get("type") else ""
        yield ["", f"`{argument['name']}`{kind}", line(argument["description"])]
