"""`medallion site`: the docs site."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from medallion.console import out, steps
from medallion.home import PROJECT_ROOT, home
from medallion.laptop import laptop

SITE = PROJECT_ROOT / "target" / "site"


def site(
    to: Annotated[Path, typer.Option(help="The output folder of the site.")] = SITE,
    report: Annotated[
        Path | None, typer.Option(help="The folder of the report; by default report/ in the home.")
    ] = None,
) -> None:
    """Build the docs site: the pages of docs/, the data dictionary, and dbt's own docs.

    The project is built without rows, in a separate warehouse, so the site shows the project as it
    is written. The content of your own warehouse has no influence. The report, if there is one, is
    a page of the site, and the page of each table shows its latest test results.
    """
    from medallion import dbt, private
    from medallion.expectations import read_rules, require_current
    from medallion.site.build import build_site

    require_current(read_rules())
    work = to.resolve().with_name(f"{to.name}-build")
    shutil.rmtree(work, ignore_errors=True)
    with (
        steps() as show,
        laptop().empty_warehouse(work) as env,
    ):
        show("dbt build --empty")
        kinds = ("--resource-type", "model", "--resource-type", "snapshot")
        full, docs, log = work / "full", work / "docs", work / "dbt.log"
        dbt.run("build", "--empty", *kinds, "--target-path", str(full), log=log, environment=env)
        show("dbt docs generate")
        parsed = ("--partial-parse-file-path", str(full / "partial_parse.msgpack"))
        dbt.run(
            *("docs", "generate", "--static", "--target-path", str(docs), *parsed),
            log=log,
            environment=env,
        )
        show("mkdocs build")
        with private.as_before():
            built = build_site(full, docs, work / "pages", to.resolve(), report or home().report)
    traced = built.columns - built.untraced
    said = f"{built.pages} pages, {built.relationships} relationships, {traced} of {built.columns}"
    out.print(f"{said} columns traced.", soft_wrap=True)
    if built.no_screenshot:
        out.print(f"The home page has no screenshot of the report: {built.no_screenshot}.")
    out.print(f"See it: python -m http.server --directory {to}", markup=False, soft_wrap=True)
