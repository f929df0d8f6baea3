"""CREATE TABLE … SHALLOW or DEEP CLONE: an independent table over the same immutable files.

Source: https://learn.microsoft.com/azure/databricks/sql/language-manual/delta-clone. Both kinds use
hard links here. This is as fast as a shallow clone. As with a deep clone, VACUUM of the source does
not affect it.
"""

from dataclasses import replace

import pyarrow as pa

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import EXTERNAL, MANAGED, Key, Relation
from medallion_local.databricks_sql.catalog.formats import require_delta
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.delta_log.log import Operation, last_commit
from medallion_local.databricks_sql.delta_log.time_travel import version_in
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.policies import is_protected

_COUNTS = (
    "source_table_size",
    "source_num_of_files",
    "num_removed_files",
    "num_copied_files",
    "removed_files_size",
    "copied_files_size",
)


def is_clone(sql: str) -> bool:
    """Whether the statement is a CREATE TABLE … CLONE."""
    return _read(Reader(sql)) is not None


def clone(context: Context, sql: str) -> Result:
    """Add the clone to the catalog. Raises for a view, a streaming table, a location."""
    reader = Reader(sql)
    read = _read(reader)
    if read is None:
        raise unsupported(sql)
    replaces, if_missing, parts, shallow = read
    source = context.relation(reader.name())
    if source.is_view or source.is_refreshed:
        raise SqlError(
            f"[DELTA_CLONE_UNSUPPORTED_SOURCE] {source.full_name} is a {source.kind.lower()}, "
            "which can't be cloned."
        )
    if shallow and source.kind == EXTERNAL:
        raise SqlError(
            f"[CANNOT_SHALLOW_CLONE_NON_UC_MANAGED_TABLE_AS_SOURCE] {source.full_name} is "
            "external: use DEEP CLONE for a managed clone of it."
        )
    require_delta(source, "CLONE")
    if is_protected(source):
        raise unsupported(f"a clone of {source.full_name}, which has policies")
    key = context.session.key(parts)
    context.catalog.require_schema(key.schema, key.catalog)
    before = context.catalog.find(key)
    if before is not None and if_missing:
        return done()
    if before is not None and not replaces:
        raise SqlError(f"[TABLE_OR_VIEW_ALREADY_EXISTS] {before.full_name} already exists.")
    if before is not None and (before.is_view or before.is_refreshed):
        raise SqlError(
            f"[EXPECT_TABLE_NOT_VIEW] {before.full_name} is a {before.kind.lower()}: drop it first."
        )
    folder = context.storage.managed_folder(*key)
    with context.storage.lock(source.location):
        version = last_commit(source.location).version
        if not reader.at_end:
            version = version_in(context.engine, reader, source.location)
        reader.finish()
        parameters = {
            "source": source.full_name,
            "sourceVersion": str(version),
            "isShallow": str(shallow).lower(),
        }
        operation = Operation("CLONE", parameters)
        sizes = storage.clone_version(source.location, folder, version, operation)
    made = _cloned(source, key, folder)
    context.catalog.put(replace(made, columns=storage.adopted(made.columns, folder)))
    counts = (sum(sizes), len(sizes), 0, len(sizes), 0, sum(sizes))
    columns = {n: pa.array([c], pa.int64()) for n, c in zip(_COUNTS, counts, strict=True)}
    return result_of(pa.table(columns))


def _cloned(source: Relation, key: Key, folder: str) -> Relation:
    """The definition without the description, tags and informational keys, which are not cloned."""
    return replace(
        source,
        **key._asdict(),
        kind=MANAGED,
        location=folder,
        external_url="",
        comment=None,
        tags={},
        columns=[replace(column, tags={}) for column in source.columns],
        constraints=[one for one in source.constraints if one.kind == "CHECK"],
    )


def _read(reader: Reader) -> tuple[bool, bool, tuple[str, ...], bool] | None:
    """OR REPLACE, IF NOT EXISTS, the clone's name, SHALLOW. The source is the next token."""
    replaces = reader.take("CREATE", "OR", "REPLACE", "TABLE")
    if not replaces and not reader.take("CREATE", "TABLE"):
        return None
    if_missing = reader.take("IF", "NOT", "EXISTS")
    parts = reader.name()
    shallow = reader.take("SHALLOW", "CLONE")
    if not shallow and not reader.take("DEEP", "CLONE") and not reader.take("CLONE"):
        return None
    return replaces, if_missing, parts, shallow
