"""The project as described by dbt's manifest: relations with rows, and their related nodes.

One manifest of a Databricks target contains everything. The models of other targets, which Synapse
serves, are among its `disabled` nodes, with their descriptions.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError

HOLDS_ROWS = ("model", "seed", "snapshot", "source")
LAYERS = ("sources", "bronze", "seeds", "silver", "snapshots", "gold", "semantic", "serving")
OPTIONAL = ("seeds", "snapshots", "semantic")  # layers without a page if they are empty

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Relation:
    """A model, seed, snapshot, or table of a source. `node` is its entry in the manifest."""

    unique_id: str
    kind: str
    name: str
    layer: str
    node: Node

    @property
    def description(self) -> str:
        """The meaning of its rows."""
        return line(self.node["description"])

    @property
    def columns(self) -> Mapping[str, Node]:
        """The columns in its YAML, by name."""
        return self.node["columns"]

    @property
    def place(self) -> tuple[str, str, str]:
        """Catalog, schema and table, as in a query."""
        table = self.node.get("alias") or self.node.get("identifier") or self.node["name"]
        return self.node["database"], self.node["schema"], table

    @property
    def file(self) -> str:
        """The YAML file that describes it, or its own file without one."""
        patched = self.node.get("patch_path") or ""
        return patched.partition("://")[2] or self.node["original_file_path"]

    @property
    def has_contract(self) -> bool:
        """Whether dbt rejects a build whose columns differ from the YAML."""
        return bool(self.node.get("contract", {}).get("enforced"))

    @property
    def is_disabled(self) -> bool:
        """Whether only another target builds it."""
        return not self.node["config"].get("enabled", True)


@dataclass(frozen=True)
class Project:
    """A manifest, and the catalog's types of the built relations (`{}` without a catalog)."""

    manifest: Node
    catalog: Node

    @property
    def name(self) -> str:
        """The name in dbt_project.yml, which is the package of the project's own nodes."""
        return str(self.manifest["metadata"]["project_name"])

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """All relations by unique id, in the order of the layers, then by name."""
        found = [_relation(one) for one in self._nodes() if one["resource_type"] in HOLDS_ROWS]
        found.sort(key=lambda one: (LAYERS.index(one.layer), one.name))
        return {one.unique_id: one for one in found}

    @cached_property
    def tests(self) -> list[Node]:
        """All data tests: generic ones have `test_metadata`."""
        return [one for one in self._nodes() if one["resource_type"] == "test"]

    @cached_property
    def macros(self) -> list[Node]:
        """The project's own macros, including generic tests (`test_…`), by name."""
        found = self.manifest["macros"].values()
        return sorted((one for one in found if one["package_name"] == self.name), key=_name)

    def reads(self, relation: Relation) -> list[Relation]:
        """The direct upstream relations. A disabled relation stores only their names."""
        ids = relation.node.get("depends_on", {}).get("nodes") or [
            one.unique_id
            for ref in relation.node.get("refs", [])
            for one in self.relations.values()
            if one.kind != "source" and _is_named(one.node, ref)
        ]
        return [self.relations[one] for one in ids if one in self.relations]

    def read_by(self, relation: Relation) -> list[Relation]:
        """The direct downstream relations."""
        return self._readers.get(relation.unique_id, [])

    def tests_of(self, relation: Relation) -> list[Node]:
        """The generic tests of a relation."""
        return [one for one in self.tests if one.get("attached_node") == relation.unique_id]

    def catalog_type(self, relation: Relation, column: str) -> str:
        """The type of a built column; empty when it is not built."""
        tables = self.catalog.get("sources" if relation.kind == "source" else "nodes", {})
        columns = tables.get(relation.unique_id, {}).get("columns", {})
        return str(columns.get(column, {}).get("type", ""))

    @cached_property
    def _readers(self) -> dict[str, list[Relation]]:
        found: dict[str, list[Relation]] = {}
        for one in self.relations.values():
            for read in self.reads(one):
                found.setdefault(read.unique_id, []).append(one)
        return found

    def _nodes(self) -> Iterator[Node]:
        yield from self.manifest["nodes"].values()
        yield from self.manifest["sources"].values()
        for alternatives in self.manifest["disabled"].values():
            yield from alternatives


def read_project(manifest: Path, catalog: Path | None = None) -> Project:
    """Read dbt's artifacts. Raises `MedallionError` for a missing or invalid manifest."""
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
        types = json.loads(catalog.read_text(encoding="utf-8")) if catalog else {}
    except FileNotFoundError as error:
        raise MedallionError(
            f"{error.filename} does not exist: run `medallion up` and `dbt compile`."
        ) from error
    except ValueError as error:
        raise MedallionError(f"{manifest} is not JSON: run `dbt compile` again.") from error
    if not isinstance(document, dict) or "disabled" not in document:
        raise MedallionError(f"{manifest} is not a manifest of dbt: run `dbt compile`.")
    return Project(document, types)


def line(text: str | None) -> str:
    """A description on one line."""
    return " ".join((text or "").split())


def _name(node: Node) -> str:
    return str(node["name"])


def _relation(node: Node) -> Relation:
    kind, folder = node["resource_type"], Path(node["original_file_path"]).parts[:2]
    name = node["name"]
    if kind == "source":
        name = f"{node['source_name']}.{name}"
    elif node.get("version"):
        name = f"{name}.v{node['version']}"
    layer = folder[1] if kind == "model" else f"{kind}s"
    return Relation(node["unique_id"], kind, name, layer, node)


def _is_named(node: Node, ref: Node) -> bool:
    if node["name"] != ref["name"] or node["resource_type"] == "test":
        return False
    return node.get("version") == (ref.get("version") or node.get("latest_version"))
