"""The infrastructure template: its content, and the faults that each rule finds."""

import importlib
import json
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medallion.adf.files import ADF_FOLDER
from medallion.azure.key_vault import SECRETS
from medallion.azure.models.fields import shape
from medallion.cli import app
from medallion.infra import COMPUTED, INFRA_FOLDER, check, faults
from medallion.infra.deployment import Deployment, evaluate, read
from medallion.infra.functions import FUNCTIONS
from medallion.infra.ids import name_of, type_of
from medallion.infra.policy import grants
from medallion.infra.scope import Scope, TemplateError
from medallion.infra.sdk import TYPES, model

ROOT = INFRA_FOLDER.parent
TEMPLATE = read(INFRA_FOLDER / "template.json")
PROD = read(INFRA_FOLDER / "parameters.prod.json")["parameters"]
PROD |= {name: {"value": value} for name, value in COMPUTED.items()}
HUB = "/subscriptions/2/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"
ALL = PROD | {
    "dedicatedPoolSize": {"value": "DW100c"},
    "hubNetworkId": {"value": HUB},
    "alertWebhookSecret": {"value": "alert-webhook"},
}
Json = dict[str, Any]


def entry(template: Json, kind: str, name: str = "") -> Json:
    """The resource of a type; if several have it, the one whose name contains a text."""
    found = [one for one in template["resources"] if one["type"] == kind and name in one["name"]]
    assert len(found) == 1, f"{kind} {name}: {len(found)}"
    return found[0]


def said(change: Callable[[Json], None], given: Json = PROD) -> list[str]:
    """The faults that the check finds after a change of the template."""
    template = deepcopy(TEMPLATE)
    change(template)
    return [str(one) for one in faults(evaluate(template, given, "t"))]


def everything() -> Deployment:
    return evaluate(TEMPLATE, ALL, "t")


def test_the_template_has_no_fault_with_any_parameters() -> None:
    assert [str(one) for one in check(INFRA_FOLDER)] == []


def test_the_template_has_no_fault_with_all_its_options() -> None:
    made = everything()
    assert [str(one) for one in faults(made)] == []
    assert made.left_out == set()


STORAGE = "Microsoft.Storage/storageAccounts"
CONTAINERS = f"{STORAGE}/blobServices/containers"
VAULT = "Microsoft.KeyVault/vaults"
SQL = "Microsoft.Sql/servers"
FACTORY = "Microsoft.DataFactory/factories"
WORKSPACE = "Microsoft.Databricks/workspaces"
SYNAPSE = "Microsoft.Synapse/workspaces"
LOGS = "Microsoft.OperationalInsights/workspaces"
NETWORK = "Microsoft.Network/virtualNetworks"
ENDPOINT = "Microsoft.Network/privateEndpoints"
GRANT = "Microsoft.Authorization/roleAssignments"
ALERT = "Microsoft.Insights/metricAlerts"
BUDGET = "Microsoft.Consumption/budgets"
FEDERATION = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"


def setting(kind: str, path: str, value: Any, name: str = "") -> Callable[[Json], None]:
    """A change that sets a property of a resource, or removes it with `...`."""

    def change(template: Json) -> None:
        *steps, last = path.split(".")
        here: Any = entry(template, kind, name)
        for one in steps:
            here = here[int(one) if one.isdigit() else one]
        if value is ...:
            del here[last]
        else:
            here[last] = value

    return change


def granting(name: str, **properties: Any) -> Callable[[Json], None]:
    """A change of the role assignment whose name contains a text."""

    def change(template: Json) -> None:
        found = entry(template, GRANT, name)
        for key, value in properties.items():
            (found if key in ("scope", "copy") else found["properties"])[key] = value

    return change


DELEGATOR = "storageBlobDelegator"
ROLE = "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{}')]"
REFERENCE = "[reference(variables('vaultId')).{}]"

