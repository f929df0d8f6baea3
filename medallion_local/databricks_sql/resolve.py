"""Resolve the names in a statement's tree to sources that the engine can read.

A table becomes its Delta folder, a view its query, `read_files` the rows of the landed files.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from medallion_local.databricks_sql import clock, policies
from medallion_local.databricks_sql.catalog import (
    MATERIALIZED,
    METRIC,
    STREAMING,
    Catalog,
    Key,
    Policy,
    Relation,
    information_schema,
    not_found,
)
from medallion_local.databricks_sql.catalog.column_names import QualifiedColumns, with_columns
from medallion_local.databricks_sql.catalog.formats import require_delta
from medallion_local.databricks_sql.delta_log import log
from medallion_local.databricks_sql.delta_log.change_feed import changes
from medallion_local.databricks_sql.delta_log.history import detail, history
from medallion_local.databricks_sql.delta_log.time_travel import moment, version_of
from medallion_local.databricks_sql.engine import Engine
from medallion_local.databricks_sql.functions import built_in, python
from medallion_local.databricks_sql.functions.inline import (
    arguments_of,
    body_of,
    called_name,
    protect,
    scalar_call,
    table_call,
)
from medallion_local.databricks_sql.functions.store import Function
from medallion_local.databricks_sql.language.complexity import limit_depth
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.queries.measure_windows import flag_rows, group_keys, is_key
from medallion_local.databricks_sql.queries.measures import is_measure, measured, measures_of
from medallion_local.databricks_sql.queries.names import ADDED, Replacement, substitute
from medallion_local.databricks_sql.queries.qualify import rewrite_qualify
from medallion_local.databricks_sql.queries.recursion import materialize
from medallion_local.databricks_sql.session import Session, of_query
from medallion_local.databricks_sql.storage import Storage, table_schema
from medallion_local.databricks_sql.streams import event_log
from medallion_local.databricks_sql.streams.files import (
    FORMATS,
    METADATA,
    LandedFile,
    ReadFiles,
    stage,
)
from medallion_local.databricks_sql.types import type_name

_STREAM = "stream"
_PATH_FORMATS = {"delta", "parquet"}
# A function that calls itself is inlined without end.
_DEEPEST_CALL = 32
Choice = Callable[[ReadFiles, list[LandedFile]], list[LandedFile]]
Follow = Callable[[Relation], str]


def every_file(_: ReadFiles, files: list[LandedFile]) -> list[LandedFile]:
    """Select all files, for a batch read."""
    return files


def every_row(relation: Relation) -> str:
    """Read all rows of a stream's table, to plan it."""
    return relation.location


