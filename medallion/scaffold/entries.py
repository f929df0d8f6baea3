"""A table's entries in the files that list every table: scripts, pipeline, sources, registry."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.scaffold import names
from medallion.scaffold.merge import merge
from medallion.scaffold.plan import VERSIONS, Plan
from medallion.scaffold.render import pipeline_entry, render

PIPELINE = "adf/pipeline/pl_ingest.json"
REGISTRY = "macros/entities/entity_registry.sql"
SOURCES = "models/bronze/_sources.yml"
TABLES = "sql/azure_sql/01_tables.sql"
CAPTURE = "sql/azure_sql/03_enable_cdc_tables.sql"
READER = "sql/azure_sql/04_reader_role.sql"
QUARANTINE = "models/silver/quarantine/quarantined_members.yml"
PROJECT = "dbt_project.yml"
LISTS = (PIPELINE, REGISTRY, SOURCES, TABLES, CAPTURE, READER, QUARANTINE, PROJECT)

_NO_SOURCES, _NO_TESTS = "    tables: []\n", "    data_tests: []\n"  # of a new project
_ENTRY_END = "        },"  # of an entity in the registry


def listed_tables(project: Path) -> list[dict[str, Any]]:
    """The tables that pl_ingest lands."""
    found: list[dict[str, Any]] = _tables(json.loads((project / PIPELINE).read_text("utf-8")))
    return found


def added(path: str, text: str, plan: Plan) -> str:
    """The text of a list with the table in it."""
    return _ADD[path](text, plan)


def emptied(path: str, text: str) -> str:
    """The text of a list without its tables and reference files, as in a new project."""
    return _EMPTY[path](text)


def changed(path: str, text: str, old: Plan, new: Plan) -> str:
    """The text of a list with the table's new entry instead of the old one."""
    change = _CHANGE.get(path)
    return change(text, old, new) if change else text