SCHEMA = {
    "unknown property": (
        setting(STORAGE, "properties.publicNetworkAcces", "Disabled"),
        "has no property 'publicNetworkAcces'; did you mean 'publicNetworkAccess'",
    ),
    "unknown property of an older library": (
        setting(SYNAPSE, "properties.managedVirtualNetworkSettings.preventExfiltration", True),
        "ManagedVirtualNetworkSettings has no property 'preventExfiltration'",
    ),
    "unknown property beside properties": (
        setting(WORKSPACE, "kind", "x"),
        "Workspace has no property 'kind'",
    ),
    "another case": (
        setting(VAULT, "properties.EnableSoftDelete", True),
        "has no property 'EnableSoftDelete'; did you mean 'enableSoftDelete'",
    ),
    "text for a truth value": (
        setting(VAULT, "properties.enableSoftDelete", "true"),
        "properties.enableSoftDelete: expected true or false, found a text",
    ),
    "text for a number": (
        setting(LOGS, "properties.retentionInDays", "30"),
        "properties.retentionInDays: expected a whole number, found a text",
    ),
    "object for an array": (
        setting(NETWORK, "properties.subnets", {}),
        "properties.subnets: expected an array, found an object",
    ),
    "unknown value of an enumeration": (
        setting(STORAGE, "properties.accessTier", "Warm"),
        "properties.accessTier: 'Warm' is not among the known values",
    ),
    "unknown value of an older library's enumeration": (
        setting(SYNAPSE, "properties.publicNetworkAccess", "Off"),
        "properties.publicNetworkAccess: 'Off' is not among the known values",
    ),
    "missing property": (
        setting(VAULT, "properties.sku", ...),
        "properties: the required 'sku' is missing",
    ),
    "missing property of an older library": (
        setting(ALERT, "properties.severity", ...),
        "properties: the required 'severity' is missing",
    ),
    "missing location": (setting(STORAGE, "location", ...), "the required 'location' is missing"),
    "read-only property": (
        setting(STORAGE, "properties.provisioningState", "Succeeded"),
        "has no property 'provisioningState'",
    ),
    "read-only property of a shared model": (
        setting(WORKSPACE, "properties.workspaceUrl", "https://x"),
        "properties.workspaceUrl: only the service sets 'workspaceUrl'; remove it",
    ),
    "duration": (
        setting(ALERT, "properties.windowSize", "5 minutes"),
        "properties.windowSize: a text is not a duration",
    ),
    "API version": (
        setting(STORAGE, "apiVersion", "2023-05-01"),
        "the apiVersion is 2023-05-01, but the models have 2026-09-01; write 2026-09-01",
    ),
    "unknown type": (
        setting(STORAGE, "type", "Microsoft.Storage/accounts"),
        "no model is known for 'Microsoft.Storage/accounts'",
    ),
}


@pytest.mark.parametrize("name", SCHEMA)
def test_the_models_refuse(name: str) -> None:
    change, wanted = SCHEMA[name]
    assert any(wanted in one for one in said(change))


def test_a_dotted_key_gives_the_kind_of_a_criterion() -> None:
    def change(template: Json) -> None:
        entry(template, ALERT)["properties"]["criteria"]["odata.type"] = "Microsoft.Single"

    assert any(
        "'Microsoft.Single' is not a type of a metric alert criteria" in one for one in said(change)
    )


def variable(name: str, value: Any) -> Callable[[Json], None]:
    return lambda template: template["variables"].update({name: value})


def without(kind: str, name: str, wanted: str) -> Callable[[Json], None]:
    """A change that removes a dependency."""

    def change(template: Json) -> None:
        depends = entry(template, kind, name)["dependsOn"]
        depends.remove(next(one for one in depends if wanted in one))

    return change


def again(kind: str) -> Callable[[Json], None]:
    return lambda template: template["resources"].append(deepcopy(entry(template, kind)))