@dataclass
class Resolver:
    """Resolves one statement. `close` removes the files staged for it."""

    catalog: Catalog
    storage: Storage
    engine: Engine
    session: Session
    choose: Choice = every_file
    streaming: bool = False
    follow: Follow = every_row
    pending: Function | None = None
    _scratch: list[Path] = field(default_factory=list)
    _resolved: dict[str, exp.Expression] = field(default_factory=dict)
    _now: datetime | None = field(default_factory=clock.now)
    _calls: list[str] = field(default_factory=list)
    _qualified: QualifiedColumns = field(default_factory=QualifiedColumns)
    _columns: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def close(self) -> None:
        """Remove the staged files."""
        for folder in self._scratch:
            shutil.rmtree(folder, ignore_errors=True)

    def resolve(self, tree: exp.Expression) -> exp.Expression:
        """`tree` as the engine answers it, with every name resolved. It changes `tree` itself."""
        holder = exp.Paren(this=self._named(tree))
        if self.session.variables:
            values = {name: _value(one.value) for name, one in self.session.variables.items()}
            substitute(holder, values, "session", self._planned)
        if self._now is not None:
            clock.bridge_clock(holder, self._now)
        if self.session.time_zone != "UTC":
            self.engine.adapt_to_zone(holder)
        limit_depth(holder)
        if not self.engine.has_recursion:
            self._materialize(holder)
        self.engine.adapt(holder, self._columns)
        limit_depth(holder)
        return holder.this

    def _materialize(self, holder: exp.Expression) -> None:
        """Compute recursive expressions level by level."""

        def run(query: exp.Expression) -> pa.Table:
            own = exp.Paren(this=query)
            self.engine.adapt(own, self._columns)
            return self.engine.query(render(own.this), self.session.engine_settings).table()

        for with_ in list(holder.find_all(exp.With)):
            if with_.args.get("recursive"):
                materialize(with_, run, self._stage)

    def _named(self, tree: exp.Expression) -> exp.Expression:
        """`tree` with every name resolved, and views replaced by their queries."""
        holder = exp.Paren(this=tree)
        for call in list(holder.find_all(exp.Anonymous)):
            self._session_function(call)
        for select in list(holder.find_all(exp.Select)):
            self._bridge(select)
        for stream in list(holder.find_all(exp.Stream)):
            self._unwrap(stream)
        for table in list(holder.find_all(exp.Table)):
            self._table(table)
        for column in holder.find_all(exp.Column):
            self._qualified.reduce(column)
        if self.catalog.functions.of() or self.session.functions or self.pending:
            for call in reversed(list(holder.find_all(exp.Anonymous))):
                self._function(call)
        return holder.this

    def _function(self, call: exp.Anonymous) -> None:
        """Replace the call of a SQL function by its body, and of another by the engine's call."""
        parts, place = called_name(call)
        function = self._found(parts)
        if function is None:
            return
        shown = f"{function.catalog}.{function.schema}.{render(call)}"
        if isinstance(place, exp.Table) != function.is_table:
            kind = "table" if function.is_table else "scalar"
            raise SqlError(f"[NOT_A_{kind.upper()}_FUNCTION] {function.full_name} is a {kind} one.")
        if len(self._calls) > _DEEPEST_CALL:
            raise SqlError(f"[UNSUPPORTED_FEATURE] {function.full_name} calls itself.")
        temporary = function.schema == "session"
        session = (
            self.session
            if temporary
            else Session(schema=function.query_schema, catalog=function.query_catalog)
        )
        if function.language == python.LANGUAGE:
            given = list(arguments_of(function, call).values())
            name = python.engine_name(function)
            self.engine.add_python(name, python.handler(function), function.returns)
            body = exp.Anonymous(this=name, expressions=given)
            place.replace(_shown(scalar_call(function, body), place, shown))
            return
        inner = self._inner(session)
        inner._calls = [*self._calls, function.full_name]
        body = exp.Paren(this=inner._named(body_of(function)))
        protect(function, body, call)
        arguments = arguments_of(function, call)
        names = {name: _copied(value) for name, value in arguments.items()}
        substitute(body, names, function.name, self._planned)
        if function.is_table:
            place.replace(table_call(function, body.this, place))
            return
        place.replace(_shown(scalar_call(function, body.this), place, shown))

    def _found(self, parts: tuple[str, ...]) -> Function | None:
        """The user's function of that name. A built-in one wins over a name without a schema.

        Source: https://docs.databricks.com/sql/language-manual/sql-ref-name-resolution.html
        """
        name = parts[-1].lower()
        if self.pending is not None and name == self.pending.name and not self._calls:
            return self.pending
        if len(parts) == 1 and name in built_in.names():
            return None
        if len(parts) == 1 and name in self.session.functions:
            return self.session.functions[name]
        if len(parts) > 3:
            return None
        return self.catalog.functions.find(self.session.key(parts))

    def _planned(self, sql: str) -> pa.Schema:
        """The columns of a query whose names are resolved."""
        holder = exp.Paren(this=parse(sql))
        self.engine.adapt(holder, self._columns)
        return self.engine.schema(render(holder.this), self.session.engine_settings)

    def _session_function(self, call: exp.Anonymous) -> None:
        """Replace functions that the engine lacks, or that would return its own names."""
        if not isinstance(call.parent, exp.Dot) and (spelled := built_in.of_spark(call)):
            call.replace(spelled)
        elif not call.expressions:
            if call.name.lower() == "current_catalog":
                call.replace(exp.Literal.string(self.session.catalog))
            elif call.name.lower() in ("current_schema", "current_database"):
                call.replace(exp.Literal.string(self.session.schema))

    @staticmethod
    def _bridge(select: exp.Select) -> None:
        """Rewrite syntax of one SELECT that Databricks has and the engine lacks."""
        # Hints are advice, and may name a table that is a folder by now.
        select.set("hint", None)
        for item in select.expressions:
            star = item.this if isinstance(item, exp.Column) else item
            if isinstance(star, exp.Star) and (star.args.get("replace") or star.args.get("rename")):
                raise SqlError(f"[PARSE_SYNTAX_ERROR] A star has only EXCEPT: {render(star)}")
        if select.args.get("qualify"):
            rewrite_qualify(select)

    def _unwrap(self, stream: exp.Stream) -> None:
        inner = stream.this
        if not self.streaming:
            raise unsupported(f"{render(stream)} outside a streaming table")
        if isinstance(inner, exp.Subquery) and isinstance(inner.this, exp.Table):
            inner.this.set("alias", inner.args.get("alias"))
            inner = inner.this
        if not isinstance(inner, exp.Table):
            raise unsupported(f"{render(stream)} (streams are over tables and read_files)")
        inner.meta[_STREAM] = True
        stream.replace(inner)

    def _table(self, table: exp.Table) -> None:
        streams = bool(table.meta.get(_STREAM))
        if isinstance(table.this, exp.Func):
            if table.this.name.lower() == "read_files":
                self._read_files(table)
            elif table.this.name.lower() == "event_log":
                self._event_log(table)
            elif table.this.name.lower() == "table_changes":
                self._table_changes(table)
            return
        parts = tuple(part.name for part in table.parts)
        if isinstance(table.parent, exp.Describe):
            self._described(table.parent, parts)
            return
        if len(parts) == 2 and parts[0].lower() in _PATH_FORMATS and "/" in parts[1]:
            table.set("this", self._address(self.storage.readable_folder(parts[1])))
            return
        if len(parts) == 1:
            if _is_cte(table):
                if streams:
                    raise unsupported(f"STREAM {render(table)}: it is a common table expression")
                return
            view = self.session.temporary_views.get(parts[0].lower())
            if view is not None and not streams:
                self._replace(table, self._inner(self.session)._named(view.query.copy()))
                return
        key = self.session.key(parts)
        if key.schema == information_schema.SCHEMA:
            self._stage(table, information_schema.table_of(self.catalog, key.name, key.catalog))
            return
        relation = self.catalog.find(key)
        if relation is None:
            raise not_found(key)
        self._qualified.add(table, key)
        if streams:
            _refuse_source(relation)
        if relation.kind == METRIC:
            self._metric_view(table, relation)
            return
        if relation.is_view:
            self._replace(table, self._view(relation))
            return
        version = table.args.get("version")
        if version is not None:
            require_delta(relation, "Time travel")
            number = version_of(self.engine, relation.location, version)
            table.set("version", _as_of(number))
        if policies.is_protected(relation) and not policies.is_changed(table):
            self._protected(table, relation, self.follow(relation) if streams else "")
            return
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(parts[-1], True))
        table.set("alias", alias)
        address = self._address(self.follow(relation) if streams else relation.location)
        self._columns[address.name] = [(c.name.lower(), c.type) for c in relation.columns]
        table.set("this", address)
        table.set("db", exp.to_identifier("delta"))
        table.set("catalog", None)

    def _metric_view(self, table: exp.Table, relation: Relation) -> None:
        """Replace a metric view by its rows, and the calls of MEASURE by their aggregates."""
        select = table.find_ancestor(exp.Select)
        if select is None or table.parent is not select.args.get("from_"):
            raise unsupported(f"{relation.full_name} in a join (read a metric view in a CTE)")
        if select.args.get("joins") or select.args.get("laterals"):
            raise unsupported(f"a join with {relation.full_name} (read a metric view in a CTE)")
        if any(item.is_star for item in select.expressions):
            raise unsupported(f"SELECT * of {relation.full_name} (name its dimensions)")
        view = measures_of(relation.full_name, relation.query)
        inner = self._inner(of_query(relation))
        columns = self._planned(render(inner._named(parse(view.source_query)))).names
        calls = [
            call
            for call in select.find_all(exp.Anonymous)
            if is_measure(call) and call.find_ancestor(exp.Select) is select
        ]
        windows = sorted({one for call in calls for one in view.windows(measured(call))}, key=str)
        keys = group_keys(select, view.dimensions) if windows else []
        flagged = [one for one in windows if not is_key(one.order, keys)]
        for call in calls:
            value = view.measure(measured(call), columns, table.alias_or_name, flagged)
            if call.parent is select:
                value = exp.alias_(value, f"measure({measured(call)})", quoted=True)
            elif not isinstance(call.parent, exp.Alias):
                value = exp.Paren(this=value)
            call.replace(value)
        self._replace(table, inner._named(parse(view.rows(columns))))
        if flagged:
            flag_rows(select, flagged, keys)

    def _protected(self, table: exp.Table, relation: Relation, followed: str) -> None:
        """Replace a table by what its row filter and its masks show."""
        folder = followed or relation.location
        for policy in policies.of(relation):
            if self.catalog.functions.find(self._function_key(policy)) is None:
                raise SqlError(
                    f"[ROUTINE_NOT_FOUND] {relation.full_name} has a policy with the function "
                    f"{policy.function}, which cannot be found."
                )
        types = [(c.name.lower(), c.type) for c in relation.columns]
        self._columns[self._address(folder).name] = types
        query = policies.protected(relation, f"delta.{quoted(folder)}")
        source = query.find(exp.Table)
        assert source is not None
        source.set("version", table.args.get("version"))
        source.set("alias", exp.TableAlias(this=exp.to_identifier(relation.name, True)))
        self._replace(table, self._inner(of_query(relation))._named(query))

    def _function_key(self, policy: Policy) -> Key:
        return self.session.key(tuple(policy.function.split(".")))

    def _address(self, folder: str | Path) -> exp.Identifier:
        """The folder as an identifier in the engine's SQL."""
        return exp.to_identifier(self.engine.address(folder), quoted=True)

    def _view(self, relation: Relation) -> exp.Expression:
        """The view's query, resolved in the schema that it was created in."""
        query = self._resolved.get(relation.full_name)
        if query is None:
            inner = self._inner(of_query(relation))
            query = inner._named(parse(relation.query))
            if relation.column_list:
                query = with_columns(query, [column.name for column in relation.columns])
            self._resolved[relation.full_name] = query
        return query.copy()

    def _inner(self, session: Session) -> "Resolver":
        """A resolver for a view's query: it has the view's session and shares the staged files."""
        return Resolver(
            self.catalog,
            self.storage,
            self.engine,
            session,
            self.choose,
            self.streaming,
            self.follow,
            None,
            self._scratch,
            self._resolved,
            self._now,
            _columns=self._columns,
        )

    @staticmethod
    def _replace(table: exp.Table, query: exp.Expression) -> None:
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, True))
        inner = query.this if isinstance(query, exp.Subquery) and not query.alias else query
        subquery = exp.Subquery(this=inner, alias=alias.copy())
        for name in ("joins", "laterals", "pivots", "sample"):
            if table.args.get(name):
                subquery.set(name, table.args[name])
        table.replace(subquery)

    def _described(self, described: exp.Describe, parts: tuple[str, ...]) -> None:
        """`(DESCRIBE HISTORY name)` or DETAIL: the rows, staged in a file for this statement."""
        style = (described.args.get("style") or "").upper()
        if style not in ("HISTORY", "DETAIL"):
            raise unsupported(f"{render(described)} as a table")
        relation = self.catalog.get(self.session.key(parts))
        rows = history(relation) if style == "HISTORY" else detail(relation)
        described.replace(parse(f"SELECT * FROM {self._staged(rows)}"))

    def _staged(self, rows: pa.Table) -> str:
        """The name of a file with these rows, which exists until the statement ends."""
        folder = self.storage.scratch()
        self._scratch.append(folder)
        pq.write_table(rows, folder / "rows.parquet")
        address = self.engine.address(folder)
        self._columns[address] = [(f.name.lower(), type_name(f.type)) for f in rows.schema]
        return f"parquet.{quoted(address)}"

    def _table_changes(self, table: exp.Table) -> None:
        """`table_changes('name', start [, end])`: the rows, staged in a file."""
        arguments = table.this.expressions
        if len(arguments) not in (2, 3) or not arguments[0].is_string:
            raise unsupported(f"{render(table.this)} (write table_changes('name', start, end))")
        parts = tuple(part.name for part in exp.to_table(arguments[0].name, "databricks").parts)
        relation = self.catalog.get(self.session.key(parts))
        require_delta(relation, "table_changes")
        if policies.is_protected(relation):
            raise unsupported(f"table_changes of {relation.full_name}: it has policies")
        folder = relation.location
        bounds = []
        for place, wanted in enumerate(arguments[1:]):
            if wanted.is_number:
                bounds.append(int(wanted.name))
            else:
                when = moment(self.engine, wanted)
                bounds.append(log.version_at(folder, when, after=place == 0))
        end = bounds[1] if len(bounds) > 1 else None
        self._stage(table, changes(relation, table_schema(folder), bounds[0], end))

    def _event_log(self, table: exp.Table) -> None:
        """`event_log(TABLE(name))`: the events, staged in a file for this statement."""
        named = table.this.expressions
        holder = named[0] if len(named) == 1 else None
        if not isinstance(holder, exp.Anonymous) or holder.name.upper() != "TABLE":
            raise unsupported(f"{render(table.this)} (write event_log(TABLE(name)))")
        key = self.session.key(tuple(part.name for part in holder.expressions[0].parts))
        relation = self.catalog.find(key)
        if relation is None:
            raise not_found(key)
        if relation.kind != STREAMING:
            raise SqlError(
                f"[EVENT_LOG_UNAVAILABLE] {relation.full_name} is not a streaming table."
            )
        self._stage(table, event_log.rows(relation))

    def _stage(self, table: exp.Table, rows: pa.Table) -> None:
        """Let the engine read rows of this process from a file."""
        self._replace(table, parse(f"SELECT * FROM {self._staged(rows)}"))

    def _read_files(self, table: exp.Table) -> None:
        source = replace(self.read_files(table.this), stream=bool(table.meta.get(_STREAM)))
        folder = self.storage.scratch()
        self._scratch.append(folder)
        schema = stage(source, self.choose(source, source.listing()), folder)
        names = [name for name in schema.names if name != METADATA]
        select = table.find_ancestor(exp.Select)
        staged = exp.to_table("parquet.x", dialect="spark")
        address = self._address(folder)
        self._columns[address.name] = [(f.name.lower(), type_name(f.type)) for f in schema]
        staged.set("this", address)
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier("read_files"))
        if select is None or not _mentions_metadata(select):
            columns = ", ".join(quoted(name) for name in names)
            query = parse(f"SELECT {columns} FROM {render(staged)}")
            table.replace(exp.Subquery(this=query, alias=alias.copy()))
            return
        if any(join for join in select.args.get("joins") or []):
            raise unsupported(
                f"{render(select)} (_metadata together with a join: read it in a CTE)"
            )
        staged.set("alias", alias.copy())
        table.replace(staged)
        listed: list[exp.Expression] = []
        for item in select.expressions:
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and item.is_star):
                listed.extend(exp.column(exp.to_identifier(name, True)) for name in names)
            else:
                listed.append(item)
        select.set("expressions", listed)

    def read_files(self, call: exp.Func) -> ReadFiles:
        """The arguments of a `read_files(...)`."""
        url, options = "", {}
        for argument in call.expressions:
            if isinstance(argument, (exp.Kwarg, exp.PropertyEQ)):
                options[argument.this.name.lower()] = argument.expression.name or render(
                    argument.expression
                )
            else:
                url = argument.name
        kind = options.pop("format", "parquet").lower()
        if kind not in FORMATS:
            raise unsupported(f"read_files with format => '{kind}'")
        declared = options.pop("schema", None)
        if options.pop("mode", "FAILFAST").upper() != "FAILFAST":
            raise unsupported("read_files with another mode than FAILFAST")
        source = ReadFiles(
            url=url,
            folder=Path(self.storage.lake_folder(url)),
            lake=self.storage.lake,
            format=kind,
            schema=self.declared_schema(declared) if declared else None,
            header=options.pop("header", "false").lower() == "true",
            delimiter=options.pop("sep", options.pop("delimiter", ",")),
            escape=options.pop("escape", "\\"),
            multi_line=options.pop("multiline", "false").lower() == "true",
            allow_overwrites=options.pop("allowoverwrites", "false").lower() == "true",
        )
        if options.pop("quote", '"') != '"':
            raise unsupported("read_files with another quote than '\"'")
        if options:
            raise unsupported(f"read_files with {', '.join(sorted(options))}")
        return source

    def declared_schema(self, declared: str) -> pa.Schema:
        """The Arrow schema of `a BIGINT, b STRING`."""
        try:
            definitions = list(parse(f"CREATE TABLE t ({declared})").find_all(exp.ColumnDef))
        except SqlError:
            raise SqlError(f"[PARSE_SYNTAX_ERROR] {declared!r} is not a list of columns.") from None
        return self.arrow_schema([(d.name, render(d.args["kind"])) for d in definitions])

    def arrow_schema(self, columns: list[tuple[str, str]]) -> pa.Schema:
        """The Arrow schema of columns given by name and Databricks type."""
        casts = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in columns)
        return self.engine.query(f"SELECT {casts} WHERE FALSE").schema


