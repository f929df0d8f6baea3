"""Which tables hold personal data, and by which key their rows belong to a person.

The tags of the columns decide it. dbt copies them from the models' YAML to the catalog, together
with each table, so the catalog also names the copies that a pull request or a person built.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.entities import Entity, read_entities
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.lakehouse import rows
from medallion.yaml_files import load

if TYPE_CHECKING:
    from databricks.sql.client import Connection

TAG, WHOLE_ROW = "pii", "row"
_TAGGED = f"""
    select tags.schema_name, tags.table_name, tags.column_name, tags.tag_value, tables.table_type
    from information_schema.column_tags as tags
    inner join information_schema.tables as tables
        on tags.schema_name = tables.table_schema and tags.table_name = tables.table_name
    where tags.tag_name = '{TAG}'
"""


@dataclass(frozen=True)
class Table:
    """A table with tagged columns: those that hold one value, or else a whole row as JSON."""

    schema: str
    name: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]

    def __str__(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Personal:
    """The entity that describes people, its key, and the tables with tagged columns."""

    entity: Entity
    key: str
    tables: tuple[Table, ...]

    @property
    def bronze(self) -> Table:
        """The change log of the entity."""
        return next(one for one in self.tables if one.name == self.entity.bronze)


def read_personal(connection: "Connection") -> Personal:
    """The personal data of the catalog.

    Raises `MedallionError` if the tags of the catalog differ from those of the bronze model, and if
    not exactly one entity with a key of one column holds personal data.
    """
    tables = _tables(connection)
    tagged = [one for one in read_entities() if _declared(one)]
    if len(tagged) != 1 or len(tagged[0].key) != 1:
        named = ", ".join(one.name for one in tagged) or "none"
        raise MedallionError(
            f"Erasure needs one entity with columns tagged `{TAG}` in bronze and a key of one "
            f"column; found: {named} (macros/entities/entity_registry.sql)."
        )
    [entity] = tagged
    held = {column for one in tables if one.name == entity.bronze for column in one.columns}
    if lacking := sorted(_declared(entity) - held):
        raise MedallionError(
            f"{entity.bronze} lacks the tag `{TAG}` of {', '.join(lacking)} in the warehouse: run "
            "`dbt build`."
        )
    return Personal(entity, entity.key[0], tables)


def _tables(connection: "Connection") -> tuple[Table, ...]:
    tagged: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows(connection, _TAGGED):
        if row["table_type"] != "VIEW":
            place = (row["schema_name"], row["table_name"])
            tagged.setdefault(place, []).append((row["column_name"], row["tag_value"]))
    return tuple(
        Table(
            *place,
            columns=tuple(name for name, kind in columns if kind != WHOLE_ROW),
            rows=tuple(name for name, kind in columns if kind == WHOLE_ROW),
        )
        for place, columns in sorted(tagged.items())
    )


def _declared(entity: Entity) -> set[str]:
    """The columns of the entity's bronze model that its YAML tags."""
    file = PROJECT_ROOT / "models" / "bronze" / f"{entity.bronze}.yml"
    models = load(file)["models"] if file.is_file() else []
    return {
        column["name"]
        for model in models
        for column in model.get("columns", [])
        if TAG in (column.get("databricks_tags") or {})
    }
