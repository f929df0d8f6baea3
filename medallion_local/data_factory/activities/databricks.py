"""`DatabricksJob`: starts the job that runs dbt, and waits for its end.

Source: https://learn.microsoft.com/azure/data-factory/transform-data-databricks-job
"""

from typing import Any

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.values import to_text
from medallion.adf.places import Place
from medallion_local.data_factory.activities.properties import only
from medallion_local.data_factory.environment import Environment


def databricks_job(
    environment: Environment, activity: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """Run the environment's job with this id; its parameters are texts."""
    where = f"activity '{activity['name']}'"
    name = activity.get("linkedServiceName", {}).get("referenceName", "")
    kind = environment.files.linked_service(name)["type"]
    if kind != "AzureDatabricks":
        raise ActivityError(f"Linked service '{name}' of {where} is {kind}, not AzureDatabricks.")
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    only(properties, {"jobId", "jobParameters"}, where)
    job = to_text(properties["jobId"])
    if job not in environment.jobs:
        raise not_supported("Databricks job", job, where)
    given = properties.get("jobParameters") or {}
    environment.jobs[job]({key: to_text(value) for key, value in given.items()})
    return {"runId": activity["name"], "runPageUrl": ""}
