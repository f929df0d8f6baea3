"""dbt in this process: the project is parsed once, and every command reuses that manifest."""

import json
from collections.abc import Callable
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from medallion.errors import MedallionError

ANSWER = "medallion answers "  # the prefix of the log line with which a macro returns its result


class Dbt:
    """Commands of one target. `shared` are the flags of all commands."""

    def __init__(self, shared: list[str], on_command: Callable[[str], None]) -> None:
        self._shared = shared
        self._on_command = on_command
        self._answer: str | None = None
        # Raises `MedallionError` if dbt rejects the project.
        self.manifest: Manifest = self._invoke(None, ["parse", "--quiet"])

    def listed(self, *selection: str) -> list[str]:
        """The unique ids of a selection, in dbt's order."""
        keys = ["--output", "json", "--output-keys", "unique_id"]
        found = self._invoke(self.manifest, ["ls", "--log-level", "none", *keys, *selection])
        return [json.loads(line)["unique_id"] for line in found]

    def executed(self, *command: str) -> list[Any]:
        """Run `clone` or `build` with normal output; return each node's result, failures too."""
        self._on_command(" ".join(["dbt", *command]))
        return list(self._invoke(self.manifest, list(command), may_fail=True).results)

    def operation(self, macro: str, arguments: dict[str, Any]) -> Any:
        """Run a macro and return its result, or `None`."""
        self._answer = None
        command = ["run-operation", "--quiet", macro, "--args", json.dumps(arguments)]
        self._invoke(self.manifest, command)
        return json.loads(self._answer) if self._answer else None

    def _invoke(self, manifest: Manifest | None, command: list[str], may_fail: bool = False) -> Any:
        runner = dbtRunner(manifest=manifest, callbacks=[self._listen])
        done = runner.invoke([*command, *self._shared])
        if done.exception is not None:
            reason = " ".join(str(done.exception).split())
            raise MedallionError(f"`dbt {command[0]}` failed: {reason}")
        if not done.success and not may_fail:
            raise MedallionError(f"`dbt {' '.join(command[:3])}` failed: {_first_failure(done)}")
        return done.result

    def _listen(self, event: Any) -> None:
        if event.info.name.startswith("JinjaLog") and event.data.msg.startswith(ANSWER):
            self._answer = event.data.msg.removeprefix(ANSWER)


def _first_failure(done: dbtRunnerResult) -> str:
    for one in getattr(done.result, "results", None) or []:
        if one.message:
            return " ".join(one.message.split())
    return "dbt gave no reason"
