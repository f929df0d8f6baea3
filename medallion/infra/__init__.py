"""Azure Resource Manager without Azure: evaluates `infra/template.json` and reports its faults.

`scope` and `functions` evaluate expressions. `deployment` creates the resources of a template and a
parameter file. `order` checks their dependencies. `sdk` compares them with the models of Azure's
own libraries, and `policy` with this project's rules (`required`, `roles`, `networks`,
`diagnostics`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from medallion.azure.models.check import Found
from medallion.errors import MedallionError
from medallion.fault import Fault
from medallion.home import PROJECT_ROOT
from medallion.infra.deployment import Deployment, evaluate, read
from medallion.infra.order import order
from medallion.infra.policy import policy

INFRA_FOLDER = PROJECT_ROOT / "infra"
# Parameters that infra/deploy.sh computes, with a value for the check.
COMPUTED: Mapping[str, str] = {"budgetStart": "2026-01-01"}


def deployments(folder: Path) -> list[Deployment]:
    """The template of a folder with each of its parameter files."""
    files = sorted(folder.glob("parameters.*.json"))
    if not files:
        raise MedallionError(f"{folder} has no parameters.*.json; add one.")
    template = read(folder / "template.json")
    computed = {name: {"value": value} for name, value in COMPUTED.items()}
    return [
        evaluate(
            template,
            read(file).get("parameters", {})
            | {name: one for name, one in computed.items() if name in template["parameters"]},
            f"template.json with {file.name}",
        )
        for file in files
    ]


def check(folder: Path) -> list[Fault]:
    """The violations of Azure's or this project's rules, by file and place."""
    return [fault for made in deployments(folder) for fault in faults(made)]


def faults(made: Deployment) -> list[Fault]:
    """The faults of one deployment, by place."""
    found = {Fault(made.file, *one) for one in _found(made)} | set(made.faults)
    return sorted(found, key=Fault.order)


def _found(made: Deployment) -> Iterator[Found]:
    # The models come with the development tools, and take a second to import.
    try:
        from medallion.infra.sdk import references, types
    except ImportError as error:
        message = f"The check needs the development tools ({error}): run `make dev`."
        raise MedallionError(message) from error

    yield from order(made)
    yield from types(made)
    yield from references(made)
    yield from policy(made)
