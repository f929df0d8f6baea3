"""The latest results of a table's tests, from the history of the report."""

from collections.abc import Iterator

from medallion.report.history import Record
from medallion.site.project import Node, Project, Relation
from medallion.site.tables import table

SHOWN = ("test", "column", "result", "rows found")
PASSED = "pass"


def latest_results(project: Project, one: Relation, latest: Record | None) -> Iterator[str]:
    """The section of a table's page, as parts. Without a report it says so."""
    tests = [test for test in project.tests if _is_of(test, one)]
    if not tests:
        return
    yield "## Latest test results"
    if latest is None:
        yield (
            "No report was found when this site was built, so there are no results here. "
            "`make demo` or `medallion report` writes one."
        )
        return
    ended = latest.ended_at[:16].replace("T", " ")
    yield f"From `{latest.command}`, which ended {ended} UTC ([report](../latest_report.md))."
    rows = [_row(test, latest) for test in tests]
    yield "\n".join(table(SHOWN, sorted(rows, key=lambda row: row[2] == PASSED)))


def test_text(test: Node) -> str:
    """A generic test with its arguments, as in its YAML; a singular test's name."""
    metadata = test.get("test_metadata")
    if not metadata:
        return str(test["name"])
    skipped = ("model", "column_name")
    given = {key: value for key, value in metadata["kwargs"].items() if key not in skipped}
    shown = ", ".join(f"{key}: {value}" for key, value in given.items())
    return f"{metadata['name']}({shown})" if shown else str(metadata["name"])


def _is_of(test: Node, one: Relation) -> bool:
    """Whether a test belongs to a table: a generic test to its own, a singular one to each."""
    if test.get("test_metadata"):
        return bool(test.get("attached_node") == one.unique_id)
    return one.unique_id in test["depends_on"]["nodes"]


def _row(test: Node, latest: Record) -> list[str]:
    status, failures = latest.tests.get(test["unique_id"], ("did not run", 0))
    result = status if status in (PASSED, "did not run") else f"**{status}**"
    text = test_text(test)
    code = f"`{text}`" if "`" not in text else f"`` {text} ``"
    return [code, str(test.get("column_name") or ""), result, f"{failures:,}" if failures else ""]