EVALUATION = {
    "unknown function": (
        setting(STORAGE, "location", "[dateTimeFromEpoch(1)]"),
        "location: the function 'dateTimeFromEpoch' is not supported here",
    ),
    "unknown parameter": (
        setting(STORAGE, "location", "[parameters('region')]"),
        "'region' is not defined in parameters",
    ),
    "unknown variable in a branch not taken": (
        setting(STORAGE, "location", "[if(false(), variables('nowhere'), 'westeurope')]"),
        "'nowhere' is not defined in variables",
    ),
    "unused variable": (variable("spare", 1), "$.variables.spare: 'spare' is not used"),
    "unused parameter": (
        lambda template: template["parameters"].update(
            spare={"type": "int", "defaultValue": 1, "metadata": {"description": "."}}
        ),
        "$.parameters.spare: 'spare' is not used",
    ),
    "variable that needs itself": (
        variable("suffix", "[variables('suffix')]"),
        "the variable 'suffix' depends on itself",
    ),
    "unreadable expression": (setting(STORAGE, "location", "[concat('a' 'b')]"), "Unable to parse"),
    "two expressions": (setting(STORAGE, "location", "['a' 'b']"), "has text after its expression"),
    "missing key": (
        setting(STORAGE, "location", "[variables('roles').owner]"),
        "there is no 'owner' in the value before it",
    ),
    "names of another number": (
        setting(STORAGE, "location", "[resourceId('Microsoft.Sql/servers/databases', 'a')]"),
        "'Microsoft.Sql/servers/databases' needs 2 names and has 1",
    ),
    "missing dependency on what is named": (
        without(NETWORK, "", "endpointRulesId"),
        "names 'nsg-medallion-prod-endpoints', and does not depend on it",
    ),
    "missing dependency of reference": (
        without(f"{VAULT}/secrets", "azure-sql", "sqlId"),
        "and does not depend on it; add the Microsoft.Sql/servers to dependsOn",
    ),
    "missing dependency of a child": (
        without(f"{SQL}/auditingSettings", "", "sqlId"),
        "add the Microsoft.Sql/servers to dependsOn",
    ),
    "missing dependency on a loop": (
        without(f"{ENDPOINT}/privateDnsZoneGroups", "", "zones"),
        "add the Microsoft.Network/privateDnsZones to dependsOn",
    ),
    "dependency on nothing": (
        lambda template: entry(template, VAULT).update(dependsOn=["nowhere"]),
        "it depends on 'nowhere', which is not in the template",
    ),
    "cycle": (
        lambda template: entry(template, SQL).update(dependsOn=["[variables('databaseId')]"]),
        "resources wait for each other: sql-medallion-prod-",
    ),
    "twice": (again(VAULT), "is defined twice"),
    "reference to a property that there is not": (
        setting(f"{VAULT}/secrets", "properties.value", REFERENCE.format("url"), "azure-sql"),
        "reference cannot read 'url' of a Microsoft.KeyVault/vaults",
    ),
    "reference into an older library's model": (
        lambda template: template["outputs"]["dbtClientId"].update(
            value="[reference(variables('dbtId')).client]"
        ),
        "reference cannot read 'client' of a Microsoft.ManagedIdentity/userAssignedIdentities",
    ),
    "reference to what is not deployed": (
        lambda template: template["outputs"]["sqlServer"].update(
            value="[reference(variables('poolId')).status]"
        ),
        "sqlPools/medallion_pool', which is not deployed",
    ),
    "reference in a name": (
        setting(VAULT, "name", "[reference(variables('sqlId')).version]"),
        "reference is used in a resource's type",
    ),
    "reference in a variable": (
        variable("suffix", "[reference(variables('sqlId')).version]"),
        "$.variables.suffix: reference is used in a variable",
    ),
    "output of another type": (
        lambda template: template["outputs"]["sqlServer"].update(type="int"),
        "$.outputs.sqlServer: the value is not of the type 'int'",
    ),
    "default that expires": (
        lambda template: template["parameters"]["budgetStart"].update(defaultValue="2026-12-01"),
        "the default of 'budgetStart' is a date, which will be past",
    ),
    "loop of no known mode": (
        setting(ENDPOINT, "copy.mode", "slow"),
        "'slow' is not a mode of a loop",
    ),
    "batches of a parallel loop": (
        setting(ENDPOINT, "copy.mode", ...),
        "a parallel loop has no batches",
    ),
    "batches of none": (
        setting(ENDPOINT, "copy.batchSize", 0),
        "'0' is not a number of resources",
    ),
    "undescribed parameter": (
        lambda template: template["parameters"]["prefix"].pop("metadata"),
        "'prefix' is not described",
    ),
}


CONTENDED = {
    "parallel private endpoints": (
        lambda template: entry(template, ENDPOINT).update(
            copy={"name": "endpoints", "count": "[length(variables('endpoints'))]"}
        ),
        "'pe-medallion-prod-lake-blob' and 'pe-medallion-prod-lake-dfs' operate on 'stmedallion",
    ),
    "endpoints in batches": (
        setting(ENDPOINT, "copy.batchSize", 2),
        "'pe-medallion-prod-lake-blob' and 'pe-medallion-prod-lake-dfs' operate on 'stmedallion",
    ),
    "an endpoint beside the account's policy": (
        without(ENDPOINT, "", "managementPolicies"),
        "/default' and 'pe-medallion-prod-lake-blob' operate on 'stmedallion",
    ),
    "a peering beside the injected workspace": (
        lambda template: entry(template, f"{NETWORK}/virtualNetworkPeerings").update(
            dependsOn=["[variables('networkId')]"]
        ),
        "'vnet-medallion-prod/hub' and 'dbw-medallion-prod' operate on 'vnet-medallion-prod'",
    ),
    "parallel names in one zone": (
        lambda template: entry(template, f"{ENDPOINT}/privateDnsZoneGroups").update(
            copy={"name": "names", "count": "[length(variables('endpoints'))]"}
        ),
        "databricks-sign-in/default' operate on 'privatelink.azuredatabricks.net' at once",
    ),
    "two federations of one identity": (
        lambda template: template["resources"].append(
            entry(template, FEDERATION, "-dbt")
            | {"name": "[format('id-{0}-dbt/second', variables('name'))]"}
        ),
        "operate on 'id-medallion-prod-dbt' at once",
    ),
    "a pool beside the workspace's audit": (
        without(f"{SYNAPSE}/sqlPools", "", "auditingSettings"),
        "operate on 'ws-medallion-prod-",
    ),
}