def _tables(pipeline: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pipeline["properties"]["parameters"]["tables"]["defaultValue"]
    return found


def _pipeline(text: str, plan: Plan) -> str:
    """Add the entry, or replace that of a table that landed before it had models."""
    pipeline = json.loads(text)
    tables = _tables(pipeline)
    entry = pipeline_entry(plan)
    identity = (entry["schema"], entry["table"])
    places = [n for n, one in enumerate(tables) if (one["schema"], one["table"]) == identity]
    if places:
        tables[places[0]] = entry
    else:
        tables.append(entry)
    return json.dumps(pipeline, indent=4, ensure_ascii=False) + "\n"


def _registry(text: str, plan: Plan) -> str:
    """Add the entity after the last one that has a source table."""
    lines = text.splitlines(keepends=True)
    last = max((n for n, one in enumerate(lines) if "'source_table'" in one), default=None)
    if last is None:
        at = _first(lines, lambda one: "return([" in one, REGISTRY) + 1
    else:
        at = _first(lines, lambda one: one.rstrip() == _ENTRY_END, REGISTRY, last) + 1
    return _inserted(lines, at, render("registry_entry", plan))


def _changed_registry(text: str, old: Plan, new: Plan) -> str:
    if pipeline_entry(old)["columns"] == pipeline_entry(new)["columns"] and old == new:
        return text
    lines = text.splitlines(keepends=True)
    name = _first(lines, lambda one: f"'name': '{new.entity}'" in one, REGISTRY)
    end = _first(lines, lambda one: one.rstrip() == _ENTRY_END, REGISTRY, name) + 1
    if old.tracked == new.tracked:
        return text
    return _inserted(lines[: name - 1] + lines[end:], name - 1, render("registry_entry", new))


def _sources(text: str, plan: Plan) -> str:
    """Add the table after the last one of the source azure_sql."""
    lines = text.splitlines(keepends=True)
    start, end = _source_lines(lines)
    if f"      - name: {plan.source_name}\n" in lines[start:end]:
        raise MedallionError(
            f"{SOURCES} has the table {plan.source_name} already, but {REGISTRY} has no entity of "
            f"{plan.source.full_name}: remove the table from {SOURCES}."
        )
    if _NO_SOURCES in lines[start:end]:
        lines[lines.index(_NO_SOURCES, start)] = "    tables:\n"
    return _inserted(lines, end, render("source.yml", plan))


def _changed_sources(text: str, old: Plan, new: Plan) -> str:
    lines = text.splitlines(keepends=True)
    start, end = _source_lines(lines)
    header = f"      - name: {old.source_name}\n"
    first = _first(lines[:end], lambda one: one == header, SOURCES, start)
    inside = re.compile(r" {8}|\s*$")
    last = next((n for n in range(first + 1, end) if not inside.match(lines[n])), end)
    block = "".join(lines[first:last])
    replaced, _ = merge(render("source.yml", old), block, render("source.yml", new))
    return _inserted(lines[:first] + lines[last:], first, replaced)


def _source_lines(lines: list[str]) -> tuple[int, int]:
    """The lines of the source azure_sql: its first, and the one after its last."""
    start = _first(lines, lambda one: one.rstrip() == "  - name: azure_sql", SOURCES)
    rest = (n for n in range(start + 1, len(lines)) if lines[n].startswith("  - name: "))
    return start, next(rest, len(lines))


def _script(template: str) -> Callable[[str, Plan], str]:
    """Append the batch of a template, unless the script has one that begins in the same way."""

    def add(text: str, plan: Plan) -> str:
        batch = render(template, plan)
        place = f"OBJECT_ID(N'{_name(plan)}'"
        bare = f"OBJECT_ID(N'{plan.source.full_name}'"
        if place in text or bare in text:
            return text
        gap = "\n\n" if "\nGO\n" in text else "\n"  # the comment belongs to the first batch
        return f"{text.rstrip()}{gap}{batch}"

    return add


def _changed_script(template: str) -> Callable[[str, Plan, Plan], str]:
    """Replace the generated batch. One that a person has changed stays."""

    def change(text: str, old: Plan, new: Plan) -> str:
        return text.replace(render(template, old), render(template, new))

    return change


def _name(plan: Plan) -> str:
    """The table in T-SQL."""
    return f"{names.bracketed(plan.source.schema)}.{names.bracketed(plan.source.name)}"


def _reader(text: str, plan: Plan) -> str:
    grant = f"GRANT SELECT ON OBJECT::{_name(plan)} TO cdc_reader;\n"
    if grant in text or grant.replace("[", "").replace("]", "") in text:
        return text
    lines = text.splitlines(keepends=True)
    grants = [n for n, one in enumerate(lines) if one.startswith("GRANT SELECT ON ")]
    tables = [n + 1 for n in grants if "OBJECT::" in lines[n]]
    if not grants:
        raise MedallionError(f"{READER} has no GRANT SELECT, so no place for {grant.strip()}")
    return _inserted(lines, max(tables, default=grants[0]), grant)


def _quarantine(text: str, plan: Plan) -> str:
    """Add the tests of the rules after those of the other source tables."""
    lines = text.replace(_NO_TESTS, "    data_tests:\n").splitlines(keepends=True)
    last = max((n for n, one in enumerate(lines) if "of: azure_sql__" in one), default=None)
    if last is None:
        last = _first(lines, lambda one: one.rstrip() == "    data_tests:", QUARANTINE)
    return _inserted(lines, last + 1, render("expectations.yml", plan))


def _project(text: str, plan: Plan) -> str:
    """Give a dimension its place in the lake, which Synapse reads."""
    if plan.history != VERSIONS:
        return text
    lines = text.splitlines(keepends=True)
    last = max((n for n, one in enumerate(lines) if "*served_dimension" in one), default=None)
    if last is None:  # the first dimension of the project
        start = _first(lines, lambda one: one == "      core:\n", PROJECT)
        inside = (n for n in range(start + 1, len(lines)) if not lines[n].startswith(" " * 8))
        last = next(inside, len(lines)) - 1
    return _inserted(lines, last + 1, f"        {plan.published}: *served_dimension\n")


def _without_tables(text: str) -> str:
    pipeline = json.loads(text)
    for name in ("tables", "references"):
        pipeline["properties"]["parameters"][name]["defaultValue"] = []
    return json.dumps(pipeline, indent=4, ensure_ascii=False) + "\n"


def _without_entities(text: str) -> str:
    before, after = text.partition("return([")[::2]
    return f"{before}return([\n    ]{after.rpartition(']')[2]}"


def _without_sources(text: str) -> str:
    """Keep the source azure_sql without tables, and the tables of Data Factory's own records."""
    head, *sources = re.split(r"(?m)^(?=  - name: )", text)
    kept = [one for one in sources if not one.startswith("  - name: github\n")]
    at = next(n for n, one in enumerate(kept) if one.startswith("  - name: azure_sql\n"))
    kept[at] = kept[at].partition("    tables:\n")[0] + _NO_SOURCES
    return "".join([head, *kept])


def _without_batches(text: str) -> str:
    """Keep the comment at the beginning of a script."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[: _first(lines, lambda one: not one.startswith("--"), TABLES)])


def _without_lines(*marks: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(one for one in lines if not any(mark in one for mark in marks))

    return change


def _without_expectations(text: str) -> str:
    return _without_lines("- expectation:")(text).replace("    data_tests:\n", _NO_TESTS)


def _without_models(text: str) -> str:
    """Without the sample's dimensions, slices and snapshots."""
    text = _without_lines(": *served_dimension\n")(text).partition("\nsnapshots:\n")[0]
    text = text.replace("      context:\n        +materialized: view\n", "")
    text = re.sub(r"(?m)^  # Places in a week's chart.*\n  chart_length: .*\n", "", text)
    return re.sub(r"(?m)^  pool_slices: .*$", "  pool_slices: {}", text)


def _first(lines: list[str], holds: Callable[[str], bool], path: str, start: int = 0) -> int:
    for number in range(start, len(lines)):
        if holds(lines[number]):
            return number
    raise MedallionError(
        f"{path} does not have the form that `medallion new` edits: restore it from git."
    )


def _inserted(lines: list[str], at: int, text: str) -> str:
    return "".join([*lines[:at], text, *lines[at:]])


_ADD: dict[str, Callable[[str, Plan], str]] = {
    PIPELINE: _pipeline,
    REGISTRY: _registry,
    SOURCES: _sources,
    TABLES: _script("create_table.sql"),
    CAPTURE: _script("enable_cdc.sql"),
    READER: _reader,
    QUARANTINE: _quarantine,
    PROJECT: _project,
}
_EMPTY: dict[str, Callable[[str], str]] = {
    PIPELINE: _without_tables,
    REGISTRY: _without_entities,
    SOURCES: _without_sources,
    TABLES: _without_batches,
    CAPTURE: _without_batches,
    READER: _without_lines("ON OBJECT::"),
    QUARANTINE: _without_expectations,
    PROJECT: _without_models,
}
_CHANGE: dict[str, Callable[[str, Plan, Plan], str]] = {
    PIPELINE: lambda text, _, new: _pipeline(text, new),
    REGISTRY: _changed_registry,
    SOURCES: _changed_sources,
    TABLES: _changed_script("create_table.sql"),
    CAPTURE: _changed_script("enable_cdc.sql"),
}
