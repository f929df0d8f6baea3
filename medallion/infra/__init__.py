"""Azure Resource Manager without Azure: evaluates `infra/template.json` and says what is wrong.

`scope` and `functions` evaluate expressions, `deployment` makes the resources of a template and a
file of parameters, `order` looks at their dependencies, `sdk` holds them against the models of
Azure's own libraries, and `policy` against this project's rules (`required`, `roles`, `networks`,
`diagnostics`).
"""

from collections.abc import Iterator
from pathlib import Path

from medallion.azure.models.check import Found
from medallion.errors import MedallionError
from medallion.fault import Fault
from medallion.home import PROJECT_ROOT
from medallion.infra.deployment import Deployment, evaluate, read
from medallion.infra.order import order
from medallion.infra.policy import policy

INFRA_FOLDER = PROJECT_ROOT / "infra"


def deployments(folder: Path) -> list[Deployment]:
    """The template of a folder with each of its files of parameters."""
    files = sorted(folder.glob("parameters.*.json"))
    if not files:
        raise MedallionError(f"{folder}: there is no parameters.*.json.")
    template = read(folder / "template.json")
    return [
        evaluate(template, read(file).get("parameters", {}), f"template.json with {file.name}")
        for file in files
    ]


def check(folder: Path) -> list[Fault]:
    """What Azure or this project's rules would refuse, by file and place."""
    return [fault for made in deployments(folder) for fault in faults(made)]


def faults(made: Deployment) -> list[Fault]:
    """What is wrong about one deployment, by place."""
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
