"""The comment on a pull request: the built and tested nodes, and the differences to production."""

from collections import Counter
from collections.abc import Sequence

from medallion.slim.differences import details, grid, overview
from medallion.slim.results import Built, Described, Verdict

ABSENT = "–"
LONGEST_MESSAGE = 300  # characters of a failure in a comment


def markdown(verdict: Verdict) -> str:
    """The whole comment, as GitHub renders it."""
    if not verdict.nodes:
        reason = _left_out(verdict) or "No node differs from production's last run."
        return f"### dbt: nothing to build\n\n{reason}\n"
    relations = [node for node in verdict.nodes if node.kind in ("model", "seed", "snapshot")]
    parts = [_headline(verdict, len(relations)), overview(relations), _relations(relations)]
    if verdict.left_out:
        parts.append(_left_out(verdict))
    if verdict.full_refresh:
        names = " ".join(verdict.full_refresh)
        parts.append(
            "The columns of incremental models changed. They were built from scratch here. "
            f"Production also needs `dbt run --full-refresh --select {names}`"
        )
    if bad := [node for node in verdict.nodes if node.failed or node.status == "warn"]:
        parts.append("\n".join(["#### Failures and warnings", "", *map(_problem, bad)]))
    parts += details(relations)
    return "\n\n".join(filter(None, parts)) + "\n"


def _left_out(verdict: Verdict) -> str:
    """The changed models that this run's identity could not build, as an empty text if none."""
    if not verdict.left_out:
        return ""
    names = ", ".join(verdict.left_out)
    return (
        f"Not built here: {names}, and everything downstream. They read landed files, which a pull "
        "request may not; the run on the local warehouse builds them."
    )


def _headline(verdict: Verdict, relations: int) -> str:
    tests = [node for node in verdict.nodes if node.kind in ("test", "unit_test")]
    counted = Counter(node.status for node in tests)
    outcomes = ", ".join(f"{count} {status}" for status, count in sorted(counted.items()))
    title = "failed" if verdict.failed else "passed"
    tested = f"{len(tests)} tests: {outcomes}" if outcomes else f"{len(tests)} tests"
    return f"### dbt: {title}\n\n{relations} built, {tested}"


def _relations(nodes: Sequence[Built]) -> str:
    if not nodes:
        return "No model was built."
    body = [
        (
            node.name,
            f"{node.status}, on a clone" if node.cloned else node.status,
            _rows(node.built, node.production),
            _count(node.production),
            columns(node.built, node.production),
        )
        for node in nodes
    ]
    head = ("built", "result", "rows", "in production", "columns against production")
    return grid(head, body, "llrrl")


def _count(described: Described | None) -> str:
    return ABSENT if described is None else f"{described.rows:,}"


def _rows(built: Described | None, production: Described | None) -> str:
    if built is None or production is None or built.rows == production.rows:
        return _count(built)
    return f"{built.rows:,} ({built.rows - production.rows:+,})"


def columns(built: Described | None, production: Described | None) -> str:
    """`+ added`, `− removed` and `retyped: old → new`, or `the same`."""
    if built is None:
        return ABSENT
    if production is None:
        return "new"
    ours, theirs = built.columns, production.columns
    changes = [f"+ `{name}` {ours[name]}" for name in ours if name not in theirs]
    changes += [f"− `{name}`" for name in theirs if name not in ours]
    changes += [
        f"`{name}`: {theirs[name]} → {ours[name]}"
        for name in ours
        if name in theirs and ours[name] != theirs[name]
    ]
    return ", ".join(changes) or "the same"


def _problem(node: Built) -> str:
    message = node.message[:LONGEST_MESSAGE].replace("|", r"\|")
    return f"- **{node.name}** ({node.status}): {message}"
