"""Finds activities that show a secret in the monitor.

Data Factory records the input and the output of each activity, readable for everyone who may see
runs. `secureOutput` and `secureInput` hide them. The service accepts their absence, so these are
warnings.
Source: https://learn.microsoft.com/azure/data-factory/how-to-use-azure-key-vault-secrets-pipeline-activities
"""

import re
from collections.abc import Iterator
from typing import Any

from medallion.adf.check.resources import Resource
from medallion.fault import Fault, step, walk

VAULT = "https://vault.azure.net"
READ = re.compile(r"activity\('([^']*)'\)\??\.output", re.IGNORECASE)


def secure(resource: Resource) -> Iterator[Fault]:
    """Web activities that read a vault without secureOutput, and readers of hidden outputs."""
    activities = [
        (path, one)
        for path, one in walk(resource.document, "$")
        if isinstance(one, dict) and isinstance(one.get("typeProperties"), dict) and "name" in one
    ]
    hidden = {one["name"].lower() for _, one in activities if _policy(one, "secureOutput")}
    for path, one in activities:
        if _reads_vault(one) and not _policy(one, "secureOutput"):
            message = f"'{one['name']}' reads a vault, and the monitor shows its output"
            yield resource.fault(path, message, "set policy.secureOutput to true", warning=True)
        if "policy" not in one or _policy(one, "secureInput"):
            continue
        for place, text in walk(one["typeProperties"], step(path, "typeProperties")):
            found = READ.findall(text) if isinstance(text, str) else []
            for name in found:
                if name.lower() in hidden:
                    message = f"it uses the hidden output of '{name}', and the monitor shows it"
                    yield resource.fault(
                        place, message, "set policy.secureInput to true", warning=True
                    )


def _policy(activity: dict[str, Any], name: str) -> bool:
    policy = activity.get("policy")
    return isinstance(policy, dict) and policy.get(name) is True


def _reads_vault(activity: dict[str, Any]) -> bool:
    authentication = activity["typeProperties"].get("authentication")
    resource = authentication.get("resource") if isinstance(authentication, dict) else None
    return isinstance(resource, str) and resource.rstrip("/").lower() == VAULT
