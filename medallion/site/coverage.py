"""The coverage of descriptions: `medallion describe`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jinja2
from dbt_common.clients.jinja import get_environment

from medallion.site.project import Node, Project, Relation, line
from medallion.site.queries import Query

KINDS = {"model": "models", "seed": "seeds", "snapshot": "snapshots", "source": "sources"}
BESIDES = ("exposures", "groups", "unit_tests")


@dataclass(frozen=True)
class Thing:
    """One thing that needs a description; `lacks` names the problem, if there is one."""

    kind: str
    name: str
    file: str
    lacks: str | None

    def __str__(self) -> str:
        """The finding in one line, as `--check` prints it."""
        return f"{self.file}: {self.name} {self.lacks}"


def things(project: Project, queries: Mapping[str, Query]) -> list[Thing]:
    """Everything that needs a description, by kind."""
    return [
        *(one for relation in project.relations.values() for one in _relation(relation, queries)),
        *_sources(project),
        *(one for macro in project.macros for one in _macro(macro)),
        *_singular_tests(project),
        *_besides(project),
    ]


def _relation(relation: Relation, queries: Mapping[str, Query]) -> Iterator[Thing]:
    kind, name, file = relation.kind, relation.name, relation.file
    plural = "tables of sources" if kind == "source" else KINDS[kind]
    yield Thing(plural, f"{kind} {name}", file, _undescribed(relation.node))
    yielded = list(queries[relation.unique_id].types)
    for column in dict.fromkeys([*yielded, *relation.columns]):
        described = relation.columns.get(column)
        if described is None:
            lacks: str | None = "is not listed: list and describe it"
        elif column not in yielded:
            lacks = f"is described, but {name} has no such column: remove it"
        else:
            lacks = _undescribed(described)
        yield Thing(f"columns of {KINDS[kind]}", f"column {name}.{column}", file, lacks)


def _sources(project: Project) -> Iterator[Thing]:
    by_name = {one["source_name"]: one for one in project.manifest["sources"].values()}
    for name, node in by_name.items():
        lacks = _undescribed({"description": node["source_description"]})
        yield Thing("sources", f"source {name}", node["original_file_path"], lacks)


def _macro(macro: Node) -> Iterator[Thing]:
    name, file = macro["name"], macro["original_file_path"]
    is_test = name.startswith("test_")
    kind = "generic tests" if is_test else "macros"
    yield Thing(kind, f"macro {name}", file, _undescribed(macro))
    described = {one["name"]: one for one in macro["arguments"]}
    signature = _signature(macro["macro_sql"])
    ordered = [one for one in signature if one in described]
    known = [one for one in described if one in signature]
    for argument in dict.fromkeys([*signature, *described]):
        if argument not in described:
            lacks: str | None = "is not listed: list and describe it in the macro's YAML"
        elif argument not in signature:
            lacks = "is described, but the macro has no such argument: remove it"
        elif known.index(argument) != ordered.index(argument):
            lacks = "is listed in another order than in the macro: move it"
        else:
            lacks = _undescribed(described[argument])
        yield Thing(f"arguments of {kind}", f"argument {name}({argument})", file, lacks)


def _signature(sql: str) -> list[str]:
    """The arguments of a macro, in order, parsed with dbt's own grammar."""
    macro = get_environment(None, capture_macros=False).parse(sql).find(jinja2.nodes.Macro)
    if macro is None or macro.name.startswith("dbt_macro__materialization_"):
        return []  # dbt's grammar adds an argument to a materialization
    return [one.name for one in macro.args]


def _singular_tests(project: Project) -> Iterator[Thing]:
    for test in project.tests:
        if not test.get("test_metadata"):
            file, lacks = test["original_file_path"], _undescribed(test)
            yield Thing("singular tests", f"test {test['name']}", file, lacks)


def _besides(project: Project) -> Iterator[Thing]:
    for key in BESIDES:
        for node in project.manifest[key].values():
            kind, singular = key.replace("_", " "), key.replace("_", " ").removesuffix("s")
            file, lacks = node["original_file_path"], _undescribed(node)
            yield Thing(kind, f"{singular} {node['name']}", file, lacks)


def _undescribed(node: Node) -> str | None:
    return None if line(node.get("description")) else "has no description: write one"
