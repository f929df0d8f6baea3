"""The private endpoints of each resource type, and the DNS zone of each.

Source: https://learn.microsoft.com/azure/private-link/private-endpoint-dns
"""

from collections.abc import Mapping

_SYNAPSE_SQL = "privatelink.sql.azuresynapse.net"
_DATABRICKS = "privatelink.azuredatabricks.net"

# By type, the group ids and their zones. Without public access they are the only way in, so a
# resource of these types needs an endpoint of each group.
ZONES: Mapping[str, Mapping[str, str]] = {
    "Microsoft.Databricks/workspaces": {
        "databricks_ui_api": _DATABRICKS,
        "browser_authentication": _DATABRICKS,
    },
    "Microsoft.KeyVault/vaults": {"vault": "privatelink.vaultcore.azure.net"},
    "Microsoft.Sql/servers": {"sqlServer": "privatelink.database.windows.net"},
    "Microsoft.Storage/storageAccounts": {
        "blob": "privatelink.blob.core.windows.net",
        "dfs": "privatelink.dfs.core.windows.net",
    },
    "Microsoft.Synapse/workspaces": {
        "Sql": _SYNAPSE_SQL,
        "SqlOnDemand": _SYNAPSE_SQL,
        "Dev": "privatelink.dev.azuresynapse.net",
    },
}
