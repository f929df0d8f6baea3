"""Adds a table of the source to the project, or the changes of a table that the project has."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from medallion.adf import arm_template
from medallion.entities import Entity, read_entities
from medallion.errors import MedallionError
from medallion.expectations import page, read_rules
from medallion.scaffold import entries, names, workspace
from medallion.scaffold.catalogue import Column, Instance, SourceTable, captured_by, find_table
from medallion.scaffold.merge import merge
from medallion.scaffold.plan import LATEST, VERSIONS, Plan, instance_name, make_plan
from medallion.scaffold.render import files
from medallion.scaffold.workspace import Change
from medallion.serving import models


@dataclass(frozen=True)
class Options:
    """Choices of the person: the entity's name, its kind, and the tracked columns."""

    name: str | None = None
    is_fact: bool = False
    tracked: Sequence[str] | None = None
    enable_cdc: bool = False


@dataclass(frozen=True)
class Proposal:
    """The changes for a table. `is_new` is false for a table that the project has."""

    plan: Plan
    is_new: bool
    changes: list[Change]
    notices: list[str] = field(default_factory=list)
    enables_cdc: bool = False


def propose(project: Path, tables: Sequence[SourceTable], name: str, options: Options) -> Proposal:
    """The changes that the project needs for a table. Nothing is written.

    Raises `MedallionError` for an unknown table, a table without a key or without change data
    capture, an unsupported type, and names that collide.
    """
    table = find_table(tables, *names.parsed(name))
    if not table.key:
        raise MedallionError(
            f"{table.full_name} has no primary key, which identifies a row in every layer: add one "
            "in the source."
        )
    entities = read_entities(project)
    entity = next((one for one in entities if one.landed_as == table.full_name), None)
    if entity:
        return _changed(project, table, entity, options)
    return _added(project, table, entities, options)


def _added(
    project: Path, table: SourceTable, entities: Sequence[Entity], options: Options
) -> Proposal:
    kept, instance = _capture(table, options.enable_cdc)
    entity = options.name or names.entity_name(table.schema, table.name)
    if names.folded(entity) != entity or not entity[:1].isalpha():
        raise MedallionError(f"The name {entity!r} is not in snake_case: pass another --name.")
    names.free(entity, {one.name: one.landed_as for one in entities}, table.full_name)
    history = LATEST if options.is_fact else VERSIONS
    plan = make_plan(kept, instance, entity, history, options.tracked)
    texts = files(plan)
    for path in texts:
        if (project / path).exists():
            raise MedallionError(
                f"{path} exists, but no entity of {entries.REGISTRY} has the table "
                f"{table.full_name}: remove the file, or pass another name with --name."
            )
    with workspace.copied(project) as copy:
        for path in entries.LISTS:
            text = (copy / path).read_text(encoding="utf-8")
            (copy / path).write_text(entries.added(path, text, plan), encoding="utf-8")
        for path, text in texts.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_text(text, encoding="utf-8")
        _generate(copy)
        found = workspace.changes(project, copy)
    return Proposal(plan, True, found, _left_out(table, kept), not table.instances)


