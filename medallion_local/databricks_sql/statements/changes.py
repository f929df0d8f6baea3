"""INSERT, MERGE, UPDATE, DELETE and TRUNCATE: each is one Delta commit.

delta-rs writes the rows of an INSERT. The engine runs MERGE, UPDATE and DELETE. Values are cast to
the type of their column, as Databricks' store assignment does.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from medallion_local.databricks_sql import storage, write_checks
from medallion_local.databricks_sql.catalog import STREAMING, Relation
from medallion_local.databricks_sql.catalog.formats import require_delta
from medallion_local.databricks_sql.commits import durable
from medallion_local.databricks_sql.context import Context, affected, done
from medallion_local.databricks_sql.delta import computed, evolution, partitions
from medallion_local.databricks_sql.delta.computed import (
    IDENTITY,
    Computed,
    Sequence,
    is_default,
    sequences,
)
from medallion_local.databricks_sql.delta_log.log import Operation, last_commit
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.statements.merge_condition import MergeCondition
from medallion_local.databricks_sql.statements.merge_partitions import (
    DELETE,
    INSERT,
    METRICS,
    UPDATE,
    PartitionMerge,
)
from medallion_local.databricks_sql.types import type_name

_DELETES = "_replaces"
_COUNTED = {"DELETE": "numDeletedRows", "UPDATE": "numUpdatedRows"}
_MERGED = {
    "num_updated_rows": METRICS[UPDATE],
    "num_deleted_rows": METRICS[DELETE],
    "num_inserted_rows": METRICS[INSERT],
}


def writable(context: Context, parts: tuple[str, ...], streaming: bool = False) -> Relation:
    """The table of that name. Raises for a view, and for a streaming table unless it is allowed.

    Databricks allows any DML on a streaming table. Here only DML that erases personal data is.
    """
    relation = context.relation(parts)
    if relation.is_view or (
        relation.is_refreshed and not (streaming and relation.kind == STREAMING)
    ):
        raise SqlError(
            f"[EXPECT_TABLE_NOT_VIEW] {relation.full_name} is a {relation.kind.lower()}: "
            "only a table's rows can be changed."
        )
    return relation


def _require_changeable(relation: Relation) -> None:
    """Raise if the table only takes new rows."""
    if relation.properties.get("delta.appendOnly", "").lower() == "true":
        raise SqlError(
            f"[DELTA_CANNOT_MODIFY_APPEND_ONLY] {relation.full_name} is configured to only allow "
            "appends. To permit updates or deletes, use ALTER TABLE … SET TBLPROPERTIES "
            "('delta.appendOnly' = 'false')."
        )


def _parts(table: exp.Expression) -> tuple[str, ...]:
    return tuple(part.name for part in table.parts)


def insert(context: Context, tree: exp.Insert, sql: str, evolves: bool = False) -> Result:
    """INSERT INTO or OVERWRITE, by position, by name or into listed columns.

    OVERWRITE with values in PARTITION replaces these partitions, otherwise the whole table.
    """
    named = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if tree.args.get("where") or tree.args.get("exists"):
        raise unsupported(sql)
    relation = writable(context, _parts(table))
    fixed = partitions.fixed(relation, table.args.get("partition"))
    with context.storage.lock(relation.location):
        relation = context.catalog.get(relation.key)
        by_name = bool(tree.args.get("by_name"))
        if evolves:
            relation = _evolved(context, relation, tree.expression, by_name)
        schema = storage.table_schema(relation.location)
        query, numbers = _assigned(
            context,
            relation,
            tree.expression,
            schema,
            [column.name for column in named],
            by_name,
            fixed,
        )
        result = context.query(write_checks.over(query, relation))
        overwrite = bool(tree.args.get("overwrite"))
        where = ""
        if overwrite:
            _require_changeable(relation)
            types = {field.name: type_name(field.type) for field in schema}
            where = partitions.predicate(relation, fixed, types)
        rows = storage.append(
            relation.location,
            schema,
            storage.clustered(_checked(result, schema, relation, numbers), relation.clustered_by),
            overwrite=overwrite,
            operation=_write(relation, overwrite, where),
            predicate=where,
        )
        computed.advance(context, relation, numbers)
        return _inserted(rows)


def append_by_name(
    context: Context, relation: Relation, query: exp.Expression, operation: Operation
) -> int:
    """Append a query's rows, whose columns are found by name. The caller holds the table's lock."""
    schema = storage.table_schema(relation.location)
    assigned, numbers = _assigned(context, relation, query, schema, [], True)
    result = context.query(assigned)
    rows = storage.append(
        relation.location,
        schema,
        _checked(result, schema, relation, numbers),
        operation=operation,
    )
    computed.advance(context, relation, numbers)
    return rows


def _evolved(
    context: Context, relation: Relation, query: exp.Expression, by_name: bool
) -> Relation:
    """The table with the query's additional columns: by name, or those after its own."""
    found = context.columns(query.copy())
    more = found if by_name else pa.schema(list(found)[len(relation.columns) :])
    return evolution.add_columns(context, relation, more)


