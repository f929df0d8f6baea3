"""The order in which Azure would create the resources.

A resource that names another one, by its id or by `reference`, or that is part of one, must depend
on it, at least through others; Azure creates all other resources in parallel.
Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/resource-dependency

Some services refuse a second operation on a resource while one is running, and the deployment then
fails: two resources that operate on the same one must depend on each other (`EXCLUSIVE`).
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping

from medallion.fault import walk
from medallion.infra.deployment import Deployment, Resource
from medallion.infra.ids import name_of
from medallion.infra.scope import GROUP_ID

# A place that may name a later resource: the lake admits a workspace, which needs the lake.
MAY_COME_LATER = ".networkAcls.resourceAccessRules["
Wrong = tuple[str, str, str]  # a path, the problem there, and the fix


def _parent(one: Resource) -> list[str]:
    """The resource of which this one is a part."""
    return [one.id.rsplit("/", 2)[0]]


def _account(one: Resource) -> list[str]:
    return [one.id.partition("/blobServices/")[0].partition("/managementPolicies/")[0]]


def _endpoint(one: Resource) -> list[str]:
    """The resource to which a private endpoint leads, and the network that it is in."""
    links = one.properties.get("privateLinkServiceConnections") or []
    targets = [str(link.get("properties", {}).get("privateLinkServiceId")) for link in links]
    subnet = str((one.properties.get("subnet") or {}).get("id"))
    return [*targets, subnet.partition("/subnets/")[0]]


def _managed(one: Resource) -> list[str]:
    """The resource to which an endpoint of the factory's managed network leads."""
    return [str(one.properties.get("privateLinkResourceId"))]


def _injected(one: Resource) -> list[str]:
    """The network in which a Databricks workspace changes subnets."""
    network = _value(one, "customVirtualNetworkId")
    return [network] if network else []


def _value(one: Resource, name: str) -> str:
    parameter = (one.properties.get("parameters") or {}).get(name) or {}
    return str(parameter.get("value", ""))


def _zones(one: Resource) -> list[str]:
    configs = one.properties.get("privateDnsZoneConfigs") or []
    zones = [str(config.get("properties", {}).get("privateDnsZoneId")) for config in configs]
    return [*_parent(one), *zones]


# By type, the resources on which creating one of it operates, and which refuse another operation
# meanwhile. Sources: StorageAccountOperationInProgress
# (https://github.com/Azure/bicep-registry-modules/issues/6001), AnotherOperationInProgress of
# private endpoints (issue 5994 there), networks and subnets
# (https://github.com/pulumi/pulumi-azure-native/issues/699),
# ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity
# (https://github.com/Azure/bicep/issues/10928). From memory: record sets of one DNS zone, policies
# of one SQL database, and children of one Synapse workspace.
EXCLUSIVE: Mapping[str, Callable[[Resource], list[str]]] = {
    "Microsoft.DataFactory/factories/managedVirtualNetworks/managedPrivateEndpoints": _managed,
    "Microsoft.Databricks/workspaces": _injected,
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": _parent,
    "Microsoft.Network/privateEndpoints": _endpoint,
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": _zones,
    "Microsoft.Network/virtualNetworks/subnets": _parent,
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": _parent,
    "Microsoft.Sql/servers/databases/backupLongTermRetentionPolicies": _parent,
    "Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies": _parent,
    "Microsoft.Storage/storageAccounts/blobServices": _account,
    "Microsoft.Storage/storageAccounts/managementPolicies": _account,
    "Microsoft.Synapse/workspaces/administrators": _parent,
    "Microsoft.Synapse/workspaces/auditingSettings": _parent,
    "Microsoft.Synapse/workspaces/sqlPools": _parent,
}


def order(made: Deployment) -> Iterator[Wrong]:
    """The faults in the dependencies, and ids that two resources share."""
    by_id: dict[str, Resource] = {}
    for one in made.resources:
        if one.id in by_id:
            yield one.path, f"'{one.id}' is defined twice", "give each resource its own name"
        by_id[one.id] = one
    direct: dict[str, set[str]] = {}
    for one in made.resources:
        direct[one.id] = set()
        for wanted in one.depends_on:
            found = _meant(made, wanted)
            if not found:
                message = f"it depends on '{wanted}', which is not in the template"
                yield f"{one.path}.dependsOn", message, "name a resource or a loop of the template"
            direct[one.id] |= found & by_id.keys()
    if (cycle := _cycle(direct)) is not None:
        named = " → ".join(by_id[one].name for one in cycle)
        yield by_id[cycle[0]].path, f"resources wait for each other: {named}", "break the cycle"
        return
    for one in made.resources:
        before, texts = _all_before(one.id, direct), _texts(one)
        for other in by_id:
            if other != one.id and other not in before and _named(other, texts):
                message = f"'{one.name}' names '{by_id[other].name}', and does not depend on it"
                yield one.path, message, f"add the {by_id[other].type} to dependsOn"
    yield from _contended(made, {one.id: _all_before(one.id, direct) for one in made.resources})


def _contended(made: Deployment, before: Mapping[str, set[str]]) -> Iterator[Wrong]:
    """Resources that would operate on the same resource at the same time."""
    on: dict[str, list[Resource]] = {}
    for one in made.resources:
        for target in EXCLUSIVE.get(one.type, lambda _: [])(one):
            on.setdefault(target, []).append(one)
    for target, resources in on.items():
        for one, other in itertools.combinations(resources, 2):
            if one.id not in before[other.id] and other.id not in before[one.id]:
                message = f"'{one.name}' and '{other.name}' operate on '{name_of(target)}' at once"
                fix = "let one depend on the other, or write copy.mode: serial"
                yield other.path, message, fix


def _meant(made: Deployment, wanted: str) -> set[str]:
    if wanted in made.loops:
        return set(made.loops[wanted])
    known = {one.id for one in made.resources} | made.left_out
    # A resource of the same group may also be named by its type and name, as Data Factory does.
    return {wanted, f"{GROUP_ID}/providers/{wanted}"} & known


def _texts(one: Resource) -> str:
    """The places in which a resource may name another one: its own id, and its texts."""
    named = [
        text
        for path, text in walk(one.body, "$")
        if isinstance(text, str) and MAY_COME_LATER not in path
    ]
    return "\n".join([one.id, *named])


def _named(id_: str, texts: str) -> bool:
    """Whether the texts contain the complete id: `…/servers/a` is not in `…/servers/ab`."""
    return id_ in texts and re.search(re.escape(id_) + r"(?![\w.-])", texts) is not None


def _all_before(id_: str, direct: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = list(direct[id_])
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += direct[one]
    return found


def _cycle(direct: Mapping[str, set[str]]) -> list[str] | None:
    """The ids of resources that wait for each other, if there are any."""
    done: set[str] = set()

    def visit(one: str, trail: list[str]) -> list[str] | None:
        if one in trail:
            return trail[trail.index(one) :]
        if one in done:
            return None
        for other in sorted(direct[one]):
            if (found := visit(other, [*trail, one])) is not None:
                return found
        done.add(one)
        return None

    return next((found for one in direct if (found := visit(one, [])) is not None), None)
