"""Queries: SELECT, set operations, common table expressions, and the row sources of FROM."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.tsql import functions, types
from medallion_local.tsql.behaviour import Behaviour
from medallion_local.tsql.dialect import OpenRowset
from medallion_local.tsql.errors import brief, unsupported
from medallion_local.tsql.keys import directed, equality_key
from medallion_local.tsql.scope import Catalog, Columns, Group, Relation, Scope, Source, quoted
from medallion_local.tsql.types import Type
from medallion_local.tsql.values import Value, convert

MAX_RECURSION = 100
UNNAMED = "_no_name_"  # begins the name of a column that has none
_SELECT = {
    *("expressions", "from_", "joins", "laterals", "where", "group", "having", "order", "limit"),
    *("offset", "distinct", "with_", "options", "windows"),
}
_SETS = {"this", "expression", "distinct", "with_", "order", "limit", "offset", "options"}


@dataclass(frozen=True)
class Query:
    """A query in DuckDB's SQL, and its columns."""

    sql: str
    columns: Columns


@dataclass(frozen=True)
class Item:
    """One column of a SELECT list."""

    name: str
    value: Value
    is_named: bool


class Queries:
    """The part of the compiler for queries."""

    if TYPE_CHECKING:
        catalog: Catalog
        scope: Scope
        behaviour: Behaviour

        def value(self, node: exp.Expression) -> Value:
            """A scalar expression."""

        def condition(self, node: exp.Expression) -> str:
            """A condition."""

    def statement(self, tree: exp.Expression) -> Query:
        """A query whose rows go to the client: a datetimeoffset becomes text."""
        query = self.query(tree)
        if not any(kind.name in ("datetimeoffset", "null") for _, kind in query.columns):
            return query
        outer = ", ".join(
            f"{functions.shown(Value(f'_out.{quoted(name)}', kind))} AS {quoted(name)}"
            for name, kind in query.columns
        )
        return Query(f"SELECT {outer} FROM ({query.sql}) AS _out", query.columns)

    def query(self, tree: exp.Expression, nested: bool = False, exists: bool = False) -> Query:
        """Any query. A nested one sees the outer names and allows ORDER BY only with TOP."""
        while isinstance(tree, exp.Subquery) and not tree.alias:
            tree = tree.this
        outer, self.scope = self.scope, Scope(parent=self.scope)
        try:
            common = self.common(tree)
            if isinstance(tree, exp.SetOperation):
                query = self._set_operation(tree)
            elif isinstance(tree, exp.Select):
                if (
                    nested
                    and tree.args.get("order")
                    and not (tree.args.get("limit") or tree.args.get("offset"))
                ):
                    raise MedallionError(
                        "Msg 1033: The ORDER BY clause is invalid in views, derived tables, "
                        "subqueries and common table expressions, unless TOP or OFFSET is also "
                        "specified."
                    )
                query = self._select(tree, exists)
            elif isinstance(tree, exp.Values):
                query = self._values(tree)
            else:
                raise unsupported(f"The query {brief(tree)}")
        finally:
            self.scope = outer
        return Query(common + query.sql, query.columns) if common else query

    # Common table expressions.

    def common(self, tree: exp.Expression) -> str:
        """The WITH clause of a statement. Its tables are added to the scope."""
        clause = tree.args.get("with_")
        if clause is None:
            return ""
        parts: list[str] = []
        recursive = False
        for each in clause.expressions:
            name = each.alias
            listed = [c.name for c in each.args["alias"].args.get("columns") or []]
            if _mentions(each.this, name):
                if "RECURSION" in self.behaviour.lacks:
                    raise unsupported(f"The recursive common table expression {name}")
                recursive = True
                parts.append(self._recursive(each, name, listed))
                continue
            query = self.query(each.this, nested=True)
            columns = _renamed(query.columns, listed, name)
            self.scope.tables[name.lower()] = Relation(quoted(name), columns)
            names = ", ".join(quoted(column) for column, _ in columns)
            parts.append(f"{quoted(name)} ({names}) AS ({query.sql})")
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "

    def _recursive(self, each: exp.CTE, name: str, listed: list[str]) -> str:
        union = each.this
        if not isinstance(union, exp.Union) or union.args.get("distinct"):
            raise MedallionError(
                f"Msg 252: Recursive common table expression '{name}' does not contain a top-level "
                "UNION ALL operator."
            )
        anchor = self.query(union.left, nested=True)
        columns = _renamed(anchor.columns, listed, name)
        columns = [(column, types.INT if kind == types.NULL else kind) for column, kind in columns]
        level = "_level"
        self.scope.tables[name.lower()] = Relation(quoted(name), columns)
        self._level_of = name.lower()
        step = self._select_levelled(union.right, name)
        kinds = [kind for _, kind in step.columns]
        for (column, kind), other in zip(columns, kinds, strict=True):
            if kind != other:
                raise MedallionError(
                    "Msg 240: Types don't match between the anchor and the recursive part in "
                    f"column '{column}' of recursive query '{name}' ({kind.text}, {other.text})."
                )
        names = ", ".join([*(quoted(column) for column, _ in columns), level])
        first = ", ".join(
            convert(Value(f"_a.{quoted(c)}", k), kind).sql
            for (c, k), (_, kind) in zip(anchor.columns, columns, strict=True)
        )
        return (
            f"{quoted(name)} ({names}) AS (SELECT {first}, 0 FROM ({anchor.sql}) AS _a "
            f"UNION ALL {step.sql})"
        )

    def _select_levelled(self, tree: exp.Expression, name: str) -> Query:
        """The recursive part, with a column that counts the recursion levels."""
        if not isinstance(tree, exp.Select) or tree.args.get("group") or tree.args.get("distinct"):
            raise unsupported(f"The recursive part of {name}")
        aliases = [
            t.alias_or_name for t in tree.find_all(exp.Table) if t.name.lower() == name.lower()
        ]
        if len(aliases) != 1:
            raise unsupported(f"More than one mention of {name} in itself")
        outer, self.scope = self.scope, Scope(parent=self.scope)
        try:
            message = (
                f"Msg 530: The maximum recursion {MAX_RECURSION} has been exhausted before "
                "statement completion."
            )
            own = f"{quoted(aliases[0])}._level"
            level = f"CASE WHEN {own} >= {MAX_RECURSION} THEN error('{message}') ELSE {own} + 1 END"
            return self._select(tree, False, extra=level)
        finally:
            self.scope = outer

    # SELECT.

    def _select(self, tree: exp.Select, exists: bool = False, extra: str | None = None) -> Query:
        _only(tree, _SELECT)
        self._check_options(tree)
        text = self.from_clause(tree)
        where = tree.args.get("where")
        if where is not None:
            text += f" WHERE {self.condition(where.this)}"
        grouped = self._group_by(tree)
        items = self._items(tree)
        having = tree.args.get("having")
        tail = f" HAVING {self.condition(having.this)}" if having is not None else ""
        order = tree.args.get("order")
        distinct = tree.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise unsupported("DISTINCT ON")
        columns = _unique(items)
        listed = ", ".join(
            f"{item.value.sql} AS {quoted(name)}"
            for item, (name, _) in zip(items, columns, strict=True)
        )
        if extra is not None:
            listed += f", {extra}"
        head = f"SELECT {listed}{text}{grouped}{tail}"
        if distinct is not None:
            inner = distinct_rows(head, columns)
            if order is None and not tree.args.get("limit"):
                return Query(inner, columns)
            self.scope = Scope(parent=self.scope.parent, sources=[Source("_rows", columns)])
            items = [
                Item(name, Value(f"_rows.{quoted(name)}", kind, has_columns=True), True)
                for name, kind in columns
            ]
            head = f"SELECT * FROM ({inner}) AS _rows"
        keys = self._order(order, items) if order is not None else []
        return Query(head + self._limited(tree, keys), columns)

    def _items(self, tree: exp.Select) -> list[Item]:
        items: list[Item] = []
        for node in tree.expressions:
            if isinstance(node, exp.Star) or (
                isinstance(node, exp.Column) and isinstance(node.this, exp.Star)
            ):
                if any(node.args.get(key) for key in ("except", "replace", "rename", "except_")):
                    raise unsupported(f"The column list {brief(node)}")
                items += self._starred(node.table if isinstance(node, exp.Column) else "")
            elif isinstance(node, exp.Alias):
                items.append(Item(node.alias, self.value(node.this), True))
            elif isinstance(node, exp.Column):
                items.append(Item(node.name, self.value(node), True))
            elif isinstance(node, exp.PropertyEQ | exp.EQ):
                raise unsupported(f"The column {brief(node)}")
            else:
                items.append(Item("", self.value(node), False))
        return items

    def _starred(self, table: str) -> Iterator[Item]:
        found = False
        for source in self.scope.sources:
            if not table or source.alias.lower() == table.lower():
                found = True
                for name, _ in source.columns:
                    column = exp.column(name, table=source.alias, quoted=True)
                    yield Item(name, self.value(column), True)
        if not found:
            raise MedallionError("Msg 263: Must specify table to select from.")

    def _group_by(self, tree: exp.Select) -> str:
        clause = tree.args.get("group")
        has_aggregate = any(functions.has_aggregate(e) for e in tree.expressions) or (
            tree.args.get("having") is not None
        )
        order = tree.args.get("order")
        if order is not None and any(functions.has_aggregate(e) for e in order.expressions):
            has_aggregate = True
        if clause is None:
            if has_aggregate:
                self.scope.group = Group({})
            return ""
        keys: dict[str, str] = {}
        is_set = bool(
            clause.args.get("rollup")
            or clause.args.get("cube")
            or clause.args.get("grouping_sets")
            or any(
                isinstance(e, exp.Rollup | exp.Cube | exp.GroupingSets) for e in clause.expressions
            )
        )

        def key(node: exp.Expression) -> str:
            if isinstance(node, exp.Literal):
                raise MedallionError(
                    "Msg 164: Each GROUP BY expression must contain at least one column that is "
                    "not an outer reference."
                )
            value = self.value(node)
            by = equality_key(value)
            shown = value.sql
            if by != value.sql:
                shown = f"first({value.sql})"
                if is_set:
                    shown = f"CASE WHEN GROUPING({by}) = 0 THEN first({value.sql}) END"
            keys[value.sql] = shown
            return by

        def part(node: exp.Expression) -> str:
            if isinstance(node, exp.Rollup | exp.Cube):
                word = "ROLLUP" if isinstance(node, exp.Rollup) else "CUBE"
                return f"{word} ({', '.join(map(part, node.expressions))})"
            if isinstance(node, exp.GroupingSets):
                return f"GROUPING SETS ({', '.join(map(part, node.expressions))})"
            if isinstance(node, exp.Tuple):
                return f"({', '.join(map(key, node.expressions))})"
            if isinstance(node, exp.Paren):
                return f"({key(node.this)})"
            return key(node)

        parts = [part(e) for e in clause.expressions]
        for old, word in (("rollup", "ROLLUP"), ("cube", "CUBE")):
            for node in clause.args.get(old) or []:
                if node.expressions:
                    parts.append(part(node))
                else:
                    parts = [f"{word} ({', '.join(parts)})"]
        parts += [part(node) for node in clause.args.get("grouping_sets") or []]
        if clause.args.get("all") or clause.args.get("totals"):
            raise unsupported("GROUP BY ALL")
        self.scope.group = Group(keys)
        return f" GROUP BY {', '.join(parts)}"

    def _order(self, order: exp.Order, items: list[Item]) -> list[str]:
        keys = []
        for term in order.expressions:
            node = term.this
            value: Value | None = None
            if isinstance(node, exp.Literal) and not node.is_string:
                place = int(node.name) if node.name.isdigit() else 0
                if not 1 <= place <= len(items):
                    raise MedallionError(
                        f"Msg 108: The ORDER BY position number {node.name} is out of range of the "
                        "number of items in the select list."
                    )
                value = items[place - 1].value
            elif isinstance(node, exp.Column) and not node.table:
                value = next(
                    (i.value for i in items if i.is_named and i.name.lower() == node.name.lower()),
                    None,
                )
            if value is None:
                value = self.value(node)
            keys.append(directed(value, bool(term.args.get("desc"))))
        return keys

    def _limited(self, tree: exp.Select, keys: list[str]) -> str:
        """ORDER BY with TOP, or with OFFSET and FETCH."""
        order = f" ORDER BY {', '.join(keys)}" if keys else ""
        limit, offset = tree.args.get("limit"), tree.args.get("offset")
        if limit is None and offset is None:
            return order
        tail = order
        if isinstance(limit, exp.Fetch) or offset is not None:
            if not keys:
                raise MedallionError("Msg 102: OFFSET and FETCH need an ORDER BY.")
            if limit is not None:
                tail += f" LIMIT {self._count(limit.args.get('count') or limit.expression)}"
            if offset is not None:
                tail += f" OFFSET {self._count(offset.expression)}"
            return tail
        assert limit is not None
        options = limit.args.get("limit_options")
        percent = bool(options is not None and options.args.get("percent"))
        ties = bool(options is not None and options.args.get("with_ties"))
        if percent or ties:
            if ties and not keys:
                raise MedallionError(
                    "Msg 1062: The TOP N WITH TIES clause is not allowed without a corresponding "
                    "ORDER BY clause."
                )
            by = f"ORDER BY {', '.join(keys)}" if keys else ""
            if tree.args.get("group") or self.scope.group is not None:
                raise unsupported("TOP with PERCENT or WITH TIES in a grouped query")
            place = "rank()" if ties else "row_number()"
            number = self._count(limit.expression, whole=not percent)
            if percent:
                number = f"ceil(count(*) OVER () * {number} / 100.0)"
            return f" QUALIFY {place} OVER ({by}) <= {number}{order}"
        return f"{tail} LIMIT {self._count(limit.expression)}"

    def _count(self, node: exp.Expression, whole: bool = True) -> str:
        node = node.unnest()
        is_number = isinstance(node, exp.Literal) and not node.is_string
        if is_number and (node.name.isdigit() or not whole):
            return str(node.name)
        raise unsupported(f"TOP, OFFSET or FETCH of {brief(node)}, which is not a whole constant,")

    def _check_options(self, tree: exp.Expression) -> None:
        for option in tree.args.get("options") or []:
            raise unsupported(f"The option {brief(option)}")

    # FROM.

    def from_clause(self, tree: exp.Expression) -> str:
        """FROM with its joins. The row sources are added to the scope."""
        clause = tree.args.get("from_")
        if clause is None:
            if tree.args.get("joins") or tree.args.get("laterals"):
                raise unsupported(f"The row source of {brief(tree)}")
            return ""
        if tree.args.get("laterals"):
            raise unsupported(f"The row source {brief(tree.args['laterals'][0])}")
        text = self.source(clause.this)
        for join in [*(clause.this.args.get("joins") or []), *(tree.args.get("joins") or [])]:
            text += self._join(join)
        return f" FROM {text}"

    def _join(self, join: exp.Join) -> str:
        _only(join, {"this", "side", "kind", "on"})
        side, kind = str(join.side or "").upper(), str(join.kind or "").upper()
        target = join.this
        if isinstance(target, exp.Lateral):
            cross = target.args.get("cross_apply")
            if cross is None:
                raise unsupported(f"The row source {brief(target)}")
            inner = target.this
            alias = target.args.get("alias")
            if isinstance(inner, exp.OpenJSON | exp.Anonymous | exp.Dot):
                relation = self._row_function(inner, "")
                text = self._named(relation, alias, target)
            else:
                text = self._derived(inner, alias, target)
            if cross:
                return f" CROSS JOIN LATERAL {text}"
            return f" LEFT JOIN LATERAL {text} ON TRUE"
        text = self.source(target)
        on = join.args.get("on")
        if kind == "CROSS" or (on is None and not side):
            if on is not None:
                raise unsupported(f"The join {brief(join)}")
            return f" CROSS JOIN {text}"
        if kind not in ("", "INNER", "OUTER") or side not in ("", "LEFT", "RIGHT", "FULL"):
            raise unsupported(f"The join {brief(join)}")
        if on is None:
            raise MedallionError(f"Msg 102: the join {brief(join)} needs ON.")
        return f" {side or 'INNER'} JOIN {text} ON {self.condition(on)}"

    def source(self, node: exp.Expression) -> str:
        """One row source. Its columns are added to the scope."""
        if isinstance(node, exp.Values):
            return self._derived(node, node.args.get("alias"), node)
        if isinstance(node, exp.Subquery):
            return self._derived(node.this, node.args.get("alias"), node)
        if isinstance(node, exp.OpenJSON):
            return self._named(self._row_function(node, ""), node.args.get("alias"), node)
        if not isinstance(node, exp.Table):
            raise unsupported(f"The row source {brief(node)}")
        _only(node, {"this", "db", "catalog", "alias", "hints", "joins"})
        if node.args.get("hints"):
            raise unsupported(f"The hint {brief(node.args['hints'][0])}")
        alias = node.args.get("alias")
        if isinstance(node.this, exp.OpenJSON | exp.Anonymous):
            rows = self._row_function(node.this, node.db)
            return self._named(rows, alias, node, default=node.name or "OPENJSON")
        if isinstance(node.this, OpenRowset):
            return self._named(self.catalog.rowset(node.this), alias, node)
        name = alias.name if alias is not None and alias.name else node.name
        relation = None if node.db else self.scope.common(node.name)
        if relation is None:
            relation = self.catalog.table(node)
        columns = relation.columns
        if alias is not None and alias.args.get("columns"):
            raise unsupported(f"The list of columns in {brief(node)}")
        self.add(Source(name, columns))
        return f"{relation.sql} AS {quoted(name)}"

    def add(self, source: Source) -> None:
        """Add a source to the scope."""
        if any(s.alias.lower() == source.alias.lower() for s in self.scope.sources):
            raise MedallionError(
                f"Msg 1011: The correlation name '{source.alias}' is specified multiple times in a "
                "FROM clause."
            )
        self.scope.sources.append(source)

    def _derived(self, inner: exp.Expression, alias: Any, node: exp.Expression) -> str:
        # Only APPLY sees the other row sources of FROM. DuckDB rejects other references to them.
        query = self.query(inner, nested=True)
        return self._named(Relation(f"({query.sql})", query.columns), alias, node)

    def _named(
        self, relation: Relation, alias: Any, node: exp.Expression, default: str = ""
    ) -> str:
        name = alias.name if alias is not None else ""
        if not name and default:
            name = default
        if not name:
            raise MedallionError(f"Msg 102: the row source {brief(node)} needs a name: AS name.")
        listed = [c.name for c in (alias.args.get("columns") if alias else None) or []]
        columns = _renamed(relation.columns, listed, name)
        columns = [(column, types.INT if kind == types.NULL else kind) for column, kind in columns]
        self.add(Source(name, columns))
        names = ", ".join(quoted(column) for column, _ in columns)
        return f"{relation.sql} AS {quoted(name)} ({names})"

    def _row_function(self, node: exp.Expression, schema: str) -> Relation:
        if isinstance(node, exp.OpenJSON):
            if node.args.get("path") or node.expressions:
                raise MedallionError(
                    "OPENJSON with a path or a WITH clause is not supported by the emulator: "
                    "it has the columns [key], value and type"
                )
            return functions.open_json(self.value(node.this))
        if isinstance(node, exp.Dot):
            schema, node = node.this.name, node.expression
        if not isinstance(node, exp.Anonymous):
            raise unsupported(f"The row source {brief(node)}")
        arguments = [self.value(a) for a in node.expressions]
        return self.catalog.table_function(schema, node.name, arguments)

    # Set operations and VALUES.

    def _set_operation(self, tree: exp.SetOperation) -> Query:
        _only(tree, _SETS)
        self._check_options(tree)
        left = self.query(tree.left, nested=True)
        right = self.query(tree.right, nested=True)
        if len(left.columns) != len(right.columns):
            raise MedallionError(
                "Msg 205: All queries combined using a UNION, INTERSECT or EXCEPT operator must "
                "have an equal number of expressions in their target lists."
            )
        columns = [
            (name, types.unified([kind, other], tree.key.upper()))
            for (name, kind), (_, other) in zip(left.columns, right.columns, strict=True)
        ]
        first, second = _recast(left, columns), _recast(right, columns)
        if isinstance(tree, exp.Union):
            sql = f"({first}) UNION ALL ({second})"
            if tree.args.get("distinct"):
                sql = distinct_rows(sql, columns)
        else:
            word = "NOT EXISTS" if isinstance(tree, exp.Except) else "EXISTS"
            match = " AND ".join(
                f"{equality_key(Value(f'_l.{quoted(n)}', k))} IS NOT DISTINCT FROM "
                f"{equality_key(Value(f'_r.{quoted(n)}', k))}"
                for n, k in columns
            )
            sql = distinct_rows(
                f"SELECT * FROM ({first}) AS _l WHERE {word} (SELECT 1 FROM ({second}) AS _r "
                f"WHERE {match})",
                columns,
            )
        order = tree.args.get("order")
        if order is None and not tree.args.get("limit") and not tree.args.get("offset"):
            return Query(sql, columns)
        self.scope = Scope(parent=self.scope.parent, sources=[Source("_rows", columns)])
        items = [
            Item(name, Value(f"_rows.{quoted(name)}", kind, has_columns=True), True)
            for name, kind in columns
        ]
        keys = self._order(order, items) if order is not None else []
        tail = self._limited(tree, keys)
        return Query(f"SELECT * FROM ({sql}) AS _rows{tail}", columns)

    def _values(self, tree: exp.Values) -> Query:
        rows = [
            [self.value(v) for v in (row.expressions if isinstance(row, exp.Tuple) else [row])]
            for row in tree.expressions
        ]
        if len({len(row) for row in rows}) != 1:
            raise MedallionError("Msg 10709: The number of columns for each row must be the same.")
        kinds = [
            types.unified([row[i].type for row in rows], "VALUES") for i in range(len(rows[0]))
        ]
        listed = ", ".join(
            "(" + ", ".join(convert(v, k).sql for v, k in zip(row, kinds, strict=True)) + ")"
            for row in rows
        )
        names = [f"_c{i}" for i in range(len(kinds))]
        text = f"SELECT * FROM (VALUES {listed}) AS _v ({', '.join(names)})"
        return Query(text, list(zip(names, kinds, strict=True)))


