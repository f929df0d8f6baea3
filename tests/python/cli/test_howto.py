"""The how-to pages work when they are followed word by word."""

import os
import sys
from pathlib import Path

import pytest

from support.howto import Block, blocks, change, copy_project, follow
from support.lakehouse import INGEST

ELSEWHERE = ("make demo", "make lint")  # the first and the last step; CI runs both separately
PAGES = ["first_hour.md", "howto/add_a_source_table.md", "howto/add_a_mart.md"]


@pytest.fixture(scope="module")
def branch(new_lakehouse, tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """A copy of the project beside a small lakehouse, and the environment to work in it."""
    project = tmp_path_factory.mktemp("branch")
    lakehouse = new_lakehouse()
    lakehouse.run(["medallion", "source", "init", "--generate", "--users", "30", "--days", "3"])
    lakehouse.run(INGEST)
    lakehouse.run(["dbt", "--quiet", "run"])
    copy_project(project)
    environment = lakehouse.environment() | {
        "PYTHONPATH": str(project),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return project, environment


@pytest.mark.parametrize("page", PAGES)
def test_page__is_followed_to_the_letter(branch, page: str) -> None:
    project, environment = branch
    printed = ""
    for block in blocks(page):
        if block.language == "text":
            assert table(block.text) == table(printed)
        elif not block.text.startswith(ELSEWHERE):
            printed = follow(block, project, environment)


def table(text: str) -> list[list[str]]:
    """The cells of a Markdown table within a text."""
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if "|" in line]
    found = [[cell.strip() for cell in row] for row in rows]
    assert found, f"there is no table in {text[-500:]!r}"
    return [row for row in found if not set("".join(row)) <= {"-", " "}]


def test_a_diff_without_its_context_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "a.sql"
    file.write_text("select 1\n")
    with pytest.raises(AssertionError, match=r"a\.sql has the context 0 times"):
        change(file, " select 2\n+, 3\n")
    follow(Block("diff", "a.sql", " select 1\n+, 3\n"), tmp_path, {})
    assert file.read_text() == "select 1\n, 3\n"
