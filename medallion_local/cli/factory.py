"""`medallion factory run` and `tsql`: run the pipelines of `adf/`, or of another factory, here."""

import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from medallion.adf.files import ADF_FOLDER, FactoryFiles
from medallion.cli.factory import app
from medallion.cli.ingest import Watch
from medallion.console import INTERRUPTED, err, out
from medallion.errors import MedallionError
from medallion.home import home


@app.command("tsql")
def tsql_texts(
    to: Annotated[Path, typer.Argument(help="The output folder; its content is deleted first.")],
    folder: Annotated[Path, typer.Option("--adf", help="A factory in git layout.")] = ADF_FOLDER,
) -> None:
    """Run the pipelines in all their modes, and write each T-SQL text that they send."""
    from medallion_local.data_factory import tsql

    written = tsql.write_sent(FactoryFiles(folder), to)
    out.print(f"wrote {len(written)} texts to {to}", markup=False, soft_wrap=True)


@app.command("run")
def run_here(
    pipeline: Annotated[str, typer.Argument(help="Name of the pipeline.")] = "pl_ingest_and_build",
    folder: Annotated[
        Path, typer.Option("--adf", help="Another factory in git layout, with a folder pipeline/.")
    ] = ADF_FOLDER,
    parameter: Annotated[
        list[str] | None, typer.Option(help="name=value; JSON unless the type is String.")
    ] = None,
    parameters: Annotated[
        str | None, typer.Option(help="All parameters: a JSON object, or a file that contains one.")
    ] = None,
    global_parameter: Annotated[
        list[str] | None, typer.Option(help="name=value (JSON); overrides the factory's own value.")
    ] = None,
    linked_service: Annotated[
        list[str] | None,
        typer.Option(
            help="name=place: the local replacement of another factory's linked service. A place "
            "is the file of a source database, a folder with one folder per container, or an "
            "address."
        ),
    ] = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Web activities of another factory may use the network."),
    ] = False,
    longest_wait: Annotated[
        float | None,
        typer.Option(min=0, help="Longest wait, in seconds, in another factory."),
    ] = None,
) -> None:
    """Run a pipeline on this machine; it calls `dbt build` in place of the Databricks job.

    Run `medallion up` before a pipeline that builds. With --adf the pipeline belongs to another
    factory and its control flow runs as in Azure. A linked service without a local place, or an
    activity that only Azure can run, fails when the run reaches it; the error names it. Exit 1 when
    the run fails, and 130 when it is interrupted.
    """
    from medallion_local.data_factory import elsewhere
    from medallion_local.data_factory.run import run
    from medallion_local.data_factory.watching import watching

    here, files = home(), FactoryFiles(folder)
    elsewhere.check_folder(files)
    values = elsewhere.arguments(files, pipeline, parameter or [], parameters)
    own = folder.resolve() == ADF_FOLDER.resolve()
    if own:
        if global_parameter or linked_service or online or longest_wait is not None:
            raise MedallionError(
                "--global-parameter, --linked-service, --online and --longest-wait are only for "
                "another factory; add --adf."
            )
        with Watch() as watch:
            log = here.root / "logs" / "build.jsonl"
            status, error = run(here, pipeline, log, watching(watch.show), values)
    else:
        status, error = _run_elsewhere(
            files,
            pipeline,
            values,
            elsewhere.globals_of(global_parameter or []),
            elsewhere.pairs("--linked-service", linked_service or []),
            online,
            longest_wait,
        )
    if error:
        raise MedallionError(f"{pipeline} failed: {error}")
    out.print(f"{pipeline}: {status}", markup=False, soft_wrap=True)


def _run_elsewhere(
    files: FactoryFiles,
    pipeline: str,
    values: dict[str, Any],
    global_parameters: dict[str, Any],
    places: dict[str, str],
    online: bool,
    longest_wait: float | None,
) -> tuple[str, str | None]:
    """Run another factory's pipeline, and always print its activities as a tree."""
    from medallion_local.cli.run_tree import RunTree
    from medallion_local.data_factory import elsewhere

    tree, began = RunTree(), time.monotonic()
    status = "Cancelled"
    try:
        with err.status(f"{pipeline} runs"):
            record = elsewhere.run_elsewhere(
                home(),
                files,
                pipeline,
                values,
                tree.tell,
                global_parameters,
                places,
                online,
                math.inf if longest_wait is None else longest_wait,
            ).record
        status = record.status
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if tree.counts():
            title = f"{pipeline} {status} in {time.monotonic() - began:.1f} s"
            out.print(tree.shown(title))
    if record.error:
        return status, record.error["message"]
    # A pipeline that handles the failure succeeds, but took another path than in Azure.
    refused = next((one for one in tree.refusals() if status == "Succeeded"), None)
    return status, refused and f"{refused} The pipeline continued as if the activity had failed."
