"""`medallion doctor`: check this machine, this environment and this home."""

import typer
from rich.markup import escape

from medallion.console import out

_STYLES = {"ok": "green", "note": "yellow", "fault": "red bold"}


def doctor() -> None:
    """Check Python, programs, packages, the home, disk, clock, dbt's profile and the warehouse.

    Each fault and note has a fix. Nothing is changed. Exit 1 if there is a fault.
    """
    from medallion.doctor.run import examine

    faults = 0
    for one in examine():
        faults += one.level == "fault"
        style = _STYLES[one.level]
        said = f"[{style}]{one.level:5}[/{style}]  {one.check:11}  {escape(one.said)}"
        out.print(said, soft_wrap=True)
        if one.fix:
            out.print(f"{'':20}{escape(one.fix)}", soft_wrap=True)
    if faults:
        raise typer.Exit(1)