@pytest.mark.parametrize("name", CONTENDED)
def test_two_operations_on_one_resource_are_reported(name: str) -> None:
    change, wanted = CONTENDED[name]
    found = [one for one in said(change, ALL) if "at once" in one]
    assert any(wanted in one for one in found), found


@pytest.mark.parametrize("name", EVALUATION)
def test_evaluation_finds(name: str) -> None:
    change, wanted = EVALUATION[name]
    assert any(wanted in one for one in said(change))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"environment": {"value": "test"}}, "is not among ['dev', 'prod']"),
        ({"prefix": {"value": "a-very-long-prefix"}}, "is above its maxLength 10"),
        ({"prefix": {"value": "Big"}}, "'stBigprod"),
        ({"prefix": {"value": "my-lake"}}, "'my-lake' is not a valid prefix of names"),
        ({"prefix": {"value": "9lives"}}, "'9lives' is not a valid prefix of names"),
        (
            {"databaseSku": {"value": {"name": "S3"}}, "zoneRedundantDatabase": {"value": True}},
            "a database of S3 is in one zone",
        ),
        ({"archiveAfterDays": {"value": 1}}, "is below its minValue 30"),
        ({"monthlyBudget": {"value": "1"}}, "the value of 'monthlyBudget' is not of type int"),
        ({"spare": {"value": 1}}, "the template has no parameter 'spare'"),
        ({"alertEmail": {"value": "password=Abc12345"}}, "the text holds a secret ('password=')"),
        ({"storageSku": {"value": "Standard_ZRS"}}, "an account of Standard_ZRS has no archive"),
        ({"databaseSku": {"value": {"name": "S1"}}}, "a database of S1 has no change data capture"),
    ],
)
def test_parameters_are_checked_against_their_declarations(given: Json, wanted: str) -> None:
    assert any(wanted in one for one in said(lambda _: None, PROD | given))


@pytest.mark.parametrize("prefix", ["ab", "medallion", "abcdefghij", "a123456789"])
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_allowed_prefix_gives_valid_names(prefix: str, environment: str) -> None:
    given = ALL | {"prefix": {"value": prefix}, "environment": {"value": environment}}
    assert said(lambda _: None, given) == []


def test_a_parameter_without_a_value_is_reported() -> None:
    given = {name: one for name, one in PROD.items() if name != "alertEmail"}
    assert any("'alertEmail' has no value" in one for one in said(lambda _: None, given))


def rule(template: Json) -> None:
    says = {"access": "Allow", "direction": "Inbound", "sourceAddressPrefix": "*"}
    says |= {"protocol": "Tcp", "priority": 100}
    found = entry(template, "Microsoft.Network/networkSecurityGroups", "-endpoints")
    found["properties"]["securityRules"].append({"name": "all", "properties": says})


def firewall(template: Json) -> None:
    name = "[format('{0}/all', variables('sqlName'))]"
    made = {"type": f"{SQL}/firewallRules", "apiVersion": "2025-01-01", "name": name}
    template["resources"].append(made | {"dependsOn": ["[variables('sqlId')]"]})


def less(name: str, key: str, value: str) -> Callable[[Json], None]:
    """A change that removes an item from a variable's array of objects."""

    def change(template: Json) -> None:
        items = template["variables"][name]
        items.remove(next(one for one in items if value in str(one[key])))

    return change


def logging(template: Json) -> None:
    template["variables"]["alwaysLogged"][0]["logs"][0]["category"] = "PipelineRun"


def zone(template: Json) -> None:
    template["variables"]["endpoints"][2]["zone"] = "privatelink.dfs.core.windows.net"


def group(template: Json) -> None:
    template["variables"]["endpoints"][2]["group"] = "table"