def _write(relation: Relation, overwrite: bool, predicate: str = "") -> Operation:
    parameters = {
        "mode": "Overwrite" if overwrite else "Append",
        "statsOnLoad": "false",
        "partitionBy": json.dumps(relation.partitioned_by),
    }
    return Operation("WRITE", parameters | ({"predicate": predicate} if predicate else {}))


def _inserted(rows: int) -> Result:
    return affected(rows, num_inserted_rows=rows)


def _run(context: Context, relation: Relation, text: str, kinds: Iterable[str] = ()) -> Result:
    """Run a MERGE, UPDATE or DELETE. The rows are counted in the commit's metrics.

    `kinds` are the counts that a result without a commit has too.

    Sail returns other numbers: copied rows count, and rows of whole files do not.
    """
    before = last_commit(relation.location).version
    answered = context.engine.command(text, context.session.engine_settings)
    commit = last_commit(relation.location)
    if commit.version == before:
        return affected(0, **dict.fromkeys(kinds, 0))
    if commit.operation == "MERGE":
        return _merged(commit.metrics)
    number = commit.metrics.get(_COUNTED.get(commit.operation, ""))
    return affected(answered if number is None else int(number))


def _merged(metrics: Mapping[str, str | int]) -> Result:
    counts = {name: int(metrics.get(metric, 0)) for name, metric in _MERGED.items()}
    return affected(sum(counts.values()), **counts)


def _assigned(
    context: Context,
    relation: Relation,
    query: exp.Expression,
    schema: pa.Schema,
    listed: list[str],
    by_name: bool,
    fixed: Mapping[str, str] = MappingProxyType({}),
) -> tuple[exp.Expression, dict[str, Sequence]]:
    """The query's columns matched to the table's and cast, and the numbers of identity columns.

    A column without a value gets its default, which is NULL if it has none.
    """
    made = Computed(relation)
    targets = [name for name in listed or schema.names if name.lower() not in fixed]
    targets = made.with_defaults(query, targets)
    found = _names(context, query)
    inner = [f"_{position}" for position in range(len(found))]
    if by_name:
        given = {name.lower(): alias for name, alias in zip(found, inner, strict=True)}
    else:
        if len(targets) != len(found):
            raise SqlError(
                f"[INSERT_COLUMN_ARITY_MISMATCH] The table expects {len(targets)} columns, "
                f"and the query has {len(found)}."
            )
        given = {name.lower(): alias for name, alias in zip(targets, inner, strict=True)}
    unknown = set(given) - {name.lower() for name in schema.names}
    if unknown:
        raise SqlError(f"[UNRESOLVED_COLUMN] The table has no column {', '.join(sorted(unknown))}.")
    made.check_listed(given)
    types = {field.name: type_name(field.type) for field in schema}
    casts = ", ".join(
        f"CAST({given.get(name.lower()) or fixed.get(name.lower()) or made.missing(name)} "
        f"AS {kind}) AS {quoted(name)}"
        for name, kind in types.items()
    )
    text = f"SELECT {casts} FROM (SELECT 1) AS _source({', '.join(inner)})"
    if made.generated:
        text = made.selected(text, schema.names, set(given), types)
    outer = parse(text)
    source = next(each for each in outer.find_all(exp.Subquery) if each.alias == "_source")
    source.set("this", query.this if _is_plain_subquery(query) else query)
    return outer, sequences(relation, schema.names, set(given))


