"""Whether a home's warehouse can be used, in a sentence."""

from enum import Enum

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle.process import answers, is_moved, running
from medallion_local.databricks_sql.lifecycle.state import copied_from


class Condition(Enum):
    """`UNUSABLE` needs an action of the user; `DOWN` is normal before `medallion up`."""

    UP = "up"
    DOWN = "down"
    UNUSABLE = "unusable"


def condition(home: Home) -> tuple[Condition, str]:
    """The condition of the warehouse, and a sentence about it that names the fix."""
    state = running(home)
    if original := copied_from(home):
        return Condition.DOWN, (
            f"{home.root} is a copy of {original} and does not use its warehouse: start its own "
            "with `medallion up`."
        )
    if state is None:
        return Condition.DOWN, "The warehouse is down: start it with `medallion up`."
    if is_moved(home, state):
        return Condition.UNUSABLE, (
            f"The warehouse still runs on {state.home}, the former place of this home: run "
            "`medallion up` to restart it here."
        )
    if answers(home, state):
        return Condition.UP, (
            f"The warehouse runs on 127.0.0.1:{state.port}, process {state.pid} "
            f"(engine: {state.engine})."
        )
    return Condition.UNUSABLE, (
        f"The warehouse's process {state.pid} runs but does not answer: run `medallion down`, then "
        "`medallion up`."
    )
