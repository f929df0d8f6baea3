"""`medallion rules`: the page of all rules, docs/rules.md."""

from medallion.cli.only_check import OnlyCheck
from medallion.console import out
from medallion.expectations import PAGE, page, read_rules, require_current


def rules(
    only_check: OnlyCheck = False,
) -> None:
    """Write docs/rules.md, the page of all rules, from the models' YAML."""
    found = read_rules()
    if only_check:
        require_current(found)
        return
    PAGE.write_text(page(found), encoding="utf-8")
    out.print(f"wrote {PAGE}", markup=False, soft_wrap=True)
