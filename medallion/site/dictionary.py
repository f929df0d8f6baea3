"""The data dictionary: a page per relation, and one list of relations per layer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from medallion.page.blocks import counted
from medallion.report.history import Record
from medallion.site.column_lineage import ColumnId, Lineage, ends
from medallion.site.latest_results import latest_results, test_text
from medallion.site.lineage_drawings import column_lineage, neighbours
from medallion.site.links import fenced
from medallion.site.macros_page import macros_page
from medallion.site.project import LAYERS, OPTIONAL, Node, Project, Relation, line
from medallion.site.queries import Query, is_control
from medallion.site.tables import folded, table

TITLES = {
    "sources": "Sources: landed files",
    "bronze": "Bronze: the change log",
    "seeds": "Seeds: constants",
    "silver": "Silver: staging and the star schema",
    "snapshots": "Snapshots: dbt's history of the GitHub files",
    "gold": "Gold: marts",
    "semantic": "Semantic: metric views over gold",
    "serving": "Serving: Synapse's views and tables",
}
WIDE = "---\nhide: [toc]\n---\n\n"  # a page of tables uses the space of its table of contents
BESIDE = "../{}/"  # the address of another table's page
SHOWN_ORIGINS = 6  # a column with more origins shows the first ones; `struct(*)` takes whole rows


@dataclass(frozen=True)
class Dictionary:
    """All data that the pages are made from."""

    project: Project
    queries: Mapping[str, Query]
    lineage: Lineage
    latest: Record | None = None  # of the report, if there is one

    def pages(self) -> dict[str, str]:
        """Each page's text by its file name."""
        found = {f"{one.name}.md": self._page(one) for one in self.project.relations.values()}
        for layer in LAYERS:
            some = [one for one in self.project.relations.values() if one.layer == layer]
            if some or layer not in OPTIONAL:
                found[f"{layer}.md"] = self._layer(layer, some)
        found["exposures.md"] = self._exposures()
        found["macros.md"] = macros_page(self.project)
        return found

    def _layer(self, layer: str, relations: Sequence[Relation]) -> str:
        counts = [len(self.queries[one.unique_id].types) for one in relations]
        rows = [
            [_page_link(one), one.description, str(count), one.place[1]]
            for one, count in zip(relations, counts, strict=True)
        ]
        return "\n".join(
            [
                f"{WIDE}# {TITLES[layer]}\n",
                f"{counted(len(rows), 'table')} with {counted(sum(counts), 'column')}.\n",
                *table(["table", "meaning", "columns", "schema"], rows),
            ]
        )

    def _page(self, one: Relation) -> str:
        return "\n\n".join(
            [
                f"{WIDE}# {one.name}",
                one.description,
                *_example(one),
                "\n".join(table(["table", f"`{'.'.join(one.place)}`"], self._facts(one))),
                *_drawn("## Lineage", neighbours(self.project, one, BESIDE)),
                *self._columns(one),
                *self._origins(one),
                *self._tests(one),
                *latest_results(self.project, one, self.latest),
                *_sql(one),
            ]
        )

    def _facts(self, one: Relation) -> Iterator[list[str]]:
        node, config = one.node, one.node["config"]
        if one.kind != "source":
            built = [config.get("materialized"), config.get("incremental_strategy")]
            if built[0] != "incremental":
                built = built[:1]
            where = ", only on Synapse" if one.is_disabled else ""
            yield ["built as", ", ".join(str(part) for part in built if part) + where]
        else:
            yield ["lands in", f"`{node['meta'].get('folder', '')}`, {node['meta'].get('format')}"]
            yield ["loaded by", str(node.get("loader") or "Azure Data Factory, pl_ingest")]
        group_id = f"group.{self.project.name}.{node.get('group')}"
        if group := self.project.manifest["groups"].get(group_id):
            owner = group["owner"]
            yield ["owner", f"{owner['name']} ({group['name']}), {owner['email']}"]
        if node.get("access"):
            contract = ", with an enforced contract" if one.has_contract else ""
            yield ["access", node["access"] + contract]
        if node.get("version"):
            yield ["version", f"{node['version']}, the latest is {node['latest_version']}"]
        if deprecated := node.get("deprecation_date"):
            yield ["deprecated from", str(deprecated)[:10]]
        seen = [
            f"[{shown['label'] or shown['name']}](exposures.md#{shown['name']})"
            for shown in self.project.manifest["exposures"].values()
            if one.unique_id in shown["depends_on"]["nodes"]
        ]
        if seen:
            yield ["shown in", ", ".join(seen)]

    def _columns(self, one: Relation) -> Iterator[str]:
        """The columns; those that say how a row was loaded are folded."""
        names = list(self.queries[one.unique_id].types)
        yield f"## Columns\n\n{counted(len(names), 'column')}."
        head = ["column", "meaning", "type", "tested by"]
        own, control = _parted(names)
        if own:
            yield "\n".join(table(head, (self._column(one, name) for name in own)))
        if control:
            body = "\n".join(table(head, (self._column(one, name) for name in control)))
            yield folded(counted(len(control), "control column"), body)

    def _column(self, one: Relation, name: str) -> list[str]:
        column = one.columns.get(name, {})
        kind = self.queries[one.unique_id].types[name]
        held = [constraint["type"] for constraint in column.get("constraints", [])]
        held += [
            _test(test) for test in self.project.tests_of(one) if test.get("column_name") == name
        ]
        if pii := (column.get("databricks_tags") or {}).get("pii"):
            held.append(f"**personal: {pii}**")
        return [
            f'<span id="{name}"></span>`{name}`',
            line(column.get("description")),
            f"`{kind}`" if kind else "not known",
            ", ".join(held),
        ]

    def _origins(self, one: Relation) -> Iterator[str]:
        if one.kind in ("source", "seed"):
            return
        own, control = _parted(list(self.queries[one.unique_id].types))
        drawn = column_lineage(self.project, one, own or control, self.lineage, BESIDE)
        yield from _drawn("## Origin of the values", drawn or "Its query makes every value.")
        rows = []
        for name in [*own, *control]:
            column = ColumnId(one.unique_id, name)
            rows.append(
                [f"`{name}`", self.direct(column), self.columns(ends(self.lineage, column))]
            )
        head = ["column", "directly from", "at the source"]
        yield folded("As a table, with the columns at the source", "\n".join(table(head, rows)))
        yield "Joins, filters and groups are not followed ([lineage](../lineage.md))."

    def direct(self, column: ColumnId, folder: str = "") -> str:
        """The direct origin of a column, as a table cell."""
        origin = self.lineage[column]
        parts = [self.columns(origin.columns, folder)] if origin.columns else []
        parts += [_code(made) for made in sorted(origin.made)]
        parts += [f"**not traced**: {_code(one)}" for one in sorted(origin.untraced)]
        return ", ".join(parts)

    def columns(self, some: set[ColumnId], folder: str = "") -> str:
        """Links to columns; only the first few are named."""
        links = [
            f"[{self.project.relations[one.relation].name}.{one.column}]"
            f"({folder}{self.project.relations[one.relation].name}.md#{one.column})"
            for one in sorted(some)
        ]
        more = len(links) - SHOWN_ORIGINS
        return ", ".join(links[:SHOWN_ORIGINS]) + (f" and {more} more" if more > 0 else "")

    def _tests(self, one: Relation) -> Iterator[str]:
        whole = [_test(test) for test in self.project.tests_of(one) if not test.get("column_name")]
        units = [
            f"- `{unit['name']}`: {line(unit['description'])}"
            for unit in self.project.manifest["unit_tests"].values()
            if unit["model"] == one.node["name"] and one.unique_id in unit["depends_on"]["nodes"]
        ]
        rules = one.node["config"].get("meta", {}).get("expectations", [])
        if whole or units or rules:
            yield "## Tests"
        if rules:
            anchor = f"{one.layer}{one.node['name']}".replace(".", "")
            yield f"{len(rules)} rules apply to it: [rules](../rules.md#{anchor})."
        if whole:
            yield "Of the whole table: " + ", ".join(whole) + "."
        if units:
            yield "\n".join(units)

    def _exposures(self) -> str:
        parts = ["# Exposures: reports and dashboards"]
        for shown in self.project.manifest["exposures"].values():
            owner = shown["owner"]
            parts += [
                f"## {shown['label'] or shown['name']} {{: #{shown['name']} }}",
                line(shown["description"]),
                f"{str(shown['type']).capitalize()}, maturity {shown['maturity']}; "
                f"{owner['name']}, {owner['email']}. It reads "
                + _linked([self.project.relations[one] for one in shown["depends_on"]["nodes"]])
                + f" with {_code(shown['config']['meta']['file'])}.",
            ]
        return "\n\n".join(parts) + "\n"


def _parted(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The columns of the data, and the control columns."""
    return [one for one in names if not is_control(one)], [one for one in names if is_control(one)]


def _drawn(heading: str, drawing: str) -> Iterator[str]:
    if drawing:
        yield heading
        yield drawing


def _page_link(one: Relation, folder: str = "") -> str:
    return f"[{one.name}]({folder}{one.name}.md)"


def _linked(some: Sequence[Relation]) -> str:
    return ", ".join(_page_link(one) for one in some) or "nothing"


def _code(text: str) -> str:
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def _test(test: Node) -> str:
    """A generic test with its arguments, as in its YAML."""
    severity = " (warns)" if str(test["config"]["severity"]).lower() == "warn" else ""
    return _code(test_text(test)) + severity


def _example(one: Relation) -> Iterator[str]:
    """The query in the relation's `config.meta.example`, if it has one."""
    if query := one.node["config"].get("meta", {}).get("example"):
        yield f"Example:\n\n{fenced(query.strip(), 'sql')}"


def _sql(one: Relation) -> Iterator[str]:
    if code := one.node.get("raw_code"):
        yield "## As written"
        yield folded(one.node["original_file_path"], fenced(code, "sql"))