def _is_plain_subquery(query: exp.Expression) -> bool:
    return isinstance(query, exp.Subquery) and not query.alias and "with_" not in query.args


def _names(context: Context, query: exp.Expression) -> list[str]:
    if isinstance(query, exp.Values):
        first = query.expressions[0]
        count = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        return [f"col{position}" for position in range(1, count + 1)]
    return context.columns(query.copy()).names


def _checked(
    result: Result,
    schema: pa.Schema,
    relation: Relation,
    numbers: dict[str, Sequence] = MappingProxyType({}),  # type: ignore[assignment]
    predicate: str = "",
) -> Iterator[pa.RecordBatch]:
    batches = result.batches
    for sequence in numbers.values():
        batches = sequence.into(batches)
    for batch in batches:
        rows = write_checks.rows(batch, schema, relation, predicate)
        yield storage.checked(rows, schema, relation.full_name)


def insert_replacing(context: Context, sql: str) -> Result:
    """INSERT INTO … REPLACE ON (condition) query, or REPLACE WHERE condition query: one commit."""
    reader = Reader(sql)
    reader.expect("INSERT", "INTO")
    reader.take("TABLE")
    parts = reader.name()
    relation = writable(context, parts)
    require_delta(relation, "INSERT … REPLACE")
    alias = "target"
    if reader.take("AS") or not (reader.sees("REPLACE") or reader.sees("BY")):
        alias = reader.identifier()
    by_name = reader.take("BY", "NAME")
    reader.expect("REPLACE")
    with context.storage.lock(relation.location):
        schema = storage.table_schema(relation.location)
        if reader.take("ON"):
            condition = reader.parenthesised()
            query = parse(reader.parenthesised())
            source = reader.identifier() if reader.take("AS") or not reader.at_end else "source"
            reader.finish()
            return _replace_on(context, relation, schema, (alias, source), condition, query)
        if reader.take("USING"):
            keys = reader.strings()
            return _replace_using(context, relation, schema, keys, _source(reader), by_name)
        reader.expect("WHERE")
        condition = reader.until("SELECT", "TABLE", "WITH", "VALUES")
        return _replace_where(context, relation, schema, condition, _source(reader), by_name)


def _source(reader: Reader) -> exp.Expression:
    """The query at the end of an INSERT: SELECT, VALUES, TABLE name."""
    if reader.take("TABLE"):
        return parse(f"SELECT * FROM {reader.rest()}")
    return parse(reader.rest())


def _replace_using(
    context: Context,
    relation: Relation,
    schema: pa.Schema,
    keys: list[str],
    query: exp.Expression,
    by_name: bool,
) -> Result:
    """Replace the rows that are equal to a new row in these columns. NULL equals nothing."""
    known = {name.lower() for name in schema.names}
    for key in keys:
        if key.lower() not in known:
            raise SqlError(
                f"[UNRESOLVED_COLUMN.WITH_SUGGESTION] {relation.full_name} has no column `{key}`: "
                f"its columns are {', '.join(schema.names)}."
            )
    assigned, numbers = _assigned(context, relation, query, schema, [], by_name)
    if numbers:
        raise unsupported(f"REPLACE USING of {relation.full_name}, which has identity columns")
    condition = " AND ".join(f"t.{quoted(key)} = s.{quoted(key)}" for key in keys)
    return _replace_on(context, relation, schema, ("t", "s"), condition, assigned)


