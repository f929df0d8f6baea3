"""A stand-in of Azure Resource Manager: creates the resources of an evaluated template in parallel.

It refuses what the real services refuse, as far as the project has found out: a resource whose
parent or whose named resource does not exist, a second operation on a busy resource, and the
days of a budget. How long an operation takes is random, so several seeds try several orders.
It shares no code with `medallion infra check`, which predicts the same refusals.
"""

import datetime as dt
import random
import re
from dataclasses import dataclass, field
from typing import Any

from medallion.infra.deployment import Deployment, Resource

ID = re.compile(r"/subscriptions/[^\s\"'<>;#]+/providers/[^\s\"'<>;#]+")
LONGEST = 6  # units of time


class Refused(Exception):
    """A failed deployment: the service's code, and the resource."""


@dataclass
class ResourceManager:
    """A resource group. `created` are the ids of its resources; `today` is the day in Azure."""

    today: dt.date
    seed: int = 0
    created: dict[str, Resource | None] = field(default_factory=dict)

    def set_by_hand(self, id_: str) -> None:
        """Create a resource that no template contains, such as a secret."""
        self.created[id_] = None

    def deploy(self, made: Deployment) -> None:
        """Create or update all resources, or raise `Refused` at the first failure."""
        chance = random.Random(self.seed)
        aliases = {one.id.partition("/providers/")[2]: one.id for one in made.resources}
        loops = {name: set(ids) for name, ids in made.loops.items()}
        ours = {one.id for one in made.resources}
        waits = {
            one.id: {
                id_
                for name in one.depends_on
                for id_ in loops.get(name, {aliases.get(name, name)})
                if id_ in ours
            }
            for one in made.resources
        }
        left, done = list(made.resources), set()
        running: dict[str, tuple[Resource, int]] = {}
        while left or running:
            ready = [one for one in left if waits[one.id] <= done]
            if not ready and not running:
                raise Refused(f"InvalidTemplate: a cycle at {left[0].name}")
            for one in chance.sample(ready, len(ready)):
                self._begin(one, [other for other, _ in running.values()], ours)
                running[one.id] = (one, chance.randint(1, LONGEST))
                left.remove(one)
            running = {id_: (one, time - 1) for id_, (one, time) in running.items()}
            for id_, (one, time) in list(running.items()):
                if time <= 0:
                    del running[id_]
                    done.add(id_)
                    self.created[id_] = one

    def _begin(self, one: Resource, running: list[Resource], ours: set[str]) -> None:
        for id_ in sorted(_named(one)):
            if id_ not in self.created and (id_ in ours or _is_secret(id_)):
                raise Refused(f"ResourceNotFound: {one.name} needs {id_}")
        for target, code in _operates_on(one).items():
            for other in running:
                if target in _operates_on(other):
                    raise Refused(f"{code}: {one.name} and {other.name}")
        if one.type == "Microsoft.Consumption/budgets":
            self._begin_budget(one)

    def _begin_budget(self, one: Resource) -> None:
        start = dt.date.fromisoformat(one.properties["timePeriod"]["startDate"])
        existing = self.created.get(one.id)
        if existing is None and start < self.today.replace(day=1):
            raise Refused(f"InvalidBudgetStartDate: {start} is past")
        if existing and existing.properties["timePeriod"]["startDate"] != start.isoformat():
            raise Refused(f"InvalidBudgetStartDate: {start} differs from the existing day")


def _named(one: Resource) -> set[str]:
    """The ids that must exist: of the parent, of the scope, and in the body."""
    found = {symbol.resource for symbol in one.symbols} | {one.scope} - {""}
    parent, _, rest = one.id.rpartition("/providers/")
    if rest.count("/") > 2:
        found.add(f"{parent}/providers/{rest.rsplit('/', 2)[0]}")
    body: Any = dict(one.body)
    acls = (one.properties.get("networkAcls") or {}).get("resourceAccessRules")
    text = re.sub(re.escape(repr(acls)), "", repr(body)) if acls else repr(body)
    found |= {id_.partition("/subnets/")[0] for id_ in ID.findall(text)}
    return found - {one.id}


def _is_secret(id_: str) -> bool:
    return "/vaults/" in id_ and "/secrets/" in id_


def _operates_on(one: Resource) -> dict[str, str]:
    """The resources that an operation keeps busy, with the code of the refusal."""
    busy, last = "AnotherOperationInProgress", one.type.rpartition("/")[2]
    says = one.properties
    if last == "privateEndpoints":
        [link] = says["privateLinkServiceConnections"]
        target = link["properties"]["privateLinkServiceId"]
        network = says["subnet"]["id"].partition("/subnets/")[0]
        code = "StorageAccountOperationInProgress" if "/storageAccounts/" in target else busy
        return {target: code, network: busy}
    if last == "managedPrivateEndpoints":
        return {says["privateLinkResourceId"]: "StorageAccountOperationInProgress"}
    if last == "managementPolicies":
        return {one.id.rsplit("/", 2)[0]: "StorageAccountOperationInProgress"}
    if last == "virtualNetworkPeerings":
        return {one.id.rsplit("/", 2)[0]: busy}
    if one.type == "Microsoft.Databricks/workspaces":
        return {says["parameters"]["customVirtualNetworkId"]["value"]: busy}
    if last == "federatedIdentityCredentials":
        code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
        return {one.id.rsplit("/", 2)[0]: code}
    return {}