def distinct_rows(sql: str, columns: Columns) -> str:
    """The rows without those that T-SQL considers equal to an earlier row."""
    if not any(kind.name in types.TEXT | {"datetimeoffset", "varbinary"} for _, kind in columns):
        return f"SELECT DISTINCT * FROM ({sql}) AS _d"
    keys = [equality_key(Value(f"_d.{quoted(name)}", kind)) for name, kind in columns]
    shown = ", ".join(f"first(_d.{quoted(name)}) AS {quoted(name)}" for name, _ in columns)
    return f"SELECT {shown} FROM ({sql}) AS _d GROUP BY {', '.join(keys)}"


def _recast(query: Query, columns: Columns) -> str:
    """The query with its columns converted to these types."""
    listed = ", ".join(
        f"{convert(Value(f'_u.{quoted(own)}', kind), to).sql} AS {quoted(name)}"
        for (own, kind), (name, to) in zip(query.columns, columns, strict=True)
    )
    if query.columns == columns:
        return query.sql
    return f"SELECT {listed} FROM ({query.sql}) AS _u"


def _renamed(columns: Columns, listed: list[str], name: str) -> Columns:
    if listed and len(listed) != len(columns):
        raise MedallionError(
            f"Msg 8158: '{name}' has {'more' if len(columns) > len(listed) else 'fewer'} columns "
            "than were specified in the column list."
        )
    if listed:
        return [(new, kind) for new, (_, kind) in zip(listed, columns, strict=True)]
    for column, _ in columns:
        if column.startswith(UNNAMED):
            raise MedallionError(
                "Msg 8155: No column name was specified for column "
                f"{column.removeprefix(UNNAMED)} of '{name}'."
            )
    return columns


def _unique(items: list[Item]) -> list[tuple[str, Type]]:
    """Unique names for a query's columns. An unnamed column gets a name that T-SQL cannot use."""
    return [
        (item.name if item.is_named else f"{UNNAMED}{place}", item.value.type)
        for place, item in enumerate(items, 1)
    ]


def _mentions(tree: exp.Expression, name: str) -> bool:
    return any(not t.db and t.name.lower() == name.lower() for t in tree.find_all(exp.Table))


def _only(node: exp.Expression, known: set[str]) -> None:
    """Raise if a node has arguments other than the known ones."""
    for key, said in node.args.items():
        if said and key not in known:
            each = said[0] if isinstance(said, list) else said
            shown = brief(each) if isinstance(each, exp.Expression) else key
            raise unsupported(f"{key.strip('_').upper()} ({shown}) in {brief(node)}")