def _shown(value: exp.Expression, place: exp.Expression, name: str) -> exp.Expression:
    """The value, with that name where it is a column of a result."""
    selected = isinstance(place.parent, exp.Select) and place.arg_key == "expressions"
    return exp.alias_(value, name, quoted=True) if selected else value


def _value(text: str) -> Replacement:
    """The value of a variable, named like the variable where it is a column of a result."""

    def replacement(column: exp.Column) -> exp.Expression:
        value = parse(f"SELECT {text}").expressions[0]
        if isinstance(column.parent, exp.Select) and column.arg_key == "expressions":
            named = exp.alias_(value, column.name, quoted=True)
            named.meta[ADDED] = True
            return named
        return value

    return replacement


def _copied(value: exp.Expression) -> Replacement:
    return lambda _: value.copy()


def _refuse_source(relation: Relation) -> None:
    """Raise unless the relation's rows are only appended to."""
    if relation.kind == MATERIALIZED:
        raise SqlError(
            f"[STREAMING_FROM_MATERIALIZED_VIEW] Cannot stream from the materialized view "
            f"{relation.full_name}: its refresh replaces rows."
        )
    require_delta(relation, "STREAM")
    if relation.is_view:
        raise unsupported(f"STREAM {relation.full_name}: it is a view (stream from its table)")


def _as_of(version: int) -> exp.Version:
    number = exp.Literal.number(version)
    return exp.Version(this="VERSION", expression=number, kind="AS OF")


def _mentions_metadata(select: exp.Select) -> bool:
    return any(
        part.name.lower() == METADATA
        for column in select.find_all(exp.Column)
        for part in column.parts
    ) or any(dot.this.name.lower() == METADATA for dot in select.find_all(exp.Dot))


def _is_cte(table: exp.Table) -> bool:
    """Whether an unqualified name is a common table expression that is visible here."""
    child: exp.Expression = table
    node = table.parent
    limit: dict[int, exp.CTE] = {}
    while node is not None:
        if isinstance(node, exp.With) and isinstance(child, exp.CTE):
            limit[id(node)] = child
        with_ = node.args.get("with_")
        if with_ is not None:
            for cte in with_.expressions:
                if cte is limit.get(id(with_)) and not with_.args.get("recursive"):
                    break
                if cte.alias.lower() == table.name.lower():
                    return True
        child, node = node, node.parent
    return False
