"""A rehearsed deployment: from an empty resource group to the first green pl_ingest_and_build.

`python -m support.rehearsal` deploys to the stand-in of the resource manager. Then it runs the
pipeline with the deployed values in MEDALLION_HOME, whose warehouse must be running.
"""

import dataclasses
import datetime as dt
import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from medallion import dbt
from medallion.adf.files import ADF_FOLDER
from medallion.home import home
from medallion.infra import INFRA_FOLDER
from medallion.infra.deployment import Deployment, evaluate, read
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.run import laptop
from support.resource_manager import ResourceManager

Json = dict[str, Any]
TEMPLATE = read(INFRA_FOLDER / "template.json")
FACTORY = read(ADF_FOLDER / "arm" / "ARMTemplateForFactory.json")
HUB = "/subscriptions/2/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"
DAY = dt.date(2027, 3, 9)
JOB = "4711"


def infra(change: Callable[[Json], None] = lambda template: None, **given: Any) -> Deployment:
    """The deployment of production with all options, on the first day of a budget."""
    template = deepcopy(TEMPLATE)
    change(template)
    values = read(INFRA_FOLDER / "parameters.prod.json")["parameters"]
    options = {"budgetStart": "2027-03-01", "hubNetworkId": HUB, "dedicatedPoolSize": "DW100c"}
    values |= {name: {"value": value} for name, value in (options | given).items()}
    return evaluate(template, values, "infra")


def factory(made: Deployment, template: Json = FACTORY) -> Deployment:
    """The factory's deployment, with the outputs that infra/deploy_factory.sh passes on."""
    values = {
        name: {"value": str(one["value"])}
        for name, one in made.outputs["factoryParameters"]["parameters"].items()
    }
    values["default_properties_dbt_job_id_value"] = {"value": JOB}
    values["default_properties_github_url_value"] = {"value": "https://lists.example"}
    return evaluate(template, values, "factory")


def main() -> None:
    """Deploy, run the pipeline, and exit with its error if it fails."""
    azure, made = ResourceManager(DAY), infra()
    azure.deploy(made)
    azure.deploy(factory(made))
    [parameters] = factory(made).of("Microsoft.DataFactory/factories/globalparameters")
    deployed = {name: one["value"] for name, one in parameters.properties.items()}
    log = home().root / "logs" / "build.jsonl"
    with laptop(home()) as here:
        # The addresses of the lake and of the lists are those of this machine.
        there = dataclasses.replace(
            here,
            global_parameters=deployed | here.global_parameters,
            jobs={JOB: lambda parameters: dbt.run(*dbt.DAILY_BUILD, log=log)},
        )
        record = run_pipeline(there, "pl_ingest_and_build").record
    if record.status != "Succeeded":
        sys.exit(f"pl_ingest_and_build: {record.status}: {record.error}")


if __name__ == "__main__":
    main()
