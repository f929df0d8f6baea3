"""The page docs/warehouse_conformance.md."""

from adapter_conformance.not_applicable import REASONS
from adapter_conformance.results import Outcomes, Suite, read_expected

_NONE = Suite()


def page(runs: list[Outcomes], applicable: int, versions: str) -> str:
    """The Markdown page of the last run on each engine."""
    engines = [run.engine for run in runs]
    suites = sorted({name for run in runs for name in run.suites})
    lines = [
        "# The adapter's conformance on the local warehouse",
        "",
        "The public test classes of dbt-tests-adapter run through dbt-databricks on the local",
        f"warehouse ({versions}).",
        "`make warehouse-conformance` repeats the run and writes this page.",
        f"{applicable} classes are applicable.",
        "",
        "| engine | tests run | passed | failed | skipped by the test | passed, of run |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for run in runs:
        counts = list(run.suites.values())
        passed, failed = sum(one.passed for one in counts), sum(one.failed for one in counts)
        share = f"{100 * passed / (passed + failed):.1f} %" if passed + failed else "none"
        skipped = sum(one.skipped for one in counts)
        lines.append(
            f"| {run.engine} | {len(run.tests)} | {passed} | {failed} | {skipped} | {share} |"
        )
    lines += [
        "",
        "## By suite",
        "",
        f"| suite | {' | '.join(f'{one}: passed, failed' for one in engines)} |",
    ]
    lines.append("| --- |" + " --- |" * len(engines))
    for name in suites:
        counts = [run.suites.get(name, _NONE) for run in runs]
        cells = " | ".join(f"{one.passed}, {one.failed}" for one in counts)
        lines.append(f"| {name} | {cells} |")
    lines += ["", "## Not applicable", "", "| suite or class | reason |", "| --- | --- |"]
    lines += [f"| `{name}` | {why} |" for name, why in REASONS.items()]
    for run in runs:
        expected = sorted((read_expected(run.engine) or {}).items())
        lines += ["", f"## Expected failures on {run.engine}", ""]
        lines += [f"- `{test}`: {reason}" for test, reason in expected] or ["None."]
    return "\n".join(lines) + "\n"
