"""The ARM template of Data Factory files, as Data Factory generates it when it publishes.

Every resource depends on the resources that it refers to. Values that differ between environments
are parameters, named as in Data Factory (`ls_lake_properties_typeProperties_url`). Their defaults
are the values in the files. The factory itself is part of the template, so one deployment creates
everything:
`az deployment group create --template-file adf/arm/ARMTemplateForFactory.json
--parameters adf/arm/ARMTemplateParametersForFactory.json`.
Source: https://learn.microsoft.com/azure/data-factory/continuous-integration-delivery
"""

import json
from pathlib import Path

from medallion.adf.arm_template.parameters import Parameters
from medallion.adf.arm_template.resources import FACTORY_ID, resources
from medallion.adf.arm_template.texts import unescaped
from medallion.adf.arm_template.verify import verify
from medallion.adf.check.resources import Json, load
from medallion.atomic import write_text
from medallion.errors import MedallionError

TEMPLATE = "ARMTemplateForFactory.json"
PARAMETERS = "ARMTemplateParametersForFactory.json"
SCHEMAS = "https://schema.management.azure.com/schemas/2019-04-01"


def template(folder: Path) -> Json:
    """The deployment template of a folder in git layout.

    Raises `MedallionError` for an unreadable file, a reference to a missing resource, a cycle of
    references, and a template that exceeds Azure's limits.
    """
    factory = load(folder)
    for fault in factory.faults:
        if not fault.warning:
            raise MedallionError(f"{folder / fault.file}: {fault.message}; {fault.fix}.")
    names = factory.names("factory")
    if len(names) > 1:
        raise MedallionError(f"{folder}/factory must hold the file of one factory, not {names}.")
    parameters = Parameters()
    parameters.add("factoryName", "string", *names)
    made = resources(factory, parameters)
    found = {
        "$schema": f"{SCHEMAS}/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": parameters.declared,
        "variables": {"factoryId": FACTORY_ID},
        "resources": made,
    }
    verify(found)
    return found


def parameter_file(made: Json) -> Json:
    """The parameter file of a template: its defaults, and empty texts without a default.

    Azure evaluates no expressions in a parameter file, so computed defaults are left out.
    """
    values = {
        name: {"value": unescaped(one.get("defaultValue", ""))}
        for name, one in made["parameters"].items()
        if not str(one.get("defaultValue")).startswith("[resourceGroup")
    }
    return {
        "$schema": f"{SCHEMAS}/deploymentParameters.json#",
        "contentVersion": "1.0.0.0",
        "parameters": values,
    }


def texts(folder: Path) -> dict[Path, str]:
    """The texts of the two files by their paths in the folder's `arm/`."""
    made = template(folder)
    return {
        folder / "arm" / name: json.dumps(one, indent=4, ensure_ascii=False) + "\n"
        for name, one in ((TEMPLATE, made), (PARAMETERS, parameter_file(made)))
    }


def write(folder: Path) -> list[Path]:
    """Write the template and its parameters, and return the written files."""
    found = texts(folder)
    for file, text in found.items():
        write_text(file, text)
    return list(found)


def stale(folder: Path) -> list[Path]:
    """The files that are missing, or differ from what the folder generates."""
    return [
        file
        for file, text in texts(folder).items()
        if not file.is_file() or file.read_text(encoding="utf-8") != text
    ]