def _replace_on(
    context: Context,
    relation: Relation,
    schema: pa.Schema,
    aliases: tuple[str, str],
    condition: str,
    query: exp.Expression,
) -> Result:
    """A MERGE that reads each source row twice: to delete the rows it replaces, and to insert."""
    target, source = aliases
    names = _names(context, query)
    if len(names) != len(schema.names):
        raise SqlError(
            f"[INSERT_COLUMN_ARITY_MISMATCH] {relation.full_name} has {len(schema.names)} columns, "
            f"and the query has {len(names)}."
        )
    columns = ", ".join(quoted(name) for name in schema.names)
    values = ", ".join(
        f"CAST({quoted(source)}.{quoted(name)} AS {type_name(field.type)})"
        for name, field in zip(names, schema, strict=True)
    )
    merge = parse(
        f"MERGE INTO {_path(relation)} AS {quoted(target)} "
        f"USING (SELECT *, TRUE AS {_DELETES} FROM (SELECT 1) AS _a "
        f"UNION ALL SELECT *, FALSE AS {_DELETES} FROM (SELECT 1) AS _b) AS {quoted(source)} "
        f"ON {quoted(source)}.{_DELETES} AND ({condition}) "
        f"WHEN MATCHED THEN DELETE "
        f"WHEN NOT MATCHED AND NOT {quoted(source)}.{_DELETES} "
        f"THEN INSERT ({columns}) VALUES ({values})"
    )
    for holder in list(merge.find_all(exp.Subquery)):
        if holder.alias in ("_a", "_b"):
            holder.set("this", query.copy())
    write_checks.guard(merge, schema, relation)
    with (
        write_checks.as_conditions(),
        context.resolved(merge) as text,
        durable(relation.location),
    ):
        return _run(context, relation, text)


def _replace_where(
    context: Context,
    relation: Relation,
    schema: pa.Schema,
    condition: str,
    query: exp.Expression,
    by_name: bool,
) -> Result:
    """Replace the content by the rows that do not satisfy the condition, and the new rows."""
    columns = ", ".join(quoted(name) for name in schema.names)
    assigned, numbers = _assigned(context, relation, query, schema, [], by_name)
    if numbers:
        raise unsupported(f"REPLACE WHERE of {relation.full_name}, which has identity columns")
    added = render(write_checks.over(assigned, relation, condition))
    kept = write_checks.flags(relation, condition)
    content = parse(
        f"SELECT {columns}{kept} FROM {_path(relation)} "
        f"WHERE NOT coalesce(({condition}), FALSE) UNION ALL {added}"
    )
    result = context.query(content)
    rows = storage.append(
        relation.location,
        schema,
        _checked(result, schema, relation, predicate=condition),
        overwrite=True,
        operation=_write(relation, True, condition),
    )
    return affected(rows)


def merge(context: Context, tree: exp.Merge, sql: str, evolves: bool = False) -> Result:
    """MERGE INTO, with every assigned value cast to its column's type.

    The source is run once, before the target is read, as in Delta Lake. If it has no rows,
    nothing is committed.
    """
    relation = writable(context, _parts(tree.this))
    require_delta(relation, "MERGE")
    with context.storage.lock(relation.location):
        relation = context.catalog.get(relation.key)
        whens = tree.args["whens"].expressions
        if not all(isinstance(when.args["then"], exp.Insert) for when in whens):
            _require_changeable(relation)
        numbers = sequences(relation, [column.name for column in relation.columns], set())
        condition = MergeCondition(relation, tree)
        with _source_run(context, tree, numbers, condition) as (rows, source):
            if evolves:
                relation = _evolved_by_merge(context, relation, whens, source)
            schema = storage.table_schema(relation.location)
            actions = _Actions(schema, Computed(relation), tree, source.names, numbers, evolves)
            runs = bool(rows) or any(when.args.get("source") for when in whens)
            if not runs:
                _resolve(context, tree)
            for when in whens:
                actions.cast(when.args["then"], sql)
            if not runs:
                return affected(0, **dict.fromkeys(_MERGED, 0))
            condition.improve(tree)
            write_checks.guard(tree, schema, relation)
            by_partition = PartitionMerge(relation, schema, tree, condition)
            with write_checks.as_conditions():
                if context.engine.copies_rows_slowly and by_partition.applies(context):
                    answer = _merged(by_partition.run(context))
                else:
                    with context.resolved(tree) as text, durable(relation.location):
                        answer = _run(context, relation, text, _MERGED)
            computed.advance(context, relation, numbers)
            return answer