POLICY = {
    "public lake": (
        setting(STORAGE, "properties.publicNetworkAccess", "Enabled"),
        "'publicNetworkAccess' is Enabled; write Disabled",
    ),
    "public access left out": (
        setting(SYNAPSE, "properties.publicNetworkAccess", ...),
        "'publicNetworkAccess' is missing; write Disabled",
    ),
    "public factory": (
        setting(FACTORY, "properties.publicNetworkAccess", "Enabled"),
        "'publicNetworkAccess' is Enabled",
    ),
    "public vault": (
        setting(VAULT, "properties.publicNetworkAccess", "enabled"),
        "'publicNetworkAccess' is enabled",
    ),
    "public database": (
        setting(SQL, "properties.publicNetworkAccess", "Enabled"),
        "'publicNetworkAccess' is Enabled",
    ),
    "public workspace": (
        setting(WORKSPACE, "properties.publicNetworkAccess", "Enabled"),
        "'publicNetworkAccess' is Enabled",
    ),
    "public addresses": (
        setting(WORKSPACE, "properties.parameters.enableNoPublicIp.value", False),
        "'parameters.enableNoPublicIp.value' is False",
    ),
    "public blobs": (
        setting(CONTAINERS, "properties.publicAccess", "Blob"),
        "'publicAccess' is Blob; write None",
    ),
    "open firewall": (
        setting(STORAGE, "properties.networkAcls.defaultAction", "Allow"),
        "'networkAcls.defaultAction' is Allow",
    ),
    "trusted services": (
        setting(STORAGE, "properties.networkAcls.bypass", "AzureServices"),
        "'networkAcls.bypass' is AzureServices",
    ),
    "a stranger let in": (
        setting(
            STORAGE, "properties.networkAcls.resourceAccessRules.0.resourceId", "/subscriptions/x"
        ),
        "it admits '/subscriptions/x'",
    ),
    "addresses let in": (
        setting(VAULT, "properties.networkAcls.ipRules", [{"value": "1.2.3.4"}]),
        "'ipRules' is not allowed",
    ),
    "shared keys": (
        setting(STORAGE, "properties.allowSharedKeyAccess", True),
        "'allowSharedKeyAccess' is True",
    ),
    "old TLS": (setting(STORAGE, "properties.minimumTlsVersion", "TLS1_0"), "is TLS1_0"),
    "old TLS of SQL": (setting(SQL, "properties.minimalTlsVersion", "1.0"), "is 1.0; write 1.2"),
    "SQL logins": (
        setting(SQL, "properties.administrators.azureADOnlyAuthentication", False),
        "'administrators.azureADOnlyAuthentication' is False",
    ),
    "SQL password": (
        setting(SQL, "properties.administratorLoginPassword", "x"),
        "'administratorLoginPassword' is not allowed",
    ),
    "Synapse logins": (
        setting(SYNAPSE, "properties.azureADOnlyAuthentication", False),
        "'azureADOnlyAuthentication' is False",
    ),
    "Synapse password": (
        setting(SYNAPSE, "properties.sqlAdministratorLoginPassword", "x"),
        "'sqlAdministratorLoginPassword' is not allowed",
    ),
    "exfiltration": (
        setting(SYNAPSE, "properties.managedVirtualNetworkSettings.preventDataExfiltration", False),
        "preventDataExfiltration' is False",
    ),
    "no purge protection": (
        setting(VAULT, "properties.enablePurgeProtection", ...),
        "'enablePurgeProtection' is missing",
    ),
    "access policies": (
        setting(VAULT, "properties.accessPolicies", []),
        "'accessPolicies' is not allowed: the vault uses roles",
    ),
    "firewall rule": (firewall, "a Microsoft.Sql/servers/firewallRules is not allowed"),
    "rule for the internet": (rule, "the rule allows traffic from the internet"),
    "subnet without rules": (
        setting(NETWORK, "properties.subnets.0.properties.networkSecurityGroup", ...),
        "the subnet 'endpoints' has no security group",
    ),
    "subnet that goes out": (
        setting(NETWORK, "properties.subnets.1.properties.defaultOutboundAccess", ...),
        "the subnet 'databricks-host' has outbound internet access by default",
    ),
    "password in a secret": (
        setting(f"{VAULT}/secrets", "properties.value", "Server=x;Password=Abc12345", "azure-sql"),
        "the text holds a secret ('password=')",
    ),
    "Owner": (
        granting(DELEGATOR, roleDefinitionId=ROLE.format("8e3af657-a8ff-443c-a75c-2fe8c4bcb635")),
        "the role Owner is not allowed",
    ),
    "Contributor": (
        granting(DELEGATOR, roleDefinitionId=ROLE.format("b24988ac-6180-42a0-ab88-20f7382dd24c")),
        "the role Contributor is not allowed",
    ),
    "reader of the account": (
        setting(GRANT, "scope", "[variables('storageId')]", "synapseId"),
        "Storage Blob Data Reader is assigned on a Microsoft.Storage/storageAccounts, which is",
    ),
    "delegator of the group": (
        setting(GRANT, "scope", ..., DELEGATOR),
        "Storage Blob Delegator is assigned on a resource group, which is wider than allowed",
    ),
    "role for no reason": (granting(DELEGATOR, description=""), "has no reason"),
    "role for a person": (granting(DELEGATOR, principalType="User"), "is not an id"),
    "role for a stranger": (
        granting(DELEGATOR, principalId="11111111-1111-1111-1111-111111111111"),
        "the principal is not defined in the template",
    ),
    "unlogged factory": (less("alwaysLogged", "of", "factoryId"), "has no diagnostic settings"),
    "unlogged lake": (less("alwaysLogged", "of", "blobServices"), "has no diagnostic settings"),
    "unknown category": (logging, "has no log category 'PipelineRun'; use one of"),
    "logs elsewhere": (
        setting("Microsoft.Insights/diagnosticSettings", "properties.workspaceId", HUB),
        "the logs do not go to",
    ),
    "no endpoint": (less("endpoints", "group", "vault"), "has no private endpoint 'vault'"),
    "unknown endpoint": (
        group,
        "a Microsoft.KeyVault/vaults has no private endpoint group 'table'",
    ),
    "endpoint in another zone": (zone, "the names of 'vault' are in privatelink.vaultcore.azure"),
    "flat lake": (setting(STORAGE, "properties.isHnsEnabled", False), "'isHnsEnabled' is False"),
    "no audit": (
        lambda template: template["resources"].remove(
            entry(template, f"{SYNAPSE}/auditingSettings")
        ),
        "has no auditingSettings; add Microsoft.Synapse/workspaces/auditingSettings",
    ),
    "no alerts about threats": (
        lambda template: template["resources"].remove(
            entry(template, f"{SQL}/securityAlertPolicies")
        ),
        "has no securityAlertPolicies; add Microsoft.Sql/servers/securityAlertPolicies, 'Default'",
    ),
    "no vulnerability assessment": (
        setting(f"{SQL}/sqlVulnerabilityAssessments", "properties.state", "Disabled"),
        "'state' is Disabled",
    ),
    "no restore to a point in time": (
        lambda template: template["resources"].remove(
            entry(template, f"{SQL}/databases/backupShortTermRetentionPolicies")
        ),
        "has no backupShortTermRetentionPolicies",
    ),
    "unaudited database": (
        setting(f"{SQL}/auditingSettings", "properties.state", "Disabled"),
        "'state' is Disabled",
    ),
}


