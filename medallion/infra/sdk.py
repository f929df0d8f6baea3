"""Compares resources with the models of Azure's management libraries, of the same API versions.

The libraries are only in the group `dev`, so only the check may import this module. Rules that are
not in the models (whether a name is free, a region has a service, a policy allows it) are not
checked; docs/fidelity.md lists them.
Source: https://learn.microsoft.com/python/api/overview/azure/?view=azure-python
"""

import importlib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medallion.azure.models.check import Dialect, Found, compare
from medallion.azure.models.fields import Shape, bare, is_model, shape
from medallion.infra.deployment import Deployment, Resource
from medallion.infra.scope import Symbol


@dataclass(frozen=True)
class Known:
    """A resource type: its API version, and its models in `azure.mgmt.<library>.models`.

    `request` is the model of a PUT, `response` the model of `reference` if it differs.
    """

    api_version: str
    library: str
    request: str
    response: str = ""


# The versions are defined here only: an update of a library changes its line and the template.
TYPES: Mapping[str, Known] = {
    "Microsoft.Authorization/roleAssignments": Known(
        "2022-04-01", "authorization.v2022_04_01", "RoleAssignmentCreateParameters"
    ),
    "Microsoft.Consumption/budgets": Known("2024-08-01", "consumption", "Budget"),
    "Microsoft.DataFactory/factories": Known("2018-06-01", "datafactory", "Factory"),
    "Microsoft.Databricks/accessConnectors": Known("2026-01-01", "databricks", "AccessConnector"),
    "Microsoft.Databricks/workspaces": Known("2026-01-01", "databricks", "Workspace"),
    "Microsoft.Insights/actionGroups": Known(
        "2023-01-01", "monitor.v2023_01_01", "ActionGroupResource"
    ),
    "Microsoft.Insights/diagnosticSettings": Known(
        "2021-05-01-preview", "monitor.v2021_05_01_preview", "DiagnosticSettingsResource"
    ),
    "Microsoft.Insights/metricAlerts": Known(
        "2018-03-01", "monitor.v2018_03_01", "MetricAlertResource"
    ),
    "Microsoft.Insights/scheduledQueryRules": Known(
        "2022-08-01-preview", "monitor.v2022_08_01_preview", "ScheduledQueryRuleResource"
    ),
    "Microsoft.KeyVault/vaults": Known(
        "2026-05-15", "keyvault", "VaultCreateOrUpdateParameters", "Vault"
    ),
    "Microsoft.KeyVault/vaults/secrets": Known(
        "2026-05-15", "keyvault", "SecretCreateOrUpdateParameters", "Secret"
    ),
    "Microsoft.ManagedIdentity/userAssignedIdentities": Known(
        "2024-11-30", "msi.v2024_11_30", "Identity"
    ),
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": Known(
        "2024-11-30", "msi.v2024_11_30", "FederatedIdentityCredential"
    ),
    "Microsoft.Network/networkSecurityGroups": Known(
        "2026-03-01", "network", "NetworkSecurityGroup"
    ),
    "Microsoft.Network/privateDnsZones": Known("2024-06-01", "privatedns", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": Known(
        "2024-06-01", "privatedns", "VirtualNetworkLink"
    ),
    "Microsoft.Network/privateEndpoints": Known("2026-03-01", "network", "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": Known(
        "2026-03-01", "network", "PrivateDnsZoneGroup"
    ),
    "Microsoft.Network/virtualNetworks": Known("2026-03-01", "network", "VirtualNetwork"),
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": Known(
        "2026-03-01", "network", "VirtualNetworkPeering"
    ),
    "Microsoft.OperationalInsights/workspaces": Known("2025-07-01", "loganalytics", "Workspace"),
    "Microsoft.Sql/servers": Known("2025-01-01", "sql", "Server"),
    "Microsoft.Sql/servers/auditingSettings": Known(
        "2025-01-01", "sql", "ServerBlobAuditingPolicy"
    ),
    "Microsoft.Sql/servers/databases": Known("2025-01-01", "sql", "Database"),
    "Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies": Known(
        "2025-01-01", "sql", "BackupShortTermRetentionPolicy"
    ),
    "Microsoft.Sql/servers/securityAlertPolicies": Known(
        "2025-01-01", "sql", "ServerSecurityAlertPolicy"
    ),
    "Microsoft.Sql/servers/sqlVulnerabilityAssessments": Known(
        "2025-01-01", "sql", "SqlVulnerabilityAssessment"
    ),
    "Microsoft.Storage/storageAccounts": Known(
        "2026-09-01", "storage", "StorageAccountCreateParameters", "StorageAccount"
    ),
    "Microsoft.Storage/storageAccounts/blobServices": Known(
        "2026-09-01", "storage", "BlobServiceProperties"
    ),
    "Microsoft.Storage/storageAccounts/blobServices/containers": Known(
        "2026-09-01", "storage", "BlobContainer"
    ),
    "Microsoft.Storage/storageAccounts/managementPolicies": Known(
        "2026-09-01", "storage", "ManagementPolicy"
    ),
    "Microsoft.Synapse/workspaces": Known("2021-06-01", "synapse", "Workspace"),
    "Microsoft.Synapse/workspaces/administrators": Known(
        "2021-06-01", "synapse", "WorkspaceAadAdminInfo"
    ),
    "Microsoft.Synapse/workspaces/auditingSettings": Known(
        "2021-06-01", "synapse", "ServerBlobAuditingPolicy"
    ),
    "Microsoft.Synapse/workspaces/sqlPools": Known("2021-06-01", "synapse", "SqlPool"),
}
# Features that Azure accepts and a model lacks, each with its reason.
DIALECT = Dialect()