def _resolve(context: Context, tree: exp.Merge) -> None:
    """Raise for an unknown name in a MERGE whose source has no rows, which is not run."""
    of_both: list[exp.Expression] = [tree.args["on"]]
    of_source: list[exp.Expression] = []
    for when in tree.args["whens"].expressions:
        found = of_both if when.args.get("matched") else of_source
        if condition := when.args.get("condition"):
            found.append(condition)
        action = when.args["then"]
        if isinstance(action, exp.Update):
            assigned = [item.expression for item in action.expressions if isinstance(item, exp.EQ)]
            found.extend(assigned)
        elif isinstance(action, exp.Insert) and isinstance(action.expression, exp.Tuple):
            found.extend(action.expression.expressions)
    of_both = [each for each in of_both if not is_default(each)]
    of_source = [each for each in of_source if not is_default(each)]
    source = tree.args["using"]
    both = exp.select(*of_both).from_(tree.this).join(source, join_type="cross")
    context.columns(both)
    if of_source:
        context.columns(exp.select(*of_source).from_(source))


def _evolved_by_merge(
    context: Context, relation: Relation, whens: list[exp.Expression], source: pa.Schema
) -> Relation:
    """The table with the source's columns that `*` or an assignment names and it lacks."""
    named: set[str] = set()
    for when in whens:
        action = when.args["then"]
        items = [action.this] if isinstance(action, exp.Insert) else action.expressions
        if any(isinstance(item, exp.Star) for item in items):
            named |= {name.lower() for name in source.names}
        elif isinstance(action, exp.Insert):
            named |= {column.name.lower() for column in action.this.expressions}
        else:
            named |= {item.this.name.lower() for item in items}
    wanted = pa.schema([field for field in source if field.name.lower() in named])
    return evolution.add_columns(context, relation, wanted)