@pytest.mark.parametrize("name", POLICY)
def test_the_rules_refuse(name: str) -> None:
    change, wanted = POLICY[name]
    assert any(wanted in one for one in said(change))


def test_an_unlogged_pool_is_reported() -> None:
    change = variable("logged", "[variables('alwaysLogged')]")
    assert any("medallion_pool' has no diagnostic settings" in one for one in said(change, ALL))


def test_functions_compute_as_documented() -> None:
    scope = Scope({"a": [1, 2]}, {"b": {"c": "d"}})
    answers = {
        "[concat('a', 'b')]": "ab",
        "[concat(parameters('a'), createArray(3))]": [1, 2, 3],
        "[format('{0}-{1}', 'a', 2)]": "a-2",
        "[variables('b').c]": "d",
        "[if(equals(1, 1), 'yes', variables('none'))]": "yes",
        "[cidrSubnet('10.0.0.0/16', 24, 2)]": "10.0.2.0/24",
        "[union(createObject('a', 1), createObject('b', 2))]": {"a": 1, "b": 2},
        "[take('abcdef', 3)]": "abc",
        "[subscriptionResourceId('A.B/c', 'd')]": "/subscriptions/00000000-0000-0000-0000-"
        "000000000000/providers/A.B/c/d",
        "[[literal]": "[literal]",
        "plain": "plain",
    }
    assert {text: scope.value(text) for text in answers} == answers
    with pytest.raises(TemplateError, match="copyIndex is used outside"):
        scope.value("[copyIndex()]")
    assert FUNCTIONS["uniquestring"]("a") == FUNCTIONS["uniquestring"]("a")
    assert re.fullmatch("[a-z2-7]{13}", FUNCTIONS["uniquestring"]("a"))


def test_every_known_type_is_used_and_has_its_models() -> None:
    """An unused version or type would become stale without notice."""
    assert {one.type for one in everything().resources} == TYPES.keys()
    for known in TYPES.values():
        for name in filter(None, (known.request, known.response)):
            assert shape(model(known, name)).fields


