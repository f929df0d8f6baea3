"""The compiler: expressions and conditions by node class. `functions` compiles function calls."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.tsql import functions, likes, numbers, types
from medallion_local.tsql.behaviour import AZURE_SQL, Behaviour
from medallion_local.tsql.errors import brief, unsupported
from medallion_local.tsql.keys import equality_key
from medallion_local.tsql.queries import Queries
from medallion_local.tsql.scope import Catalog, Scope
from medallion_local.tsql.types import BINARY, INTEGERS, NATIONAL, NUMBERS, TEXT, Type
from medallion_local.tsql.values import Value, convert, literal, quote, sized, utc_ticks

OPERATORS: dict[Any, str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
CONDITIONS = (
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like, exp.Escape, exp.Exists),
    *OPERATORS,
)


class Compiler(Queries):
    """Compiles the trees of one statement. Its clock functions return `now`."""

    def __init__(self, catalog: Catalog, now: datetime, behaviour: Behaviour = AZURE_SQL) -> None:
        self.catalog = catalog
        self.now = now
        self.behaviour = behaviour
        self.scope = Scope()
        self._handlers: dict[Any, Callable[[Any], Value]] = {
            exp.Literal: self._literal,
            exp.National: lambda node: literal(node.name, True, behaviour),
            exp.HexString: self._hex,
            exp.Null: lambda node: Value("NULL", types.NULL),
            exp.Column: self._column,
            exp.Paren: lambda node: self._paren(node),
            exp.Neg: self._negated,
            exp.Add: lambda node: self._arithmetic("+", node),
            exp.Sub: lambda node: self._arithmetic("-", node),
            exp.Mul: lambda node: self._arithmetic("*", node),
            exp.Div: lambda node: self._arithmetic("/", node),
            exp.Mod: lambda node: self._arithmetic("%", node),
            exp.BitwiseAnd: lambda node: self._bits("&", node),
            exp.BitwiseOr: lambda node: self._bits("|", node),
            exp.BitwiseXor: lambda node: self._bits("^", node),
            exp.BitwiseNot: self._bits_not,
            exp.Cast: self._cast,
            exp.TryCast: self._cast,
            exp.Convert: self._convert,
            exp.Case: self._case,
            exp.Subquery: self._scalar,
            exp.Anonymous: lambda node: functions.call(self, node),
            exp.Dot: self._dotted,
            exp.CurrentTimestamp: lambda node: functions.clock(self, "GETDATE"),
            exp.Trim: lambda node: functions.trim(self, node),
            exp.GroupConcat: lambda node: functions.string_agg(self, node),
            exp.Window: lambda node: functions.window(self, node),
            exp.AtTimeZone: lambda node: functions.at_time_zone(self, node),
            exp.Concat: self._adjacent,
            exp.Collate: self._collated,
        }

    def value(self, node: exp.Expression) -> Value:
        """A scalar expression."""
        group = self.scope.group
        if group is not None and not self.scope.in_aggregate:
            found = self._group_key(node)
            if found is not None:
                return found
        handler = self._handlers.get(type(node))
        if handler is None:
            if isinstance(node, CONDITIONS):
                raise MedallionError(
                    f"Msg 102: a condition is not a value: write CASE around {brief(node)}."
                )
            if isinstance(node, exp.Parameter):
                raise MedallionError(
                    f"the variable @{node.name} is not known: the emulator runs T-SQL without "
                    "DECLARE, so write its value"
                )
            raise unsupported(f"The expression {brief(node)}")
        return handler(node)

    def _group_key(self, node: exp.Expression) -> Value | None:
        """A key of the grouped query. Raises for a column that is not a key."""
        if isinstance(node, exp.Literal | exp.National | exp.Null | exp.Paren):
            return None
        if node.find(exp.Query, exp.Window) or functions.has_aggregate(node):
            return None
        group, self.scope.group = self.scope.group, None
        assert group is not None
        try:
            raw = self.value(node)
        finally:
            self.scope.group = group
        if raw.sql in group.keys:
            return raw.become(group.keys[raw.sql], raw.type)
        if isinstance(node, exp.Column) and any(
            s.find(node.name) and (not node.table or s.alias.lower() == node.table.lower())
            for s in self.scope.sources
        ):
            raise MedallionError(
                f"Msg 8120: Column '{brief(node)}' is invalid in the select list because it is not "
                "contained in either an aggregate function or the GROUP BY clause."
            )
        return None

    # Literals and columns.

    def _literal(self, node: exp.Literal) -> Value:
        if node.is_string:
            return literal(node.this, False, self.behaviour)
        return numbers.constant(str(node.this))

    def _hex(self, node: exp.HexString) -> Value:
        digits = "0" * (len(node.name) % 2) + node.name
        kind = Type("varbinary", max(len(digits) // 2, 1))
        return Value(f"unhex('{digits}')", kind, constant=digits)

    def _column(self, node: exp.Column) -> Value:
        if isinstance(node.this, exp.Star):
            raise MedallionError("Msg 102: Incorrect syntax near '*'.")
        if node.args.get("db"):
            node = exp.Column(this=node.this, table=node.args.get("table"))
        if node.name.startswith("$") and not node.this.args.get("quoted"):
            return numbers.money_constant(node.name)
        return self.scope.column(node)

    def _paren(self, node: exp.Paren) -> Value:
        inner = self.value(node.this)
        return Value(f"({inner.sql})", inner.type, inner.constant, inner.digits, inner.has_columns)

    def _adjacent(self, node: exp.Concat) -> Value:
        raise unsupported("Two texts without an operator between them")

    def _collated(self, node: exp.Collate) -> Value:
        if node.expression.name.lower() != self.behaviour.collation.lower():
            raise unsupported(
                f"COLLATE {node.expression.name}, which is not {self.behaviour.collation},"
            )
        return self.value(node.this)

    # Operators.

    def _negated(self, node: exp.Neg) -> Value:
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return numbers.constant("-" + str(node.this.this))
        return numbers.negate(self.value(node.this), brief(node))

    def _arithmetic(self, operator: str, node: exp.Binary) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if operator == "+" and self._are_texts(left, right):
            return self.concatenated(left, right)
        return numbers.arithmetic(operator, left, right, brief(node))

    def _are_texts(self, left: Value, right: Value) -> bool:
        kinds = {left.type.name, right.type.name}
        return (bool(kinds & TEXT) and kinds <= TEXT | {"null"}) or (
            kinds <= BINARY and bool(kinds)
        )

    def concatenated(self, left: Value, right: Value) -> Value:
        """`+` of two texts or binaries; NULL if one of them is NULL."""
        a, b = left.type, right.type
        names = {a.name, b.name}
        if names <= BINARY:
            length = a.length + b.length if _sized(a, b) else types.MAX
            kind = Type("varbinary", min(length, 8000))
            return Value(f"({left.sql} || {right.sql})", kind, has_columns=_any(left, right))
        national = bool(names & NATIONAL)
        known = [k for k in (a, b) if k.name in TEXT]
        limit = 4000 if national else 8000
        length = types.MAX
        if all(k.length != types.MAX for k in known):
            length = sum(k.length for k in known)
        sql = f"({left.sql} || {right.sql})"
        kind = Type("nvarchar" if national else "varchar", min(length, limit))
        if length > limit:
            sql = f"{sized('cut', kind)}({sql}, {limit})"
        constant = None
        if left.constant is not None and right.constant is not None:
            constant = left.constant + right.constant
        return Value(sql, kind, constant=constant, has_columns=_any(left, right))

    def _bits(self, operator: str, node: exp.Binary) -> Value:
        return numbers.bitwise(operator, self.value(node.left), self.value(node.right), brief(node))

    def _bits_not(self, node: exp.BitwiseNot) -> Value:
        return numbers.bitwise_not(self.value(node.this), brief(node))

    # Conversions.

    def _cast(self, node: exp.Cast) -> Value:
        return convert(
            self.value(node.this),
            types.type_of(node.to),
            attempt=isinstance(node, exp.TryCast),
        )

    def _convert(self, node: exp.Convert) -> Value:
        style = node.args.get("style")
        number: int | None = None
        if style is not None:
            if not (isinstance(style, exp.Literal) and style.name.isdigit()):
                raise unsupported(f"CONVERT with the style {brief(style)}")
            number = int(style.name)
        return convert(
            self.value(node.expression),
            types.type_of(node.this),
            style=number,
            attempt=bool(node.args.get("safe")),
        )

    # Choices.

    def _case(self, node: exp.Case) -> Value:
        tests: list[str] = []
        has_columns = False
        if node.this is not None:
            subject = self.value(node.this)
            for branch in node.args["ifs"]:
                tests.append(self.compare("=", subject, self.value(branch.this)))
        else:
            tests = [self.condition(branch.this) for branch in node.args["ifs"]]
        results = [self.value(branch.args["true"]) for branch in node.args["ifs"]]
        default = node.args.get("default")
        otherwise = self.value(default) if default is not None else Value("NULL", types.NULL)
        has_columns = bool(node.find(exp.Column))
        return self.choice(tests, results, otherwise, has_columns, node)

    def choice(
        self,
        tests: list[str],
        results: list[Value],
        otherwise: Value,
        has_columns: bool,
        node: exp.Expression,
    ) -> Value:
        """CASE of compiled parts, converted to a common type."""
        kind = types.unified([v.type for v in (*results, otherwise)], node)
        whens = " ".join(
            f"WHEN {test} THEN {convert(value, kind).sql}"
            for test, value in zip(tests, results, strict=True)
        )
        last = convert(otherwise, kind).sql
        return Value(f"CASE {whens} ELSE {last} END", kind, has_columns=has_columns)

    def _scalar(self, node: exp.Subquery) -> Value:
        if not isinstance(node.this, exp.Query):
            raise unsupported(f"The subquery {brief(node)}")
        query = self.query(node.this, nested=True)
        if len(query.columns) != 1:
            raise MedallionError(
                "Msg 116: Only one expression can be specified in the select list when the "
                "subquery is not introduced with EXISTS."
            )
        return Value(f"({query.sql})", query.columns[0][1], has_columns=True)

    def _dotted(self, node: exp.Dot) -> Value:
        schema, call = node.this, node.expression
        if not isinstance(schema, exp.Identifier) or not isinstance(call, exp.Anonymous):
            raise unsupported(f"The expression {brief(node)}")
        arguments = [self.value(a) for a in call.expressions]
        found = self.catalog.function(schema.name, call.name, arguments)
        if found is None:
            raise unsupported(f"The function {schema.name}.{call.name}")
        return found

    # Conditions.

    def condition(self, node: exp.Expression) -> str:
        """A condition as a DuckDB boolean."""
        if isinstance(node, exp.Paren):
            return f"({self.condition(node.this)})"
        if isinstance(node, exp.And | exp.Or):
            word = "AND" if isinstance(node, exp.And) else "OR"
            return f"({self.condition(node.left)} {word} {self.condition(node.right)})"
        if isinstance(node, exp.Not):
            return f"(NOT {self.condition(node.this)})"
        for kind, operator in OPERATORS.items():
            if type(node) is kind:
                if isinstance(node.expression, exp.All | exp.Any):
                    raise unsupported(f"The comparison {brief(node)}")
                return self.compare(operator, self.value(node.left), self.value(node.right))
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            return f"({self.value(node.this).sql} IS NULL)"
        if isinstance(node, exp.Between):
            if node.args.get("symmetric"):
                raise unsupported(f"The condition {brief(node)}")
            subject = self.value(node.this)
            low = self.compare(">=", subject, self.value(node.args["low"]))
            high = self.compare("<=", subject, self.value(node.args["high"]))
            return f"({low} AND {high})"
        if isinstance(node, exp.In):
            return self._in(node)
        if isinstance(node, exp.Like):
            return self._like(node, None, brief(node))
        if isinstance(node, exp.Escape) and isinstance(node.this, exp.Like):
            if "ESCAPE" in self.behaviour.lacks:
                raise unsupported(f"ESCAPE in {brief(node)}")
            return self._like(node.this, self.value(node.expression).constant, brief(node))
        if isinstance(node, exp.Exists):
            query = self.query(node.this, nested=True, exists=True)
            return f"EXISTS ({query.sql})"
        if isinstance(node, (exp.Column, exp.Literal, exp.Case, exp.Cast, exp.Anonymous)):
            raise MedallionError(
                "Msg 4145: An expression of non-boolean type specified in a context where a "
                f"condition is expected, near {brief(node)!r}."
            )
        raise unsupported(f"The condition {brief(node)}")

    def _like(self, node: exp.Like, escape: str | None, what: str) -> str:
        subject, pattern = self.value(node.this), self.value(node.expression)
        test = likes.like(subject, pattern, escape, what, self.behaviour)
        return f"(NOT {test})" if node.args.get("negate") else test

    def _in(self, node: exp.In) -> str:
        subject = self.value(node.this)
        inner = node.args.get("query")
        if inner is not None:
            query = self.query(
                inner.this if isinstance(inner, exp.Subquery) else inner, nested=True
            )
            if len(query.columns) != 1:
                raise MedallionError("Msg 116: a subquery of IN has one column.")
            name, kind = query.columns[0]
            both = types.unified([subject.type, kind], node)
            if both.name in types.SCALED:
                both = Type(both.name, scale=7)
            column = Value(f"_in.{_quoted(name)}", kind, has_columns=True)
            if kind == types.NULL:
                column = Value(column.sql, types.INT)
            left = equality_key(convert(subject, both))
            right = equality_key(convert(column, both))
            return f"({left} IN (SELECT {right} FROM ({query.sql}) AS _in))"
        values = [self.value(each) for each in node.expressions]
        if not values:
            raise unsupported(f"The condition {brief(node)}")
        is_plain = subject.type.name in INTEGERS and all(v.type.name in INTEGERS for v in values)
        if is_plain:
            return f"({subject.sql} IN ({', '.join(v.sql for v in values)}))"
        return "(" + " OR ".join(self.compare("=", subject, v) for v in values) + ")"

    def compare(self, operator: str, left: Value, right: Value) -> str:
        """A comparison by the types' precedence and the collation."""
        if types.NULL in (left.type, right.type):
            return "CAST(NULL AS BOOLEAN)"
        a, b = left.type, right.type
        kind = types.unified([a, b], f"the comparison {operator}")
        if a.name in TEXT and b.name in TEXT:
            return _compare_texts(operator, left, right, self.behaviour)
        if a.name in BINARY and b.name in BINARY:
            fixed = a.length == b.length and all(
                v.type.name == "binary" or v.constant is not None for v in (left, right)
            )
            if not fixed:
                left = left.become(f"regexp_replace(hex({left.sql}), '(00)+$', '')", a)
                right = right.become(f"regexp_replace(hex({right.sql}), '(00)+$', '')", b)
            return f"({left.sql} {operator} {right.sql})"
        if kind.name == "uniqueidentifier" and operator not in ("=", "<>"):
            raise unsupported("The order of uniqueidentifiers")
        if a.name in INTEGERS and b.name in INTEGERS:
            return f"({left.sql} {operator} {right.sql})"
        if "datetime" in (a.name, b.name) and kind.name in ("datetime2", "datetimeoffset"):
            # A datetime is a number of thirds of 10 ms, which no scale holds.
            return f"({utc_ticks(left)} {operator} {utc_ticks(right)})"
        if kind.name in types.SCALED:
            kind = Type(kind.name, scale=7)
        if kind.name == "decimal" and {a.name, b.name} <= NUMBERS:
            x, y = numbers.exact(left), numbers.exact(right)
            return f"({x.sql} {operator} {y.sql})"
        x, y = convert(left, kind), convert(right, kind)
        if kind.name == "datetimeoffset":
            return f"(({x.sql}).utc {operator} ({y.sql}).utc)"
        return f"({x.sql} {operator} {y.sql})"


def _compare_texts(operator: str, left: Value, right: Value, behaviour: Behaviour) -> str:
    if operator in ("=", "<>"):
        if behaviour.is_binary or (left.has_columns and right.has_columns):
            return f"(ts_fold({left.sql}) {operator} ts_fold({right.sql}))"
        same = f"ts_same({left.sql}, {right.sql})"
        if right.constant is not None and right.constant.isascii() and left.has_columns:
            # The common case, without the slower macro.
            plain = quote(right.constant.rstrip(" ").lower())
            same = (
                f"CASE WHEN ts_ascii({left.sql}) THEN lower(rtrim({left.sql}, ' ')) = {plain} "
                f"ELSE {same} END"
            )
        return same if operator == "=" else f"(NOT {same})"
    return f"(ts_order({left.sql}) {operator} ts_order({right.sql}))"


def _any(*values: Value) -> bool:
    return any(v.has_columns for v in values)


def _sized(*kinds: Type) -> bool:
    """Whether no type has the length `max`."""
    return all(k.length != types.MAX for k in kinds)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
