"""SET TAG, UNSET TAG, and the clauses SET TAGS and UNSET TAGS of ALTER.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-set-tag.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.delta import evolve
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.errors import unsupported
from medallion_local.databricks_sql.language.reader import Reader

_RELATIONS = (("TABLE",), ("VIEW",), ("MATERIALIZED", "VIEW"), ("STREAMING", "TABLE"))


@dataclass(frozen=True)
class Change:
    """The tags to set, and those to remove."""

    added: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    def of(self, tags: dict[str, str]) -> dict[str, str]:
        """The tags after the change."""
        return {k: v for k, v in (tags | self.added).items() if k not in self.removed}


def tag(context: Context, sql: str) -> Result:
    """SET TAG ON kind name key [= value], and UNSET TAG ON kind name key."""
    reader = Reader(sql)
    sets = reader.take("SET")
    if not sets:
        reader.expect("UNSET")
    reader.expect("TAG", "ON")
    apply = _target(context, reader)
    key = reader.identifier()
    value = reader.identifier() if sets and reader.take("=") else ""
    reader.finish()
    apply(Change(added={key: value}) if sets else Change(removed=[key]))
    return done()


def alter_container(context: Context, sql: str) -> Result:
    """ALTER {CATALOG | SCHEMA | DATABASE} name {SET | UNSET} TAGS (…)."""
    reader = Reader(sql)
    reader.expect("ALTER")
    apply = _target(context, reader)
    change = clause(reader)
    if change is None:
        raise unsupported(sql)
    reader.finish()
    apply(change)
    return done()


def clause(reader: Reader) -> Change | None:
    """SET TAGS ('key' = 'value', …) or UNSET TAGS ('key', …), if it comes next."""
    if reader.take("SET", "TAGS"):
        return Change(added=reader.pairs())
    return Change(removed=reader.strings()) if reader.take("UNSET", "TAGS") else None


def of_relation(context: Context, relation: Relation, change: Change) -> None:
    """Change the tags of a table or a view."""
    context.catalog.change(relation.key, tags=change.of(relation.tags))


def of_column(context: Context, relation: Relation, name: str, change: Change) -> None:
    """Change the tags of a column."""
    tagged = evolve.require_column(relation, name)
    columns = [
        replace(column, tags=change.of(column.tags)) if column is tagged else column
        for column in relation.columns
    ]
    context.catalog.change(relation.key, columns=columns)


def _target(context: Context, reader: Reader) -> Callable[[Change], None]:
    """The function that changes the tags of the object that comes next."""
    catalog = context.catalog
    if reader.take("COLUMN"):
        *parts, column = reader.name()
        owner = context.relation(tuple(parts))
        return lambda change: of_column(context, owner, column, change)
    if reader.take("CATALOG"):
        name = catalog.require_catalog(reader.identifier())
        return lambda change: catalog.tag(name, change.added, change.removed)
    if reader.take("SCHEMA") or reader.take("DATABASE"):
        pair = context.session.namespace(reader.name())
        catalog.require_schema(pair[1], pair[0])
        return lambda change: catalog.tag(".".join(pair), change.added, change.removed)
    if any(reader.take(*words) for words in _RELATIONS):
        relation = context.relation(reader.name())
        return lambda change: of_relation(context, relation, change)
    raise unsupported(reader.sql)