def test_versions_are_those_that_the_libraries_ask_for() -> None:
    """A library contains its API version in its requests or as a folder of models."""
    for kind, known in TYPES.items():
        library, _, folder = known.library.partition(".")
        if folder:
            assert folder == "v" + known.api_version.replace("-", "_"), kind
            continue
        root = Path(str(importlib.import_module(f"azure.mgmt.{library}").__file__)).parent
        files = [root / "_configuration.py", *sorted(root.glob("operations/_*operations.py"))]
        quoted = f'"{known.api_version}"'
        assert any(quoted in file.read_text(encoding="utf-8") for file in files), kind


# Assumptions of the rest of the project.


def test_secrets_of_the_template_are_those_that_are_read() -> None:
    read_by_dbt = {secret for wanted in SECRETS.values() for secret in wanted.values()}
    in_adf = set(re.findall(r'"secretName": "([^"]+)"', adf()))
    made = {name_of(one.id) for one in everything().of(f"{VAULT}/secrets")}
    by_hand = {"databricks-http-path", "databricks-client-id", "databricks-client-secret"}
    by_hand.add("alert-webhook")
    named = everything().outputs["factoryParameters"]["parameters"]
    in_adf.add(named["default_properties_alert_webhook_secret_value"]["value"])
    assert made | by_hand == read_by_dbt | in_adf
    assert made & by_hand == set()
    page = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    for name in made | by_hand:
        assert f"`{name}`" in page


