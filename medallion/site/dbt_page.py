"""dbt's own docs as one page: no request in it fails, and its graph opens on the models only."""

from pathlib import Path

from medallion.errors import MedallionError

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
# The graph's first selection. The other kinds stay in its list of resources, where a reader adds
# them; dbt has no setting for it.
SELECTED = (
    'resource_types:["model","seed","snapshot","source","test","unit_test","analysis","exposure",'
    '"metric","semantic_model","saved_query","function"],depth:1'
)
MODELS = 'resource_types:["model"],depth:1'


def copy_dbt_page(static: Path, page: Path) -> None:
    """Copy `static_index.html` of `dbt docs generate --static` to `page`.

    Raises `MedallionError` if dbt's page no longer has the selection that is replaced.
    """
    text = static.read_text(encoding="utf-8")
    if SELECTED not in text:
        raise MedallionError(f"{static} has another first selection: correct dbt_page.SELECTED.")
    text = text.replace(SELECTED, MODELS)
    for broken, corrected in CORRECTIONS.items():
        text = text.replace(broken, corrected)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
