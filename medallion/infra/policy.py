"""This project's own rules for the resources: private access, least privilege, complete logging."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from medallion.adf.check.secrets import secret_in
from medallion.azure.models.check import Found
from medallion.fault import step, walk
from medallion.infra import diagnostics, ids, networks, required, roles
from medallion.infra.deployment import Deployment, Resource
from medallion.infra.scope import GROUP_ID

GRANT = "Microsoft.Authorization/roleAssignments"
SETTING = "Microsoft.Insights/diagnosticSettings"
ENDPOINT = "Microsoft.Network/privateEndpoints"
ARCHIVES = ("Standard_LRS", "Standard_GRS", "Standard_RAGRS")
ONE_ZONE = re.compile(r"Basic|S\d")  # the tiers Basic and Standard
PREFIX = re.compile(r"[a-z][a-z0-9]+")
NO_CDC = re.compile(r"Basic|S[0-2]|Free|ElasticPool")


def policy(made: Deployment) -> Iterator[Found]:
    """The violations of a rule: a path, the problem, and the fix."""
    yield from _closed(made)
    yield from _named(made)
    yield from _secrets(made)
    yield from _granted(made)
    yield from _logged(made)
    yield from _reached(made)
    yield from _fits(made)


def _closed(made: Deployment) -> Iterator[Found]:
    ids_ = {one.id for one in made.resources}
    for one in made.resources:
        if why := required.REFUSED_TYPES.get(one.type):
            yield one.path, f"a {one.type} is not allowed: {why}", "remove it"
        for path, wanted in required.PROPERTIES.get(one.type, {}).items():
            value = _at(one.properties, path)
            if not any(value is taken or value == taken for taken in wanted):
                shown = " or ".join(str(taken) for taken in wanted)
                state = "is missing" if value is None else f"is {value}"
                yield f"{one.path}.properties.{path}", f"'{path}' {state}", f"write {shown}"
        for path, _ in walk(one.body, one.path):
            name = path.rpartition(".")[2]
            if why := required.REFUSED_PROPERTIES.get(name):
                yield path, f"'{name}' is not allowed: {why}", "remove it"
        for companion in required.COMPANIONS.get(one.type, ()):
            if f"{one.id}/{companion}" not in ids_:
                kind, _, name = companion.partition("/")
                fix = f"add {one.type}/{kind}, '{name}'"
                yield one.path, f"'{one.name}' has no {kind}", fix
        yield from _inbound(one)
        yield from _let_in(made, one)


def _inbound(one: Resource) -> Iterator[Found]:
    """Network rules that allow traffic from the internet, and subnets without rules."""
    rules = one.properties.get("securityRules") or []
    for index, rule in enumerate(rules):
        says = rule.get("properties", {})
        sources = [says.get("sourceAddressPrefix"), *says.get("sourceAddressPrefixes", [])]
        open_to_all = {"*", "Internet", "0.0.0.0/0", "Any"} & set(sources)
        if says.get("access") == "Allow" and says.get("direction") == "Inbound" and open_to_all:
            path = f"{one.path}.properties.securityRules[{index}]"
            yield path, "the rule allows traffic from the internet", "name the allowed networks"
    for index, subnet in enumerate(one.properties.get("subnets") or []):
        path = f"{one.path}.properties.subnets[{index}]"
        says = subnet.get("properties", {})
        if not says.get("networkSecurityGroup"):
            yield path, f"the subnet '{subnet.get('name')}' has no security group", "add one"
        if says.get("defaultOutboundAccess") is not False:
            message = f"the subnet '{subnet.get('name')}' has outbound internet access by default"
            yield path, message, "write defaultOutboundAccess: false"


def _let_in(made: Deployment, one: Resource) -> Iterator[Found]:
    """Services that pass a firewall by their id: only a workspace of the template may."""
    workspaces = {known.id for known in made.of("Microsoft.Synapse/workspaces")}
    for index, rule in enumerate(_at(one.properties, "networkAcls.resourceAccessRules") or []):
        if rule.get("resourceId") not in workspaces:
            path = f"{one.path}.properties.networkAcls.resourceAccessRules[{index}]"
            yield path, f"it admits '{rule.get('resourceId')}'", "name the template's workspace"


def _named(made: Deployment) -> Iterator[Found]:
    prefix = made.parameters.get("prefix", "")
    if not isinstance(prefix, str) or (prefix and not PREFIX.fullmatch(prefix)):
        message = f"'{prefix}' is not a valid prefix of names"
        yield "$.parameters.prefix", message, "write a small letter, then small letters and digits"
    for one in made.resources:
        rule, name = ids.NAMES.get(one.type), ids.name_of(one.id)
        if rule and not rule.fullmatch(name):
            message = f"'{name}' is not a valid name of a {one.type}"
            yield f"{one.path}.name", message, "shorten the prefix, or correct the name"


def _secrets(made: Deployment) -> Iterator[Found]:
    """Secrets in the parameters' values and in the deployed resources."""
    fix = "use an identity to sign in, or set the secret in the vault by hand"
    for root, value in [
        *((step("$.parameters", name), value) for name, value in made.parameters.items()),
        *((one.path, one.body) for one in made.resources),
    ]:
        for path, text in walk(value, root):
            if isinstance(text, str) and (found := secret_in(path, text)):
                yield path, found, fix