@contextmanager
def _source_run(
    context: Context, merge: exp.Merge, numbers: dict[str, Sequence], condition: MergeCondition
) -> Iterator[tuple[int, pa.Schema]]:
    """Write a MERGE's source rows to a file, its new source. Yields their number and columns.

    Each row gets a number for each identity column, which an inserted row uses.

    Sail reads the source once to find the files to rewrite and once more to rewrite them.
    """
    using = merge.args["using"]
    result = context.query(exp.select("*").from_(using.copy()))
    folder = context.storage.scratch()
    try:
        rows = 0
        schema = result.schema
        for name in numbers:
            schema = schema.append(pa.field(f"{IDENTITY}{name}", pa.int64()))
        with pq.ParquetWriter(folder / "source.parquet", schema) as writer:
            for batch in result.batches:
                condition.see(batch)
                more = [sequence.take(batch.num_rows) for sequence in numbers.values()]
                writer.write_batch(
                    pa.RecordBatch.from_arrays([*batch.columns, *more], schema=schema)
                )
                rows += batch.num_rows
        staged = exp.to_table("parquet.x", dialect="spark")
        staged.set("this", exp.to_identifier(str(folder), True))
        staged.set("alias", _alias(using.alias_or_name))
        merge.set("using", staged)
        yield rows, result.schema
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Actions:
    """The assignments of a MERGE's WHEN clauses, cast to the types of the table's columns."""

    def __init__(
        self,
        schema: pa.Schema,
        made: Computed,
        merge: exp.Merge,
        names: list[str],
        numbers: dict[str, Sequence],
        evolves: bool,
    ) -> None:
        self._evolves = evolves
        self._schema, self._made, self._numbers = schema, made, numbers
        self._types = {field.name.lower(): type_name(field.type) for field in schema}
        self._source = merge.args["using"].alias_or_name
        self._target = merge.this.alias_or_name
        self._names = {name.lower() for name in names}

    def cast(self, action: exp.Expression, sql: str) -> None:
        """Cast one action. `*` becomes the table's columns from the source."""
        if isinstance(action, exp.Update):
            values = self._update(action)
            pairs = self._made.derived(values, self._types, self._target)
            sets = [
                exp.EQ(this=exp.column(exp.to_identifier(name, True)), expression=value)
                for name, value in pairs.items()
            ]
            action.set("expressions", sets)
        elif isinstance(action, exp.Insert):
            values = self._omitted(self._insert(action))
            pairs = self._made.derived(values, self._types, None)
            columns = [exp.column(exp.to_identifier(name, True)) for name in pairs]
            action.set("this", exp.Tuple(expressions=columns))
            action.set("expression", exp.Tuple(expressions=list(pairs.values())))
        elif action.name.lower() != "delete":
            raise unsupported(sql)

    def _update(self, action: exp.Update) -> dict[str, exp.Expression]:
        if isinstance(action.expressions[0], exp.Star):
            values = self._every()
        else:
            values = {
                item.this.name.lower(): self._cast(item.expression, item.this.name)
                for item in action.expressions
            }
        for column in self._made.identities:
            if values.pop(column.name.lower(), None) is not None and not isinstance(
                action.expressions[0], exp.Star
            ):
                raise SqlError(
                    "[DELTA_IDENTITY_COLUMNS_UPDATE_NOT_SUPPORTED] UPDATE on IDENTITY column "
                    f"{column.name} is not supported."
                )
        return values

    def _insert(self, action: exp.Insert) -> dict[str, exp.Expression]:
        if isinstance(action.this, exp.Star):
            return self._every()
        columns = action.this.expressions
        self._made.check_listed(column.name for column in columns)
        given = action.expression.expressions
        if len(columns) != len(given):
            raise SqlError(
                f"[INSERT_COLUMN_ARITY_MISMATCH] The MERGE inserts {len(given)} values into "
                f"{len(columns)} columns."
            )
        return {
            column.name.lower(): self._cast(value, column.name)
            for column, value in zip(columns, given, strict=True)
        }

    def _every(self) -> dict[str, exp.Expression]:
        """Each column from the source. A computed column may be missing, with evolution any."""
        computed = {c.name.lower() for c in self._made.generated + self._made.identities}
        return {
            name.lower(): self._cast(exp.column(exp.to_identifier(name, True), self._source), name)
            for name in self._schema.names
            if name.lower() in self._names or not (self._evolves or name.lower() in computed)
        }

    def _omitted(self, values: dict[str, exp.Expression]) -> dict[str, exp.Expression]:
        """The values with those of omitted columns: numbers, defaults, NULL."""
        found = dict(values)
        for name in self._schema.names:
            column = self._made.column(name)
            if name.lower() in found or (column is not None and column.generated):
                continue
            if name in self._numbers:
                number = exp.column(exp.to_identifier(f"{IDENTITY}{name}", True), self._source)
                found[name.lower()] = self._cast(number, name)
            else:
                missing = parse(f"SELECT {self._made.missing(name)}").expressions[0]
                found[name.lower()] = self._cast(missing, name)
        return found

    def _cast(self, value: exp.Expression, column: str) -> exp.Expression:
        if column.lower() not in self._types:
            raise SqlError(f"[UNRESOLVED_COLUMN] The MERGE's target has no column `{column}`.")
        if is_default(value):
            value = parse(f"SELECT {self._made.missing(column)}").expressions[0]
        return exp.cast(value.copy(), self._types[column.lower()], dialect="databricks")


