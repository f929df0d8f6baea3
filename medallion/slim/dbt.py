"""dbt in this process: the project is parsed once, and every command reuses that manifest."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
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

    def executed(self, *command: str, artifacts: Path | None = None) -> list[Any]:
        """Run `clone`, `build` or `run` with normal output; return each result, failures too.

        `artifacts` is another folder for what dbt writes.
        """
        self._on_command(" ".join(["dbt", *command]))
        apart = ["--target-path", str(artifacts)] if artifacts else []
        done = self._invoke(self.manifest, [*command], apart, may_fail=True)
        return list(done.results)

    def operation(self, macro: str, arguments: dict[str, Any]) -> Any:
        """Run a macro and return its result, or `None`."""
        self._answer = None
        command = ["run-operation", "--quiet", macro, "--args", json.dumps(arguments)]
        self._invoke(self.manifest, command)
        return json.loads(self._answer) if self._answer else None

    def rows(self, queries: list[str]) -> list[list[dict[str, Any]]]:
        """Run queries whose only column is a JSON object; return the objects of each."""
        found = self.operation("answers_to", {"queries": queries})
        return [[json.loads(row) for row in rows] for rows in found]

    def _invoke(
        self,
        manifest: Manifest | None,
        command: list[str],
        flags: Sequence[str] = (),
        may_fail: bool = False,
    ) -> Any:
        runner = dbtRunner(manifest=manifest, callbacks=[self._listen])
        done = runner.invoke([*command, *self._shared, *flags])
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
