"""The state of one client session: the current catalog and schema, settings, temporary views."""

from dataclasses import dataclass, field

from sqlglot import exp

from medallion_local.databricks_sql import settings
from medallion_local.databricks_sql.catalog import Column, Key, Relation
from medallion_local.databricks_sql.engine import CATALOG, Settings
from medallion_local.databricks_sql.functions.store import Function
from medallion_local.databricks_sql.language.errors import SqlError


@dataclass(frozen=True)
class Variable:
    """A session variable: its type, and its value and default as SQL."""

    type: str
    value: str
    default: str


@dataclass(frozen=True)
class TemporaryView:
    """A view of one session. Its query is resolved when it is read; its columns stay."""

    query: exp.Expression
    columns: tuple[Column, ...]


@dataclass
class Session:
    """One client's state.

    `settings` has only keys and values that `settings.checked` returned.
    """

    schema: str = "default"
    settings: dict[str, str] = field(default_factory=dict)
    temporary_views: dict[str, TemporaryView] = field(default_factory=dict)
    catalog: str = CATALOG
    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)

    @property
    def engine_settings(self) -> Settings:
        """The settings that change the engine's answers."""
        return settings.of_engine(self.settings)

    @property
    def time_zone(self) -> str:
        """The zone in which times are shown and text is read."""
        zone = self.settings.get("TIMEZONE", "UTC")
        return "UTC" if zone.upper() in settings.UTC else zone

    def key(self, parts: tuple[str, ...]) -> Key:
        """The catalog key of a name of one to three parts."""
        if len(parts) > 3:
            raise SqlError(
                f"[PARSE_SYNTAX_ERROR] A name has at most three parts: {'.'.join(parts)}"
            )
        catalog, schema = self.namespace(parts[:-1])
        return Key(schema, parts[-1].lower(), catalog)

    def namespace(self, parts: tuple[str, ...]) -> tuple[str, str]:
        """The catalog and the schema of a schema's name of no part, one or two."""
        if len(parts) > 2:
            raise SqlError(
                f"[REQUIRES_SINGLE_PART_NAMESPACE] A schema's name has at most two parts: "
                f"{'.'.join(parts)}"
            )
        schema = parts[-1].lower() if parts else self.schema
        return (parts[0].lower() if len(parts) == 2 else self.catalog), schema


def of_query(relation: Relation) -> Session:
    """The session in which a view's query, or a streaming table's, is resolved."""
    return Session(schema=relation.query_schema, catalog=relation.query_catalog)