def _changed(project: Path, table: SourceTable, entity: Entity, options: Options) -> Proposal:
    if entity.history not in (VERSIONS, LATEST):
        raise MedallionError(
            f"{table.full_name} has the history '{entity.history}', whose models `medallion new` "
            "does not generate: change them by hand."
        )
    listed = _listed(project, table)
    kept, instance = _capture(table, options.enable_cdc, listed["capture_instance"])
    if tuple(listed["keys"]) != table.key:
        raise MedallionError(
            f"The primary key of {table.full_name} is ({', '.join(table.key)}), but the project "
            f"has ({', '.join(listed['keys'])}): a table with another key is another table, so add "
            "it with another --name, after removing the old entity."
        )
    old_table = _former(kept, listed)
    kept = replace(kept, columns=_in_listed_order(kept, listed["columns"]))
    fixed = (entity.bronze, entity.staged, entity.published)
    known = dict(zip(listed["keys"], entity.key, strict=True))

    def planned(table: SourceTable, instance: str, tracked: Sequence[str] | None) -> Plan:
        captured = Instance(instance, frozenset(column.name for column in table.columns))
        return make_plan(table, captured, entity.name, entity.history, tracked, *fixed, known=known)

    before = planned(old_table, listed["capture_instance"], entity.tracked)
    tracked = options.tracked
    if tracked is None:
        former = {column.name for column in before.columns}
        after = planned(kept, instance.name, None)
        tracked = [n for n in after.tracked if n in entity.tracked or n not in former]
    new = planned(kept, instance.name, tracked)
    with workspace.copied(project) as copy:
        for path in entries.LISTS:
            text = (copy / path).read_text(encoding="utf-8")
            (copy / path).write_text(entries.changed(path, text, before, new), encoding="utf-8")
        notices = _merge_files(copy, before, new)
        _generate(copy)
        found = workspace.changes(project, copy)
    if new.instance != before.instance:
        notices.append(
            f"the capture instance changes from {before.instance} to {new.instance}: run "
            "`medallion ingest` before --apply, otherwise the next run reports a gap."
        )
    return Proposal(new, False, found, [*_left_out(table, kept), *notices])


def _capture(
    table: SourceTable, enable: bool, wanted: str | None = None
) -> tuple[SourceTable, Instance]:
    """The captured columns and their instance; with `enable`, those that a new one will capture."""
    if table.instances:
        return captured_by(table, wanted)
    if not enable:
        raise MedallionError(
            f"{table.full_name} has no change data capture: pass --enable-cdc, which adds it to "
            f"{entries.CAPTURE}, or enable it in the source first."
        )
    columns = frozenset(column.name for column in table.columns)
    return captured_by(replace(table, instances=(Instance(instance_name(table), columns),)))


def _listed(project: Path, table: SourceTable) -> dict[str, Any]:
    for one in entries.listed_tables(project):
        if (one["schema"], one["table"]) == (table.schema, table.name):
            return one
    raise MedallionError(
        f"{entries.PIPELINE} does not list {table.full_name}, but {entries.REGISTRY} has it: "
        "restore the entry from git."
    )


def _former(table: SourceTable, listed: dict[str, Any]) -> SourceTable:
    """The table with the columns and types that the pipeline lists."""
    now = {column.name: column for column in table.columns}
    columns = tuple(
        replace(now.get(name, Column(name, kind)), type=kind)
        for name, kind in zip(listed["columns"], listed["types"], strict=True)
    )
    return replace(table, columns=columns)


def _in_listed_order(table: SourceTable, listed: Sequence[str]) -> tuple[Column, ...]:
    """The columns: those that the pipeline lists in its order, then the others."""
    places = {name: number for number, name in enumerate(listed)}
    return tuple(sorted(table.columns, key=lambda column: places.get(column.name, len(places))))


def _merge_files(copy: Path, before: Plan, after: Plan) -> list[str]:
    """Change the table's own files in the copy. Returns a notice for each place to edit by hand."""
    notices = []
    wanted = files(after)
    for path, base in files(before).items():
        file = copy / path
        if not file.exists():
            continue
        text, conflicts = merge(base, file.read_text(encoding="utf-8"), wanted[path])
        file.write_text(text, encoding="utf-8")
        for one in conflicts:
            lines = " / ".join(line.strip() for line in one.new or one.old)
            verb = "has" if one.new else "no longer has"
            notices.append(f"{path} was edited here, so change it by hand: it {verb} {lines}")
    return notices


def _generate(copy: Path) -> None:
    """Write what other commands generate: the ARM template, Synapse's models, the page of rules."""
    for file, text in arm_template.texts(copy / "adf").items():
        file.write_text(text, encoding="utf-8")
    models.made_files(copy).write()
    (copy / "docs" / "rules.md").write_text(page(read_rules(copy / "models")), encoding="utf-8")


def _left_out(table: SourceTable, kept: SourceTable) -> list[str]:
    """A notice for each column that does not land."""
    found = {column.name for column in kept.columns}
    return [
        f"{table.full_name}.{column.name} does not land: "
        + (
            "CDC captures NULL in a computed column."
            if column.computed
            else "its capture instance does not capture it."
        )
        for column in table.columns
        if column.name not in found
    ]
