"""A run's events as progress lines: one line per table or reference file."""

from collections.abc import Callable

from medallion_local.data_factory.events import Event, Listener

LAST = ("If it was a pinned one", "If the state is new")  # of a table's, and a reference's pipeline


def watching(progress: Callable[[str, str, bool], None]) -> Listener:
    """A listener that reports a table's name, its activity with status, and whether it is done."""

    def listen(event: Event) -> None:
        subject = event.parameters.get("table") or event.parameters.get("reference")
        if isinstance(subject, dict):
            ended = event.activity in LAST and event.status != "InProgress"
            name = str(subject.get("table") or subject["name"])
            progress(name, f"{event.activity} {event.status}", ended)

    return listen
