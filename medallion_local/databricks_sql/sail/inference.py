"""Infer the types of expressions in a resolved tree. Each type is inferred when a rule asks for it.

The types of a table's columns come from the catalog. A type that cannot be inferred is `UNKNOWN`.
"""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from medallion_local.databricks_sql.sail import signatures
from medallion_local.databricks_sql.sail.coercion import common
from medallion_local.databricks_sql.sail.kinds import (
    UNKNOWN,
    VOID,
    Kind,
    kind_of_name,
    kind_of_type,
)

Columns = Sequence[tuple[str, str]]
_WRAPPERS = (
    exp.Paren,
    exp.Alias,
    exp.Order,
    exp.Ordered,
    exp.Window,
    exp.IgnoreNulls,
    exp.RespectNulls,
    exp.Filter,
    exp.WithinGroup,
    exp.Distinct,
)
_TRUTHS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)


class Kinds:
    """The types of one tree. `columns` has the columns of each table's address, in lowercase."""

    def __init__(self, columns: Mapping[str, Columns]) -> None:
        self._columns = columns
        self._kinds: dict[int, tuple[exp.Expression, Kind]] = {}
        self._outputs: dict[int, list[tuple[str, Kind]]] = {}
        self._open: set[int] = set()

    @property
    def tables(self) -> Mapping[str, Columns]:
        """The columns of each table, by its address."""
        return self._columns

    def of(self, node: exp.Expression) -> Kind:
        """The type of `node`."""
        known = self._kinds.get(id(node))
        if known is None:
            known = (node, self._infer(node))  # the node is kept, so that its id stays its own
            self._kinds[id(node)] = known
        return known[1]

    def keep(self, node: exp.Expression, kind: Kind) -> exp.Expression:
        """Record the type of a node that a rule has made."""
        self._kinds[id(node)] = (node, kind)
        return node

    def _infer(self, node: exp.Expression) -> Kind:
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Identifier):
            return self._in_lambda(node)
        if isinstance(node, exp.Cast):
            return kind_of_type(node.to)
        if isinstance(node, exp.Literal):
            return signatures.literal(node)
        if isinstance(node, exp.Null):
            return VOID
        if isinstance(node, exp.Subquery):
            outputs = self.outputs(node.this)
            return outputs[0][1] if len(outputs) == 1 else UNKNOWN
        if isinstance(node, exp.Query):
            return UNKNOWN
        if isinstance(node, _TRUTHS):
            return Kind("boolean")
        if isinstance(node, exp.Case):
            values = [branch.args["true"] for branch in node.args["ifs"]]
            if node.args.get("default") is not None:
                values.append(node.args["default"])
            return common([self.of(value) for value in values])
        if isinstance(node, exp.Dot):
            return self._field(self.of(node.this), node.expression.name)
        if isinstance(node, exp.Bracket):
            outer = self.of(node.this)
            return outer.inner[-1] if outer.name in ("array", "map") and outer.inner else UNKNOWN
        if isinstance(node, _WRAPPERS):
            inner = node.this or (node.expressions[0] if node.expressions else None)
            return self.of(inner) if isinstance(inner, exp.Expression) else UNKNOWN
        return signatures.result(node, self.of)

    @staticmethod
    def _field(outer: Kind, name: str) -> Kind:
        for field, kind in zip(outer.fields, outer.inner, strict=False):
            if field.lower() == name.lower() and outer.name == "struct":
                return kind
        return UNKNOWN

    def _column(self, column: exp.Column) -> Kind:
        """The type of a column, searched in the query around it, and then in the outer ones."""
        name = column.name.lower()
        path = [part.name.lower() for part in column.parts[:-1]]
        child: exp.Expression = column
        node = column.parent
        while node is not None:
            sources = self._sources(node, child)
            for alias, outputs in sources:
                if path and alias != path[-1]:
                    continue
                for output, kind in outputs:
                    if output == name:
                        return kind
            if path and len(path) == 1:
                found = [k for _, outputs in sources for o, k in outputs if o == path[0]]
                if found:
                    return self._field(found[0], name)
            if isinstance(node, exp.Select) and not path:
                for item in node.expressions:
                    if (
                        isinstance(item, exp.Alias)
                        and item.alias.lower() == name
                        and not _is_inside(column, item)
                    ):
                        return self.of(item.this)
            child, node = node, node.parent
        return UNKNOWN

    def _in_lambda(self, name: exp.Identifier) -> Kind:
        node = name.parent
        while node is not None and not isinstance(node, exp.Query):
            if isinstance(node, exp.Lambda):
                for place, parameter in enumerate(node.expressions):
                    if parameter.name.lower() == name.name.lower():
                        return self._parameter(node, place)
            node = node.parent
        return UNKNOWN

    def _parameter(self, function: exp.Lambda, place: int) -> Kind:
        """The type of a parameter of a function that is applied to an array's elements."""
        call = function.parent
        if not isinstance(call, exp.Anonymous | exp.Func):
            return UNKNOWN
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        given = call.expressions if isinstance(call, exp.Anonymous) else [call.this]
        outer = self.of(given[0]) if given and given[0] is not function else UNKNOWN
        if outer.name != "array" or not outer.inner:
            return UNKNOWN
        if name in ("transform", "filter", "exists", "forall"):
            return outer.inner[0] if place == 0 else Kind("int")
        if name in ("aggregate", "reduce") and len(given) > 2 and given[2] is function:
            return self.of(given[1]) if place == 0 else outer.inner[0]
        return UNKNOWN

    def _sources(
        self, node: exp.Expression, child: exp.Expression
    ) -> list[tuple[str, list[tuple[str, Kind]]]]:
        """The names that a query or a MERGE, UPDATE or DELETE reads, and their columns."""
        if isinstance(node, exp.Select):
            if isinstance(child, exp.With):
                return []
            from_ = node.args.get("from_")
            given = [from_.this] if from_ is not None else []
            given += [join.this for join in node.args.get("joins") or []]
            given += node.args.get("laterals") or []
        elif isinstance(node, exp.Merge):
            given = [node.this, node.args["using"]]
        elif isinstance(node, exp.Update | exp.Delete) and isinstance(node.this, exp.Table):
            given = [node.this]
        else:
            return []
        found = []
        for source in given:
            found.append((source.alias_or_name.lower(), self._of_source(source)))
            for join in source.args.get("joins") or []:
                found.append((join.this.alias_or_name.lower(), self._of_source(join.this)))
        return found

    def _of_source(self, source: exp.Expression) -> list[tuple[str, Kind]]:
        known = self._outputs.get(id(source))
        if known is None:
            known = self._renamed(source, self._read(source))
            self._outputs[id(source)] = known
        return known

    def _read(self, source: exp.Expression) -> list[tuple[str, Kind]]:
        if source.args.get("pivots"):
            return []
        if isinstance(source, exp.Subquery):
            return self.outputs(source.this)
        if isinstance(source, exp.Values):
            return self.outputs(source)
        if isinstance(source, exp.Table):
            if isinstance(source.this, exp.Func):
                is_range = source.this.name.lower() == "range"
                return [("id", Kind("bigint"))] if is_range else []
            if source.db:
                columns = self._columns.get(source.name, ())
                return [(name, kind_of_name(text)) for name, text in columns]
            cte = _cte(source)
            return self._renamed(cte, self.outputs(cte.this)) if cte is not None else []
        return []

    @staticmethod
    def _renamed(source: exp.Expression, outputs: list[tuple[str, Kind]]) -> list[tuple[str, Kind]]:
        """The columns under the names of the alias `t (a, b)`."""
        alias = source.args.get("alias")
        names = [each.name.lower() for each in alias.columns] if alias is not None else []
        if len(names) != len(outputs):
            return outputs
        return [(name, kind) for name, (_, kind) in zip(names, outputs, strict=True)]

    def names_read(self, select: exp.Select) -> set[str] | None:
        """The names of the columns that a SELECT reads, in lowercase; None if one is unknown."""
        sources = [outputs for _, outputs in self._sources(select, select)]
        hides = any(
            join.args.get("kind") in ("SEMI", "ANTI") for join in select.args.get("joins") or []
        )
        if hides or not all(sources):
            return None
        return {name for outputs in sources for name, _ in outputs}

    def outputs(self, query: exp.Expression) -> list[tuple[str, Kind]]:
        """The columns of a query; empty if they are unknown."""
        known = self._outputs.get(id(query))
        if known is None:
            if id(query) in self._open:
                return []
            self._open.add(id(query))
            known = self._select(query)
            self._open.discard(id(query))
            self._outputs[id(query)] = known
        return known

    def _select(self, query: exp.Expression) -> list[tuple[str, Kind]]:
        if isinstance(query, exp.Subquery | exp.Paren):
            return self.outputs(query.this)
        if isinstance(query, exp.SetOperation):
            left, right = self.outputs(query.left), self.outputs(query.right)
            if len(left) != len(right):
                return []
            pairs = zip(left, right, strict=True)
            return [(name, common([kind, other])) for (name, kind), (_, other) in pairs]
        if isinstance(query, exp.Values):
            rows = [
                row.expressions if isinstance(row, exp.Tuple) else [row]
                for row in query.expressions
            ]
            if len({len(row) for row in rows}) != 1:
                return []
            kinds = [
                common([self.of(value) for value in column]) for column in zip(*rows, strict=True)
            ]
            return [(f"col{n}", kind) for n, kind in enumerate(kinds, start=1)]
        if not isinstance(query, exp.Select):
            return []
        found: list[tuple[str, Kind]] = []
        for item in query.expressions:
            if item.is_star:
                inner = self._star(query, item)
                if not inner:
                    return []
                found.extend(inner)
            else:
                # A call has a generated name, which no query can write as a plain one.
                name = "" if isinstance(item, exp.Anonymous) else item.alias_or_name.lower()
                found.append((name, self.of(item)))
        return found

    def _star(self, query: exp.Select, item: exp.Expression) -> list[tuple[str, Kind]]:
        star = item.this if isinstance(item, exp.Column) else item
        if any(star.args.get(name) for name in ("except_", "replace", "rename")):
            return []
        table = item.table.lower() if isinstance(item, exp.Column) else ""
        sources = self._sources(query, query)
        chosen = [outputs for alias, outputs in sources if not table or alias == table]
        shared = [join for join in query.args.get("joins") or [] if join.args.get("using")]
        return [] if shared or not all(chosen) else [each for outputs in chosen for each in outputs]


def _is_inside(node: exp.Expression, other: exp.Expression) -> bool:
    found: exp.Expression | None = node
    while found is not None and found is not other:
        found = found.parent
    return found is other


def _cte(table: exp.Table) -> exp.CTE | None:
    """The common table expression of that name that is visible here."""
    node = table.parent
    while node is not None:
        with_ = node.args.get("with_")
        for cte in with_.expressions if with_ is not None else []:
            if cte.alias.lower() == table.name.lower() and not _is_inside(table, cte):
                return cte
        node = node.parent
    return None
