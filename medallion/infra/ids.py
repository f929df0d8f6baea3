"""Parses resource ids.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

import re
from collections.abc import Mapping

# By type, the syntax of names that are unique in all of Azure; uniqueness cannot be checked here.
NAMES: Mapping[str, re.Pattern[str]] = {
    "Microsoft.DataFactory/factories": re.compile(r"(?=.{3,63}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*"),
    "Microsoft.Databricks/workspaces": re.compile(r"[\w-]{3,64}"),
    "Microsoft.KeyVault/vaults": re.compile(r"(?=.{3,24}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*"),
    "Microsoft.Sql/servers": re.compile(r"(?=.{1,63}$)[a-z0-9]+(-+[a-z0-9]+)*"),
    # Also the syntax of MEDALLION_STORAGE_ACCOUNT.
    "Microsoft.Storage/storageAccounts": re.compile(r"[a-z0-9]{3,24}"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": re.compile(
        r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*"
    ),
    "Microsoft.Synapse/workspaces": re.compile(
        r"(?=.{1,50}$)(?!.*-ondemand)[a-z0-9]+(-[a-z0-9]+)*"
    ),
}


def type_of(id_: str) -> str:
    """The resource type in an id; an empty text for a resource group's id."""
    _, found, tail = id_.rpartition("/providers/")
    if not found:
        return ""
    provider, *steps = tail.split("/")
    return "/".join([provider, *steps[::2]])


def name_of(id_: str) -> str:
    """The last part of the resource name in an id."""
    return id_.rpartition("/")[2]
