"""The settings that each resource must have with any parameters: private access, and only Entra.

An omitted property is a fault too, because a service's default may change.
"""

from collections.abc import Mapping
from typing import Any

_TLS = ("TLS1_2", "TLS1_3")
_AUDIT = {"state": ("Enabled",), "isAzureMonitorTargetEnabled": (True,)}

# By type, paths into `properties` and their allowed values.
PROPERTIES: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "Microsoft.DataFactory/factories": {"publicNetworkAccess": ("Disabled",)},
    "Microsoft.Databricks/workspaces": {
        "publicNetworkAccess": ("Disabled",),
        "requiredNsgRules": ("NoAzureDatabricksRules",),
        "parameters.enableNoPublicIp.value": (True,),
    },
    "Microsoft.KeyVault/vaults": {
        "publicNetworkAccess": ("Disabled",),
        "networkAcls.defaultAction": ("Deny",),
        "enableRbacAuthorization": (True,),
        "enableSoftDelete": (True,),
        "enablePurgeProtection": (True,),
    },
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": {"registrationEnabled": (False,)},
    "Microsoft.OperationalInsights/workspaces": {
        # Queries are open to the internet for Entra users, because the portal queries from there.
        "publicNetworkAccessForIngestion": ("Disabled",),
        "features.disableLocalAuth": (True,),
    },
    "Microsoft.Sql/servers": {
        "publicNetworkAccess": ("Disabled",),
        "minimalTlsVersion": ("1.2", "1.3"),
        "administrators.azureADOnlyAuthentication": (True,),
        "administrators.principalType": ("Group",),
    },
    "Microsoft.Sql/servers/auditingSettings": _AUDIT,
    "Microsoft.Sql/servers/securityAlertPolicies": {"state": ("Enabled",)},
    "Microsoft.Sql/servers/sqlVulnerabilityAssessments": {"state": ("Enabled",)},
    "Microsoft.Storage/storageAccounts": {
        "publicNetworkAccess": ("Disabled",),
        "networkAcls.defaultAction": ("Deny",),
        "networkAcls.bypass": ("None",),
        "allowSharedKeyAccess": (False,),
        "allowBlobPublicAccess": (False,),
        "allowCrossTenantReplication": (False,),
        "isLocalUserEnabled": (False,),
        "isSftpEnabled": (False,),
        "isHnsEnabled": (True,),
        "supportsHttpsTrafficOnly": (True,),
        "minimumTlsVersion": _TLS,
    },
    "Microsoft.Storage/storageAccounts/blobServices": {
        "deleteRetentionPolicy.enabled": (True,),
        "containerDeleteRetentionPolicy.enabled": (True,),
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"publicAccess": ("None",)},
    "Microsoft.Synapse/workspaces": {
        "publicNetworkAccess": ("Disabled",),
        "azureADOnlyAuthentication": (True,),
        "managedVirtualNetwork": ("default",),
        "managedVirtualNetworkSettings.preventDataExfiltration": (True,),
    },
    "Microsoft.Synapse/workspaces/auditingSettings": _AUDIT,
}

# By type, the resources that each resource of it needs.
COMPANIONS: Mapping[str, tuple[str, ...]] = {
    "Microsoft.Sql/servers": (
        "auditingSettings/default",
        "securityAlertPolicies/Default",
        "sqlVulnerabilityAssessments/default",
    ),
    "Microsoft.Sql/servers/databases": ("backupShortTermRetentionPolicies/default",),
    "Microsoft.Storage/storageAccounts": ("blobServices/default",),
    "Microsoft.Synapse/workspaces": ("auditingSettings/default",),
}

# Types that open access, or allow sign-in without Entra.
REFUSED_TYPES: Mapping[str, str] = {
    "Microsoft.KeyVault/vaults/accessPolicies": "the vault uses roles",
    "Microsoft.Network/publicIPAddresses": "no resource has a public address",
    "Microsoft.Sql/servers/firewallRules": "the server is reached through its private endpoint",
    "Microsoft.Storage/storageAccounts/localUsers": "the lake accepts only Entra identities",
    "Microsoft.Synapse/workspaces/firewallRules": "the workspace uses private endpoints",
}
# Properties that no resource may have, at any depth.
REFUSED_PROPERTIES: Mapping[str, str] = {
    "accessPolicies": "the vault uses roles",
    "administratorLogin": "the server accepts only Entra identities",
    "administratorLoginPassword": "the server accepts only Entra identities",
    "ipRules": "no resource is open to internet addresses",
    "sqlAdministratorLogin": "the workspace accepts only Entra identities",
    "sqlAdministratorLoginPassword": "the workspace accepts only Entra identities",
}
