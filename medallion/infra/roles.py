"""Azure's built-in roles that the template may assign, and their widest scopes.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from collections.abc import Mapping

# By name, the role's id, which is the same in every tenant.
IDS: Mapping[str, str] = {
    "Data Factory Contributor": "673868aa-7521-48a0-acc6-0f60742d39f5",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Delegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
}

# By name, the widest resource type on which the role may be assigned; empty is the resource group.
WIDEST: Mapping[str, str] = {
    # A deployment is a resource of the group, so a role on the factory alone cannot deploy.
    "Data Factory Contributor": "",
    # dbt reads the secrets in SECRETS, which are nearly all of the vault.
    "Key Vault Secrets User": "Microsoft.KeyVault/vaults",
    "Storage Blob Data Contributor": "Microsoft.Storage/storageAccounts/blobServices/containers",
    "Storage Blob Data Reader": "Microsoft.Storage/storageAccounts/blobServices/containers",
    # Creates keys for signatures with the caller's own rights, and grants no right to data.
    "Storage Blob Delegator": "Microsoft.Storage/storageAccounts",
}
# Roles that grant everything or manage rights; the check names them when someone proposes them.
REFUSED: Mapping[str, str] = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
NAMES: Mapping[str, str] = {id_: name for name, id_ in IDS.items()}