def model(known: Known, name: str) -> type:
    """A model of a resource type's library."""
    found: type = getattr(importlib.import_module(f"azure.mgmt.{known.library}.models"), name)
    return found


def types(made: Deployment) -> Iterator[Found]:
    """The violations of the models in the deployment's resources."""
    for one in made.resources:
        known = TYPES.get(one.type)
        if known is None:
            fix = "add it to TYPES in medallion/infra/sdk.py"
            yield one.path, f"no model is known for '{one.type}'", fix
        elif one.api_version != known.api_version:
            message = (
                f"the apiVersion is {one.api_version}, but the models have {known.api_version}"
            )
            yield f"{one.path}.apiVersion", message, f"write {known.api_version}"
        else:
            yield from compare(model(known, known.request), one.body, one.path, DIALECT)


def references(made: Deployment) -> Iterator[Found]:
    """Uses of `reference` whose resource is not deployed, or lacks the property."""
    by_id = {one.id: one for one in made.resources}
    symbols = [(one.path, symbol) for one in made.resources for symbol in one.symbols]
    symbols += [("$.outputs", symbol) for symbol in made.output_symbols]
    for path, symbol in symbols:
        wanted = by_id.get(symbol.resource)
        if wanted is None:
            message = f"reference names '{symbol.resource}', which is not deployed"
            yield path, message, "name a resource of the template"
        elif missing := _missing(wanted, symbol):
            message = f"reference cannot read '{missing}' of a {wanted.type}"
            yield path, message, "name a property of the resource"


def _missing(resource: Resource, symbol: Symbol) -> str:
    """The first step of a symbol's path that the resource's model lacks, or an empty text."""
    known = TYPES.get(resource.type)
    if known is None:
        return ""
    hint: Any = model(known, known.response or known.request)
    for one in (*(() if symbol.full else ("properties",)), *symbol.steps):
        at = _shape(hint)
        if at is None:
            return "" if _is_map(hint) else one
        field = at.fields.get(one.lower())
        if field is None or field.name != one:
            return one
        hint = field.hint
    return ""


def _shape(hint: Any) -> Shape | None:
    """The shape of an object's hint, through `Optional`."""
    if isinstance(hint, Shape):
        return hint
    named = [] if typing.get_origin(hint) is dict else [hint, *bare(hint)]
    return next((shape(one) for one in named if is_model(one)), None)


def _is_map(hint: Any) -> bool:
    return any(typing.get_origin(one) is dict for one in (hint, *bare(hint)))
