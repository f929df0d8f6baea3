"""`medallion rules`: the page of all rules, docs/rules.md."""

from typing import Annotated

import typer

from medallion.console import out
from medallion.expectations import PAGE, page, read_rules, require_current


def rules(
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when the page is out of date.")
    ] = False,
) -> None:
    """Write docs/rules.md, the page of all rules, from the models' YAML."""
    found = read_rules()
    if only_check:
        require_current(found)
        return
    PAGE.write_text(page(found), encoding="utf-8")
    out.print(f"wrote {PAGE}", markup=False, soft_wrap=True)
