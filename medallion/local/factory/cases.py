"""Compares the expression evaluator with recorded answers of Microsoft's."""

import json
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.expressions import evaluate
from medallion.local.factory.scope import Scope
from medallion.local.factory.values import to_json


def load(file: Path) -> dict[str, Any]:
    """Read a file `{"context": …, "cases": {expression: {"value": …} or {"error": true}}}`."""
    try:
        cases = json.loads(file.read_text(encoding="utf-8"))
        return {"context": cases.get("context", {}), "cases": dict(cases["cases"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MedallionError(
            f"The cases in {file} cannot be read ({type(error).__name__}); "
            'the file must hold {"context": …, "cases": {expression: answer}}.'
        ) from None


def disagreements(cases: dict[str, Any]) -> list[str]:
    """One line for each expression whose value, type or refusal differs from the recorded one."""
    context = cases["context"]
    scope = Scope(
        context.get("pipeline", {}),
        context.get("variables", {}),
        context.get("activities", {}),
        (context["item"],) if "item" in context else None,
    )
    lines = []
    for expression, expected in cases["cases"].items():
        wanted = "error" if expected.get("error") else to_json(expected.get("value"))
        try:
            found = to_json(evaluate(expression, scope))
        except ExpressionError as error:
            found, reason = "error", f" ({error})"
        else:
            reason = ""
        if found != wanted:
            lines.append(f"{expression}: expected {wanted}, found {found}{reason}")
    return lines