def _granted(made: Deployment) -> Iterator[Found]:
    """Role assignments: the role, its scope, the principal, and the reason."""
    deployed = {one.id for one in made.resources}
    for one in made.of(GRANT):
        says, path = one.properties, f"{one.path}.properties"
        id_ = ids.name_of(str(says.get("roleDefinitionId")))
        role = roles.NAMES.get(id_)
        if role is None:
            named = roles.REFUSED.get(id_, id_)
            fix = "choose a role of IDS in medallion/infra/roles.py"
            yield f"{path}.roleDefinitionId", f"the role {named} is not allowed", fix
            continue
        scope, widest = one.scope or GROUP_ID, roles.WIDEST[role]
        kind = ids.type_of(scope)
        narrow = not widest or f"{kind}/".startswith(f"{widest}/")
        if not scope.startswith(GROUP_ID) or not narrow:
            wide = kind or "resource group"
            message = f"{role} is assigned on a {wide}, which is wider than allowed"
            yield f"{one.path}.scope", message, "narrow the scope"
        if not says.get("description"):
            yield path, f"the assignment of {role} has no reason", "add a description"
        if says.get("principalType") != "ServicePrincipal":
            message = "the principal is not an identity of the template"
            yield f"{path}.principalType", message, "write ServicePrincipal"
        whom = one.symbols[0].resource if one.symbols else ""
        if whom not in deployed:
            fix = "take principalId from a reference to an identity"
            yield f"{path}.principalId", "the principal is not defined in the template", fix


def _logged(made: Deployment) -> Iterator[Found]:
    """Each resource that writes logs has a setting, with existing categories."""
    settings = {one.scope: one for one in made.of(SETTING)}
    for one in made.resources:
        if one.type in diagnostics.CATEGORIES and one.id not in settings:
            yield one.path, f"'{one.name}' has no diagnostic settings", "add it to 'alwaysLogged'"
    workspaces = {one.id for one in made.of("Microsoft.OperationalInsights/workspaces")}
    for scope, one in settings.items():
        known = diagnostics.CATEGORIES.get(ids.type_of(scope), frozenset())
        logs = one.properties.get("logs") or []
        if not any(log.get("enabled") for log in logs):
            yield f"{one.path}.properties.logs", f"'{scope}' logs nothing", "name logs"
        for log in logs:
            if log.get("category") not in known:
                message = f"a {ids.type_of(scope)} has no log category '{log.get('category')}'"
                yield f"{one.path}.properties.logs", message, f"use one of {sorted(known)}"
        if one.properties.get("workspaceId") not in workspaces:
            yield one.path, "the logs do not go to the template's workspace", "name it"


def _reached(made: Deployment) -> Iterator[Found]:
    """Each private resource must have its private endpoints, and DNS names that resolve to them."""
    zones: dict[str, str] = {}
    for one in made.of(f"{ENDPOINT}/privateDnsZoneGroups"):
        for config in one.properties.get("privateDnsZoneConfigs") or []:
            zone = str(config.get("properties", {}).get("privateDnsZoneId"))
            zones[one.id.rpartition("/privateDnsZoneGroups/")[0]] = ids.name_of(zone)
    reached: set[tuple[str, str]] = set()
    for one in made.of(ENDPOINT):
        for link in one.properties.get("privateLinkServiceConnections") or []:
            says = link.get("properties", {})
            target = str(says.get("privateLinkServiceId"))
            for group in says.get("groupIds") or []:
                reached.add((target, group))
                wanted = networks.ZONES.get(ids.type_of(target), {}).get(group)
                if wanted is None:
                    message = f"a {ids.type_of(target)} has no private endpoint group '{group}'"
                    yield one.path, message, "name a group of ZONES in networks.py"
                elif zones.get(one.id) != wanted:
                    message = f"the names of '{group}' are in {wanted}, not in {zones.get(one.id)}"
                    yield one.path, message, f"name {wanted} in a privateDnsZoneGroup"
    for one in made.resources:
        for group in networks.ZONES.get(one.type, {}):
            if (one.id, group) not in reached:
                message = f"'{one.name}' has no private endpoint '{group}'"
                yield one.path, message, "add it to 'endpoints'"


def _fits(made: Deployment) -> Iterator[Found]:
    """Sizes that lack a feature that the template needs."""
    sku = {one.id: (one.body.get("sku") or {}).get("name") for one in made.resources}
    for one in made.of("Microsoft.Storage/storageAccounts/managementPolicies"):
        account = one.id.rpartition("/managementPolicies/")[0]
        archives = any(path.endswith(".tierToArchive") for path, _ in walk(one.body, "$"))
        if archives and sku.get(account) not in ARCHIVES:
            message = f"an account of {sku.get(account)} has no archive"
            yield one.path, message, f"use {' or '.join(ARCHIVES)}"
    for one in made.of("Microsoft.Sql/servers/databases"):
        if NO_CDC.fullmatch(str(sku.get(one.id))):
            message = f"a database of {sku.get(one.id)} has no change data capture"
            yield f"{one.path}.sku", message, "use S3 or more, or a size in vCores"
        if one.properties.get("zoneRedundant") and ONE_ZONE.match(str(sku.get(one.id))):
            message = f"a database of {sku.get(one.id)} is in one zone"
            yield (
                f"{one.path}.sku",
                message,
                "use a size in vCores, or zoneRedundantDatabase: false",
            )


def _at(value: Mapping[str, Any], path: str) -> Any:
    found: Any = value
    for one in path.split("."):
        found = found.get(one) if isinstance(found, dict) else None
    return found


def grants(made: Deployment) -> set[tuple[str, str, str]]:
    """The role assignments: principal, role and scope by their last names, or `resource group`."""
    given = set()
    for one in made.of(GRANT):
        role = roles.NAMES.get(ids.name_of(str(one.properties.get("roleDefinitionId"))), "?")
        whom = next((ids.name_of(symbol.resource) for symbol in one.symbols), "?")
        given.add((whom, role, ids.name_of(one.scope) or "resource group"))
    return given
