"""The hand-written pages; linked files elsewhere in the repository become pages too."""

import re
import shutil
from functools import partial
from pathlib import Path

from medallion.errors import MedallionError

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
FENCES = {".sql": "sql", ".py": "python", ".yml": "yaml", ".json": "json", ".md": "markdown"}


def copy_pages(docs: Path, pages: Path, root: Path) -> None:
    """Copy `docs` to `pages`. A linked file of the repository outside `docs` becomes a page that
    shows it, `source/<path>.md`. Raises `MedallionError` for a missing file.
    """
    shutil.copytree(docs, pages, dirs_exist_ok=True)
    for file in sorted(docs.rglob("*.md")):
        page = pages / file.relative_to(docs)
        linked = partial(_link, file=file, docs=docs, pages=pages, root=root)
        page.write_text(LINK.sub(linked, page.read_text("utf-8")), encoding="utf-8")


def _link(match: re.Match[str], file: Path, docs: Path, pages: Path, root: Path) -> str:
    linked = (file.parent / match[1]).resolve()
    if linked.is_relative_to(docs.resolve()):
        return match[0]  # mkdocs reports it if it is missing
    if not linked.is_file() or not linked.is_relative_to(root.resolve()):
        raise MedallionError(f"{file} links to {match[1]}, which is not a file of the repository.")
    path = linked.relative_to(root.resolve()).as_posix()
    shown = pages / "source" / f"{path}.md"
    shown.parent.mkdir(parents=True, exist_ok=True)
    shown.write_text(source_page(path, linked.read_text("utf-8")), encoding="utf-8")
    up = "../" * len(file.relative_to(docs).parent.parts)
    return f"]({up}source/{path}.md)"


def source_page(path: str, text: str) -> str:
    """A page that shows a file."""
    return f"# {path}\n\n{fenced(text, FENCES.get(Path(path).suffix, 'text'))}\n"


def fenced(text: str, language: str) -> str:
    """A code block, with a fence that does not occur in the text."""
    fence = "`" * max(3, *(len(one) + 1 for one in re.findall(r"`+", text)), 3)
    return f"{fence}{language}\n{text.strip()}\n{fence}"