def update(context: Context, tree: exp.Update) -> Result:
    """UPDATE. Generated columns follow the columns that they are computed from."""
    relation = writable(context, _parts(tree.this), streaming=True)
    require_delta(relation, "UPDATE")
    _require_changeable(relation)
    made = Computed(relation)
    values: dict[str, exp.Expression] = {}
    for item in tree.expressions:
        column = made.column(item.this.name)
        if column is not None and column.identity:
            raise SqlError(
                "[DELTA_IDENTITY_COLUMNS_UPDATE_NOT_SUPPORTED] UPDATE on IDENTITY column "
                f"{column.name} is not supported."
            )
        if is_default(item.expression) and made.column("default") is None:
            text = made.missing(item.this.name)
            item.set("expression", parse(f"SELECT {text}").expressions[0])
        values[item.this.name.lower()] = item.expression
    if made.generated:
        schema = storage.table_schema(relation.location)
        types = {field.name.lower(): type_name(field.type) for field in schema}
        pairs = made.derived(values, types, tree.this.alias_or_name)
        sets = [
            exp.EQ(this=exp.column(exp.to_identifier(name, True)), expression=value.copy())
            for name, value in pairs.items()
        ]
        tree.set("expressions", sets)
    write_checks.guard(tree, storage.table_schema(relation.location), relation)
    with (
        context.storage.lock(relation.location),
        write_checks.as_conditions(),
        context.resolved(tree) as text,
        durable(relation.location),
    ):
        return _run(context, relation, text)


def delete(context: Context, tree: exp.Delete) -> Result:
    """DELETE. If the engine cannot evaluate the condition, the remaining rows are rewritten."""
    relation = writable(context, _parts(tree.this), streaming=True)
    require_delta(relation, "DELETE")
    _require_changeable(relation)
    where = tree.args.get("where")
    with context.storage.lock(relation.location):
        if where is None or where.find(*context.engine.beyond_delete) is None:
            with context.resolved(tree) as text, durable(relation.location):
                return _run(context, relation, text)
        schema = storage.table_schema(relation.location)
        columns = ", ".join(quoted(name) for name in schema.names)
        stays = parse(f"SELECT {columns} FROM {_path(relation)} WHERE NOT coalesce(x, FALSE)")
        stays.find(exp.Table).set("alias", tree.this.args.get("alias") or _alias(relation.name))
        stays.find(exp.Anonymous).set("expressions", [where.this, exp.false()])
        count = parse(f"SELECT count(*) AS n FROM {_path(relation)}")
        before = context.query(count).rows()[0]["n"]
        result = context.query(stays)
        left = storage.append(
            relation.location,
            schema,
            _checked(result, schema, relation),
            overwrite=True,
            operation=Operation("DELETE", {"predicate": json.dumps([render(where.this)])}),
        )
        return affected(before - left)


def truncate(context: Context, tree: exp.TruncateTable) -> Result:
    """TRUNCATE TABLE. It has no result, so the number of removed rows is not counted."""
    relation = writable(context, _parts(tree.expressions[0]))
    _require_changeable(relation)
    fixed = partitions.fixed(relation, tree.args.get("partition"))
    with context.storage.lock(relation.location):
        schema = storage.table_schema(relation.location)
        types = {field.name: type_name(field.type) for field in schema}
        storage.append(
            relation.location,
            schema,
            iter(()),
            overwrite=True,
            operation=Operation("TRUNCATE"),
            predicate=partitions.predicate(relation, fixed, types),
        )
    return done()


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name, True))


def _path(relation: Relation) -> str:
    return f"delta.{quoted(relation.location)}"
