"""The values that expressions see while a pipeline runs, and the evaluation of JSON values."""

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.expressions import evaluate
from medallion.adf.language.functions.registry import text
from medallion.adf.places import Place, wrapped


@dataclass
class Scope:
    """One pipeline run's `pipeline()`, variables and activities, and the `item()` of a loop.

    An iteration has its own activities over the same variables, as in Data Factory. `types` are the
    variables' declared types. Code that changes a variable holds `lock`.
    `visible` are the activities, in lower case, that must end before the current one begins. Only
    their results can be read, even if others have already run. None means all.
    `around` are the types of the enclosing activities, outermost first. `container` is the run id
    of the innermost one, and `place` the index of the current item in its loop. `deadline` is the
    time on the monotonic clock at which the enclosing loop times out.
    """

    pipeline: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    activities: dict[str, dict[str, Any]] = field(default_factory=dict)
    loop: tuple[Any] | None = None
    dataset: dict[str, Any] | None = None
    linked_service: dict[str, Any] | None = None
    return_value: dict[str, Any] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    visible: frozenset[str] | None = None
    around: tuple[str, ...] = ()
    container: str | None = None
    place: int | None = None
    deadline: float = math.inf

    def iteration(self, item: Any, place: int | None = None) -> "Scope":
        """The scope of one iteration of a `ForEach`, or of one test of a `Filter`."""
        return replace(self, activities=dict(self.activities), loop=(item,), place=place)

    def seeing(self, names: Iterable[str]) -> "Scope":
        """The scope of an activity before which these have ended, in addition to earlier ones."""
        return replace(self, visible=(self.visible or frozenset()).union(names))

    def reference(self, name: str, arguments: list[Any]) -> tuple[bool, Any]:
        """The value of `pipeline()`, `variables(…)`, `activity(…)`, `item()`, `dataset()`, …."""
        match name, arguments:
            case "pipeline", []:
                return True, self.pipeline
            case "variables", [key]:
                return True, self._named("variables", self.variables, key)
            case "activity", [key]:
                return True, self._named("activity", self._left(), key)
            case "item", []:
                return True, self._here("item", self.loop)[0]
            case "dataset", []:
                return True, self._here("dataset", self.dataset)
            case "linkedservice", []:
                return True, self._here("linkedService", self.linked_service)
        return False, None

    def _left(self) -> dict[str, dict[str, Any]]:
        """The results of the visible activities; parallel activities add theirs meanwhile."""
        there = self.activities.copy()
        if self.visible is None:
            return there
        return {name: left for name, left in there.items() if name.lower() in self.visible}

    def _named(self, function: str, known: dict[str, Any], key: Any) -> Any:
        wanted = text(function, 1, key).lower()
        for name, value in known.items():
            if name.lower() == wanted:
                return value
        raise ExpressionError(
            f"The template function '{function}' found no '{key}' "
            + ("that ends before this activity; " if function == "activity" else "here; ")
            + (f"it finds '{', '.join(known)}'." if known else "it finds none.")
        )

    def _here(self, function: str, value: Any) -> Any:
        if value is None:
            raise ExpressionError(f"The template function '{function}' has no value here.")
        return value


def resolve(value: Any, scope: Scope, place: Place = Place.VALUES) -> Any:
    """Evaluate the expressions in a JSON value at `place`.

    An expression is a string that begins with `@` or contains `@{…}`, either plain where the place
    evaluates it, or wrapped as `{"value": …, "type": "Expression"}`.
    """
    if isinstance(value, dict):
        if name := wrapped(value):
            return evaluate(value[name], scope)
        return {key: resolve(one, scope, place.within(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [resolve(one, scope, place) for one in value]
    if isinstance(value, str) and "@" in value and place.evaluates:
        return evaluate(value, scope)
    return value
