"""The pipeline run that an activity belongs to, as far as the activity's code uses it.

`engine.Run` is the implementation. Activities see this interface alone, so that the engine may
import them.
"""

from typing import Any, Protocol

from medallion.adf.language.scope import Scope
from medallion_local.data_factory.environment import Environment
from medallion_local.data_factory.events import RunRecord
from medallion_local.data_factory.shared import Shared


class Run(Protocol):
    """A pipeline run in progress."""

    environment: Environment
    scope: Scope
    record: RunRecord
    shared: Shared

    def inner(self, activities: list[dict[str, Any]] | None, scope: Scope) -> None:
        """Run the activities inside a control activity. Raises if one failed the activity."""

    def child(self, name: str, parameters: dict[str, Any], scope: Scope, wait: bool) -> "Run":
        """Run another pipeline, as `ExecutePipeline` does: and wait for its end, or continue."""

    def pause(self, seconds: float, scope: Scope) -> None:
        """Wait, at most until the loop around times out; a stopped run waits no longer."""
