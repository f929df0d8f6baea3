"""The names, types and texts of one table in every layer: what the templates write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from medallion.errors import MedallionError
from medallion.scaffold import names
from medallion.scaffold.catalogue import Instance, SourceTable
from medallion.scaffold.types import LakeType, lake_type

VERSIONS, LATEST = "versions", "latest"
DEFAULT_LENGTH = 300  # var served_text_length
_NUMBERS = ("int", "bigint")  # the types of a key that reserve -1 for the unknown member


@dataclass(frozen=True)
class PlannedColumn:
    """A column of the source and of the lake."""

    source: str
    name: str
    tsql: str
    kind: LakeType
    in_key: bool
    nullable: bool
    meaning: str
    described: bool

    @property
    def quoted(self) -> str:
        """Its landed name in Spark's SQL."""
        return names.quoted(self.source)

    @property
    def landed(self) -> str:
        """The select item of bronze."""
        return self.name if self.quoted == self.name else f"{self.quoted} as {self.name}"

    @property
    def staged(self) -> str:
        """The select item of staging."""
        if self.kind.landed == self.kind.published:
            return self.name
        return f"cast({self.name} as {self.kind.published}) as {self.name}"

    @property
    def is_number_key(self) -> bool:
        """Whether its value -1 is reserved for the unknown member."""
        return self.in_key and self.kind.landed in _NUMBERS

    @property
    def unknown(self) -> str:
        """Its value in the unknown member."""
        kind = self.kind.published.replace(",", ", ")
        if self.is_number_key:
            return f"cast(-1 as {kind})"
        if self.kind.published == "string" and not self.in_key:
            return "'Unknown'"
        return f"cast(null as {kind})"

    @property
    def max_length(self) -> int | None:
        """The maximum length for the contract, if it is not the default."""
        length = self.kind.max_bytes
        return length if length is not None and length > DEFAULT_LENGTH else None

    @property
    def expression(self) -> str:
        """The select item of the pipeline's copy."""
        column = f"c.{names.bracketed(self.source)}"
        if self.kind.conversion is None:
            return column
        return f"{self.kind.conversion.format(column)} AS {names.bracketed(self.source)}"


@dataclass(frozen=True)
class Plan:
    """One table; `tracked` are the lake's names of the columns whose change opens a version."""

    source: SourceTable
    instance: str
    entity: str
    history: str
    bronze: str
    staged: str
    published: str
    columns: tuple[PlannedColumn, ...]
    tracked: tuple[str, ...]
    omitted: tuple[str, ...] = field(default=())

    @property
    def key(self) -> tuple[PlannedColumn, ...]:
        """The primary key, in its order."""
        by_name = {column.source: column for column in self.columns}
        return tuple(by_name[name] for name in self.source.key)

    @property
    def attributes(self) -> tuple[PlannedColumn, ...]:
        """All columns except the key."""
        return tuple(column for column in self.columns if not column.in_key)

    @property
    def shown(self) -> tuple[PlannedColumn, ...]:
        """The attributes of the published model: of a dimension, the tracked ones."""
        if self.history == LATEST:
            return self.attributes
        return tuple(column for column in self.attributes if column.name in self.tracked)

    @property
    def key_names(self) -> list[str]:
        """The key's columns in the lake."""
        return [column.name for column in self.key]

    @property
    def source_name(self) -> str:
        """The table among dbt's sources."""
        return names.source_name(self.source.schema, self.source.name)

    @property
    def notation(self) -> str:
        """The table as the registry writes it."""
        return names.notation(self.source.schema, self.source.name)

    @property
    def words(self) -> str:
        """The entity in words: `order line`."""
        return self.entity.replace("_", " ")

    @property
    def undescribed(self) -> list[str]:
        """The columns whose description only names their origin."""
        return [column.name for column in self.columns if not column.described]


def instance_name(table: SourceTable) -> str:
    """The capture instance of a table that has none, in at most 100 characters without blanks."""
    return names.identifier(f"{table.schema}_{table.name}")[:100]


def make_plan(
    table: SourceTable,
    instance: Instance,
    entity: str,
    history: str,
    tracked: Sequence[str] | None = None,
    bronze: str | None = None,
    staged: str | None = None,
    published: str | None = None,
    known: Mapping[str, str] | None = None,
) -> Plan:
    """Plan a table, whose columns are those that the instance captures.

    `tracked` are names of the lake, by default all attributes. `known` are names of the lake, by
    column, that are given. Raises `MedallionError` for an unsupported type, columns that get one
    name, an unknown tracked column, and a dimension without attributes.
    """
    if missing := [name for name in table.key if name not in {c.name for c in table.columns}]:
        raise MedallionError(
            f"The capture instance {instance.name} of {table.full_name} does not capture the key "
            f"column {missing[0]}: enable an instance that does."
        )
    added = {f"{entity}_key"} if history == VERSIONS else set()
    given = [column.name for column in table.columns]
    named = names.column_names(given, entity, added) | dict(known or {})
    columns = tuple(
        PlannedColumn(
            column.name,
            named[column.name],
            column.type,
            lake_type(column.type, f"{table.full_name}.{column.name}", column.name in table.key),
            column.name in table.key,
            column.nullable,
            _meaning(table, column.name, column.description),
            bool(column.description),
        )
        for column in table.columns
    )
    attributes = [column.name for column in columns if not column.in_key]
    if history == VERSIONS and not attributes:
        raise MedallionError(
            f"{table.full_name} has no column besides its key, so it has no versions: pass --fact."
        )
    for name in tracked or ():
        if name not in attributes:
            raise MedallionError(
                f"{table.full_name} has no attribute {name} to track: name one of "
                f"{', '.join(attributes)}."
            )
    prefix = "dim" if history == VERSIONS else "fct"
    return Plan(
        table,
        instance.name,
        entity,
        history,
        bronze or names.bronze_name(table.schema, table.name),
        staged or f"stg_azure_sql__{entity}_changes",
        published or f"{prefix}_{entity}",
        columns,
        tuple(attributes if tracked is None else [a for a in attributes if a in tracked])
        if history == VERSIONS
        else (),
    )


def _meaning(table: SourceTable, column: str, description: str) -> str:
    """The description of the source, otherwise the column's origin, which is all that is known."""
    if description:
        return description if description.endswith((".", "!", "?")) else f"{description}."
    return f"Column {column} of {table.full_name}."
