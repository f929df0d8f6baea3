"""Compares the expression evaluator with recorded answers of Microsoft's service."""

import json
from pathlib import Path
from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.expressions import evaluate
from medallion.adf.language.scope import Scope
from medallion.adf.language.values import identical, to_json, type_name
from medallion.errors import MedallionError


def load(file: Path) -> dict[str, Any]:
    """Read a file `{"context": …, "cases": {expression: {"value": …} or {"error": true}}}`.

    Raises `MedallionError` that names the file, and the first case without an answer.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found = {"context": dict(content.get("context", {})), "cases": dict(content["cases"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MedallionError(
            f"The cases in {file} cannot be read ({type(error).__name__}); "
            'the file must hold {"context": …, "cases": {expression: answer}}.'
        ) from None
    for expression, answer in found["cases"].items():
        if not isinstance(answer, dict) or not {"value", "error"} & answer.keys():
            raise MedallionError(
                f"The case '{expression}' in {file} has no answer; "
                'give it {"value": …} or {"error": true}.'
            )
    return found


def disagreements(cases: dict[str, Any]) -> list[str]:
    """One line for each expression whose value, type or error differs from the recorded one."""
    scope = _scope(cases["context"])
    lines = (_difference(case, answer, scope) for case, answer in cases["cases"].items())
    return [line for line in lines if line]


def _scope(context: dict[str, Any]) -> Scope:
    return Scope(
        context.get("pipeline", {}),
        context.get("variables", {}),
        context.get("activities", {}),
        (context["item"],) if "item" in context else None,
        context.get("dataset"),
        context.get("linkedService"),
    )


def _difference(expression: str, answer: dict[str, Any], scope: Scope) -> str | None:
    refused = bool(answer.get("error"))
    wanted = "error" if refused else _shown(answer.get("value"))
    try:
        found = evaluate(expression, scope)
    except ExpressionError as error:
        return None if refused else f"{expression}: expected {wanted}, found error ({error})"
    if not refused and identical(found, answer.get("value")):
        return None
    return f"{expression}: expected {wanted}, found {_shown(found)}"


def _shown(value: Any) -> str:
    return f"{to_json(value)} ({type_name(value)})"