def adf() -> str:
    kinds = ("dataset", "linkedService", "pipeline")
    files = [file for kind in kinds for file in sorted((ADF_FOLDER / kind).glob("*.json"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_containers_are_those_that_pipelines_and_models_use() -> None:
    used = set(re.findall(r'"fileSystem": "(\w+)"', adf()))
    for folder in ("macros", "models", "snapshots"):
        for file in filter(Path.is_file, (ROOT / folder).rglob("*.*")):
            used |= set(re.findall(r"abfss://([a-z]+)@", file.read_text(encoding="utf-8")))
    used |= set(re.findall(r"abfss://([a-z]+)@", (ROOT / "dbt_project.yml").read_text("utf-8")))
    used.add("bronze")  # macros/landing/landed.sql: the default of a source's container
    made = {name_of(one.id) for one in everything().of(CONTAINERS)}
    # Unity Catalog's managed tables, and the default of a Synapse workspace.
    assert made - {"managed", "synapse"} == used


def test_the_factory_is_just_what_adf_deploys() -> None:
    [deployed] = [
        one
        for one in read(ADF_FOLDER / "arm" / "ARMTemplateForFactory.json")["resources"]
        if one["type"] == FACTORY
    ]
    [made] = everything().of(FACTORY)
    for key in ("identity", "properties", "tags"):
        assert made.body.get(key) == deployed.get(key)
    assert made.api_version == deployed["apiVersion"]


def test_the_factorys_private_endpoints_lead_to_resources_of_the_template() -> None:
    made = everything()
    parameters = made.outputs["factoryParameters"]["parameters"]
    by_id = {one.id: one.type for one in made.resources}
    folder = ADF_FOLDER / "managedVirtualNetwork" / "default" / "managedPrivateEndpoint"
    endpoints = [read(file) for file in sorted(folder.glob("*.json"))]
    assert len(endpoints) == 5
    for one in endpoints:
        given = parameters[f"{one['name']}_properties_privateLinkResourceId"]["value"]
        assert by_id[given] == type_of(one["properties"]["privateLinkResourceId"])


def test_the_output_gives_adf_each_parameter_that_names_a_resource() -> None:
    declared = read(ADF_FOLDER / "arm" / "ARMTemplateForFactory.json")["parameters"]
    given = everything().outputs["factoryParameters"]["parameters"]
    assert given.keys() <= declared.keys()
    # Values that are only known later, or are not resources: see docs/deployment.md and infra/.
    later = {"github_url", "dbt_job_id"}
    left = {name for name in declared.keys() - given.keys() if not name.endswith("_groupId")}
    assert left == {f"default_properties_{name}_value" for name in later}


def test_each_identity_is_that_of_another_job() -> None:
    """A token for one job's environment must not open the other's identity."""
    made = everything()
    subjects = {one.id.split("/")[-3]: one.properties["subject"] for one in made.of(FEDERATION)}
    assert len(subjects) == len(made.of("Microsoft.ManagedIdentity/userAssignedIdentities"))
    assert len(set(subjects.values())) == len(subjects)
    for subject in subjects.values():
        # A branch or a pull request is none: only an environment has rules that protect it.
        assert re.fullmatch(r"repo:[\w-]+/[\w-]+:environment:[\w-]+", subject)


SILENCE = "Microsoft.Insights/scheduledQueryRules"


@pytest.mark.parametrize(("retention", "hours"), [(60, 30), (72, 36), (96, 48), (8760, 48)])
def test_an_alert_comes_when_half_of_the_retention_has_passed(retention: int, hours: int) -> None:
    made = evaluate(TEMPLATE, PROD | {"cdcRetentionHours": {"value": retention}}, "t")
    [alert] = made.of(SILENCE)
    [criterion] = alert.properties["criteria"]["allOf"]
    assert f"ago({hours}h)" in criterion["query"]
    assert (criterion["operator"], criterion["threshold"]) == ("LessThan", 1)
    assert made.outputs["cdcRetentionHours"] == retention


def test_the_alert_watches_a_pipeline_that_a_started_trigger_runs_more_often() -> None:
    """A rule looks back for two days at most, and a run must fit into its time."""
    [alert] = everything().of(SILENCE)
    [criterion] = alert.properties["criteria"]["allOf"]
    [watched] = re.findall(r'PipelineName == "(\w+)"', criterion["query"])
    [hours] = re.findall(r"ago\((\d+)h\)", criterion["query"])
    triggers = [
        read(file)["properties"] for file in sorted((ADF_FOLDER / "trigger").glob("*.json"))
    ]
    started = [one for one in triggers if one["runtimeState"] == "Started"]
    assert started
    for trigger in started:
        recurrence = trigger["typeProperties"]["recurrence"]
        length = {"Hour": 1, "Day": 24}[recurrence["frequency"]] * recurrence["interval"]
        assert length < int(hours) <= 48
        [run] = trigger["pipelines"]
        pipeline = run["pipelineReference"]["referenceName"]
        text = (ADF_FOLDER / "pipeline" / f"{pipeline}.json").read_text("utf-8")
        assert watched == pipeline or f'"referenceName": "{watched}"' in text


def test_role_assignments_are_those_of_the_page() -> None:
    """docs/identity.md lists all permissions. Azure's names are shortened there."""
    page = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    table = page.partition("## Who may do what in Azure")[2].partition("\n## ")[0]
    listed = set()
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1] and not cells[1].startswith(("---", "role")):
            for scope in cells[2].split(","):
                listed.add((cells[0].strip("`"), cells[1], scope.strip(" `")))
    names = {"adf": "factory", "dbac": "connector", "ws": "synapse", "id": ""}
    given = set()
    for whom, role, scope in grants(everything()):
        kind, *rest = whom.split("-")
        who = names[kind] or rest[-1]
        given.add((who, role, re.sub(r"^(st|kv-)medallion.*", r"\1", scope)))
    short = {"st": "the lake's account", "kv-": "the vault"}
    assert listed == {(who, role, short.get(scope, scope)) for who, role, scope in given}


def test_the_command_reports_faults_and_fails(tmp_path: Path) -> None:
    folder = tmp_path / "infra"
    shutil.copytree(INFRA_FOLDER, folder, ignore=shutil.ignore_patterns("job"))
    done = CliRunner().invoke(app, ["infra", "check", str(folder)])
    assert (done.exit_code, done.output.endswith(": 0 faults\n")) == (0, True)
    template = deepcopy(TEMPLATE)
    setting(STORAGE, "properties.allowSharedKeyAccess", True)(template)
    (folder / "template.json").write_text(json.dumps(template), encoding="utf-8")
    done = CliRunner().invoke(app, ["infra", "check", str(folder)])
    assert done.exit_code == 1
    assert "parameters.dev.json: $.resources[" in done.output
    assert done.output.endswith(": 2 faults\n")
    done = CliRunner().invoke(app, ["infra", "show", str(folder)])
    assert "adf-medallion-prod-" in done.output


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("template.json", "{", "not JSON"),
        ("template.json", "[]", "not a JSON object"),
        ("parameters.prod.json", None, "has no parameters.*.json"),
        ("template.json", None, "cannot be read"),
    ],
)
def test_odd_folders_are_reported_in_one_sentence(
    tmp_path: Path, file: str, content: str | None, message: str
) -> None:
    for one in ("template.json", "parameters.prod.json"):
        if one != file or content is not None:
            (tmp_path / one).write_text(content if one == file and content else "{}", "utf-8")
    done = CliRunner().invoke(app, ["infra", "check", str(tmp_path)])
    assert message in str(done.exception)
