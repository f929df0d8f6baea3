"""A rehearsed deployment, in which each fault that an audit found is injected once.

The end-to-end test continues it: its lakehouse is built by the deployed factory.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from copy import deepcopy

import pytest

from medallion.infra.order import order
from support.rehearsal import DAY, FACTORY, Json, factory, infra
from support.resource_manager import Refused, ResourceManager

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_empty_group_is_deployed_at_once_and_again(seed: int) -> None:
    azure = ResourceManager(DAY, seed)
    azure.deploy(infra())
    azure.deploy(factory(infra()))
    azure.today += dt.timedelta(days=70)
    webhook = "alert-webhook"
    with_webhook = infra(alertWebhookSecret=webhook)
    [vault] = with_webhook.of("Microsoft.KeyVault/vaults")
    azure.set_by_hand(f"{vault.id}/secrets/{webhook}")
    azure.deploy(with_webhook)
    azure.deploy(factory(with_webhook))
    types = {one.type for one in infra().resources}
    assert types <= {one.type for one in azure.created.values() if one is not None}


def test_the_templates_have_no_fault_in_their_order() -> None:
    assert list(order(infra())) == [] and list(order(factory(infra()))) == []


def loop(kind: str) -> Callable[[Json], None]:
    """A change that makes the loop of a type parallel, as it was."""

    def change(template: Json) -> None:
        [found] = [one for one in template["resources"] if one["type"] == kind]
        found["copy"] = {key: found["copy"][key] for key in ("name", "count")}

    return change


def second_federation(template: Json) -> None:
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
    first = next(one for one in template["resources"] if one["type"] == kind)
    name = "[format('id-{0}-deploy/second', variables('name'))]"
    template["resources"].append(first | {"name": name})


def early_peering(template: Json) -> None:
    kind = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
    [peering] = [one for one in template["resources"] if one["type"] == kind]
    peering["dependsOn"] = ["[variables('networkId')]"]


INJECTED = {
    "parallel private endpoints": (
        loop("Microsoft.Network/privateEndpoints"),
        {},
        "OperationInProgress",
    ),
    "a peering beside the workspace": (early_peering, {}, "AnotherOperationInProgress"),
    "two federations at once": (second_federation, {}, "ConcurrentFederatedIdentity"),
    "a budget of a past month": (
        lambda template: None,
        {"budgetStart": "2026-12-01"},
        "InvalidBudgetStartDate",
    ),
    "a webhook that nobody has set": (
        lambda template: None,
        {"alertWebhookSecret": "alert-webhook"},
        "ResourceNotFound",
    ),
}


@pytest.mark.parametrize("name", INJECTED)
def test_each_injected_fault_fails_the_deployment(name: str) -> None:
    change, given, code = INJECTED[name]
    found = []
    for seed in SEEDS:
        try:
            ResourceManager(DAY, seed).deploy(infra(change, **given))
        except Refused as refusal:
            found.append(str(refusal))
    assert any(code in one for one in found), found


def test_a_budget_keeps_its_day() -> None:
    azure = ResourceManager(DAY)
    azure.deploy(infra())
    azure.today += dt.timedelta(days=60)
    with pytest.raises(Refused, match="differs from the existing day"):
        azure.deploy(infra(budgetStart="2027-05-01"))


def test_parallel_endpoints_of_the_factory_fail_and_are_reported() -> None:
    template = deepcopy(FACTORY)
    for one in template["resources"]:
        one["dependsOn"] = [name for name in one["dependsOn"] if "PrivateEndpoints/" not in name]
    made = factory(infra(), template)
    assert [path for path, message, _ in order(made) if "at once" in message]
    azure, refused = ResourceManager(DAY), []
    azure.deploy(infra())
    for seed in SEEDS:
        try:
            dataclasses.replace(azure, seed=seed, created=dict(azure.created)).deploy(made)
        except Refused as refusal:
            refused.append(str(refusal))
    assert any("StorageAccountOperationInProgress" in one for one in refused)
