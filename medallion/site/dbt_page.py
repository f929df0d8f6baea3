"""dbt's own docs as one page, without the requests in it that fail."""

from pathlib import Path

# Each entry requests a file that does not exist: a template before Angular filled it in, or a line
# that dbt's own build left behind (dbt-core 1.11).
CORRECTIONS = {
    "xlink:href=\"{{ getIcon(item.type, \\'on\\') }}\"": (
        "ng-href=\"{{ getIcon(item.type, \\'on\\') }}\""
    ),
    "xlink:href=\"{{ getIcon(item.type, \\'off\\') }}\"": (
        "ng-href=\"{{ getIcon(item.type, \\'off\\') }}\""
    ),
    "${require('./assets/favicons/favicon.ico')}": "data:,",
}


def copy_dbt_page(static: Path, page: Path) -> None:
    """Copy `static_index.html` of `dbt docs generate --static` to `page`."""
    text = static.read_text(encoding="utf-8")
    for broken, corrected in CORRECTIONS.items():
        text = text.replace(broken, corrected)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
