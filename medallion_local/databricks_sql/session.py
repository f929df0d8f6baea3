"""The state of one client session: the current schema, settings and temporary views."""

from dataclasses import dataclass, field

from sqlglot import exp

from medallion_local.databricks_sql import settings
from medallion_local.databricks_sql.catalog import Key
from medallion_local.databricks_sql.engine import CATALOG, Settings
from medallion_local.databricks_sql.errors import SqlError


@dataclass
class Session:
    """One client's state. A temporary view is stored as its query and resolved when it is read.

    `settings` has only keys and values that `settings.checked` returned.
    """

    schema: str = "default"
    settings: dict[str, str] = field(default_factory=dict)
    temporary_views: dict[str, exp.Expression] = field(default_factory=dict)

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
        if len(parts) == 3 and parts[0].lower() != CATALOG:
            raise SqlError(f"[NO_SUCH_CATALOG_EXCEPTION] Catalog '{parts[0]}' was not found.")
        if len(parts) > 3:
            raise SqlError(
                f"[PARSE_SYNTAX_ERROR] A name has at most three parts: {'.'.join(parts)}"
            )
        schema = parts[-2] if len(parts) > 1 else self.schema
        return (schema.lower(), parts[-1].lower())
