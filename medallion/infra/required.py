"""What each resource must say of itself, whatever the parameters: private, and Entra alone.

A property that is left out is a fault too: a service's default may change.
"""

from collections.abc import Mapping
from typing import Any

_TLS = ("TLS1_2", "TLS1_3")
_AUDIT = {"state": ("Enabled",), "isAzureMonitorTargetEnabled": (True,)}

# By type, paths into `properties` and the values that they may have.
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
        # Asking is open to the internet, for people whom Entra knows: the portal asks from there.
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

# By type, what has to stand beside each resource of it.
COMPANIONS: Mapping[str, str] = {
    "Microsoft.Sql/servers": "auditingSettings",
    "Microsoft.Storage/storageAccounts": "blobServices",
    "Microsoft.Synapse/workspaces": "auditingSettings",
}

# Types that open a door, or sign in by something else than Entra.
REFUSED_TYPES: Mapping[str, str] = {
    "Microsoft.KeyVault/vaults/accessPolicies": "the vault goes by roles",
    "Microsoft.Network/publicIPAddresses": "nothing has a public address",
    "Microsoft.Sql/servers/firewallRules": "the server is reached by its private endpoint",
    "Microsoft.Storage/storageAccounts/localUsers": "the lake knows Entra's identities alone",
    "Microsoft.Synapse/workspaces/firewallRules": "the workspace is reached by private endpoints",
}
# Properties that no resource may have, at any depth.
REFUSED_PROPERTIES: Mapping[str, str] = {
    "accessPolicies": "the vault goes by roles",
    "administratorLogin": "the server knows Entra's identities alone",
    "administratorLoginPassword": "the server knows Entra's identities alone",
    "ipRules": "nothing is open to addresses of the internet",
    "sqlAdministratorLogin": "the workspace knows Entra's identities alone",
    "sqlAdministratorLoginPassword": "the workspace knows Entra's identities alone",
}
