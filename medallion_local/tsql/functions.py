"""The T-SQL functions that the compiler knows, by name. It rejects any other function.

https://learn.microsoft.com/sql/t-sql/functions/functions
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.tsql import dates, numbers, types
from medallion_local.tsql.errors import brief, unsupported
from medallion_local.tsql.keys import directed, equality_key, order_key
from medallion_local.tsql.scope import Relation
from medallion_local.tsql.types import (
    BINARY,
    FLOATS,
    INTEGERS,
    MONEY,
    NATIONAL,
    NUMBERS,
    TEXT,
    Type,
)
from medallion_local.tsql.values import Value, convert, literal, quote, sized

if TYPE_CHECKING:
    from medallion_local.tsql.compiler import Compiler

AGGREGATES = {
    *("COUNT", "COUNT_BIG", "SUM", "AVG", "MIN", "MAX", "STDEV", "STDEVP", "VAR", "VARP"),
    "GROUPING",
}
_SPREAD = {"STDEV": "stddev_samp", "STDEVP": "stddev_pop", "VAR": "var_samp", "VARP": "var_pop"}
_RANKING = {"ROW_NUMBER": "row_number", "RANK": "rank", "DENSE_RANK": "dense_rank"}
_SHARES = {"PERCENT_RANK": "percent_rank", "CUME_DIST": "cume_dist"}
_NEAR = {"LAG": "lag", "LEAD": "lead"}
_EDGES = {"FIRST_VALUE": "first_value", "LAST_VALUE": "last_value"}


def has_aggregate(node: exp.Expression) -> bool:
    """Whether an expression has an aggregate of this query that is not a window function."""
    for found in node.find_all(exp.Anonymous, exp.GroupConcat):
        is_named = isinstance(found, exp.GroupConcat) or str(found.this).upper() in AGGREGATES
        if not is_named or isinstance(found.parent, exp.Window):
            continue
        holder = found.find_ancestor(exp.Query)
        if holder is None or not _below(holder, node):
            return True
    return False


def _below(inner: exp.Expression, outer: exp.Expression) -> bool:
    step: exp.Expression | None = inner
    while step is not None:
        if step is outer:
            return True
        step = step.parent
    return False


def call(c: "Compiler", node: exp.Anonymous) -> Value:
    """Compile a function call by its name."""
    name = str(node.this).upper()
    if name in AGGREGATES:
        return aggregate(c, name, node, None)
    known = _FUNCTIONS.get(name)
    if known is not None:
        low, high, make = known
        if not low <= len(node.expressions) <= high:
            raise MedallionError(
                f"Msg 174: The function {name} takes {low if low == high else f'{low} to {high}'} "
                f"arguments, not {len(node.expressions)}."
            )
        return make(c, node)
    if name in dates.FUNCTIONS:
        return dates.FUNCTIONS[name](c, node)
    if name in ("LAG", "LEAD", "NTILE", *_RANKING, *_SHARES, *_EDGES):
        raise MedallionError(f"Msg 10753: The function '{name}' must have an OVER clause.")
    found = c.catalog.function("", name, [c.value(a) for a in node.expressions])
    if found is None:
        raise unsupported(f"The function {name}")
    return found


# Aggregates and windows.


def aggregate(c: "Compiler", name: str, node: exp.Anonymous, over: str | None) -> Value:
    """An aggregate over a group, or over a window if `over` is given."""
    arguments = node.expressions
    tail = f" OVER ({over})" if over is not None else ""
    if len(arguments) != 1:
        raise MedallionError(f"Msg 174: The function {name} takes 1 argument.")
    argument = arguments[0]
    distinct = isinstance(argument, exp.Distinct)
    if distinct:
        if len(argument.expressions) != 1:
            raise unsupported(f"{name} of several columns")
        argument = argument.expressions[0]
        if over is not None:
            raise MedallionError("Msg 10759: Use of DISTINCT is not allowed with the OVER clause.")
    if over is None and c.scope.group is None:
        raise MedallionError(
            "Msg 147: An aggregate may not appear in the WHERE clause, in ON or in GROUP BY."
        )
    if name in ("COUNT", "COUNT_BIG"):
        kind = types.INT if name == "COUNT" else types.BIGINT
        if isinstance(argument, exp.Star):
            return Value(f"CAST(count(*){tail} AS {kind.engine})", kind, has_columns=True)
        value = _inside(c, argument, over)
        inner = f"DISTINCT {equality_key(value)}" if distinct else value.sql
        return Value(f"CAST(count({inner}){tail} AS {kind.engine})", kind, has_columns=True)
    if isinstance(argument, exp.Star):
        raise MedallionError("Msg 102: Incorrect syntax near '*'.")
    value = _inside(c, argument, over)
    if name == "GROUPING":
        return Value(f"CAST(GROUPING({equality_key(value)}) AS UTINYINT)", Type("tinyint"))
    kind = value.type
    if name in ("MIN", "MAX"):
        return _extreme(name, value, tail)
    if kind.name not in NUMBERS or kind.name == "bit":
        if kind.name in TEXT and name in _SPREAD:
            value, kind = convert(value, types.FLOAT), types.FLOAT
        else:
            raise MedallionError(
                f"Msg 8117: Operand data type {kind.name} is invalid for {name.lower()} operator."
            )
    word = "DISTINCT " if distinct else ""
    if name in _SPREAD:
        sql = f"{_SPREAD[name]}({word}CAST({value.sql} AS DOUBLE)){tail}"
        return Value(sql, types.FLOAT, has_columns=True)
    return _total(name, value, word, tail)


def _inside(c: "Compiler", node: exp.Expression, over: str | None) -> Value:
    if over is not None:
        return c.value(node)
    scope = c.scope
    if scope.in_aggregate:
        raise MedallionError(
            "Msg 130: Cannot perform an aggregate function on an expression containing an "
            "aggregate or a subquery."
        )
    scope.in_aggregate = True
    try:
        return c.value(node)
    finally:
        scope.in_aggregate = False


def _total(name: str, value: Value, word: str, tail: str) -> Value:
    """SUM and AVG."""
    kind, sql = value.type, value.sql
    if kind.name in FLOATS:
        function = "sum" if name == "SUM" else "avg"
        done = f"{function}({word}CAST({sql} AS DOUBLE)){tail}"
        return Value(f"ts_finite({done}, 'float')", types.FLOAT, has_columns=True)
    result = kind
    if kind.name in ("tinyint", "smallint"):
        result = types.INT
    elif kind.name in MONEY:
        result = types.MONEY_TYPE
    elif kind.name == "decimal":
        scale = kind.scale if name == "SUM" else max(kind.scale, 6)
        result = types.decimal(38, scale)
    total = f"sum({word}{sql}){tail}"
    if name == "SUM":
        if kind.name in MONEY:
            done = numbers.in_money(f"CAST({total} AS DECIMAL(38,4))", result)
        else:
            done = f"CAST({total} AS {result.engine})"
        return Value(done, result, has_columns=True)
    count = f"count({word}{sql}){tail}"
    if kind.name in INTEGERS:
        # The total of ints must fit into an int, as for SUM.
        checked = f"CAST({total} AS {result.engine})"
        done = f"CAST(CASE WHEN {count} > 0 THEN {checked} // {count} END AS {result.engine})"
        return Value(done, result, has_columns=True)
    scale = result.scale if kind.name == "decimal" else 4
    own = kind.scale if kind.name == "decimal" else 4
    units = (
        f"CASE WHEN {count} > 0 THEN ts_unscaled({total}) "
        f"* CAST('1{'0' * (scale - own)}' AS HUGEINT) // {count} END"
    )
    done = f"CAST(ts_scaled({units}, {scale}) AS {result.engine})"
    return Value(done, result, has_columns=True)


def _extreme(name: str, value: Value, tail: str) -> Value:
    kind = value.type
    if kind.name == "bit":
        raise MedallionError("Msg 8117: Operand data type bit is invalid for min operator.")
    function = name.lower()
    key = order_key(value)
    if key == value.sql:
        return Value(f"{function}({value.sql}){tail}", kind, has_columns=True)
    return Value(f"arg_{function}({value.sql}, {key}){tail}", kind, has_columns=True)


def string_agg(c: "Compiler", node: exp.GroupConcat) -> Value:
    """STRING_AGG in the order of WITHIN GROUP."""
    inner, terms = node.this, ""
    if isinstance(inner, exp.Order):
        scope = c.scope
        inside, scope.in_aggregate = scope.in_aggregate, True
        try:
            keys = [directed(c.value(t.this), bool(t.args.get("desc"))) for t in inner.expressions]
        finally:
            scope.in_aggregate = inside
        terms, inner = f" ORDER BY {', '.join(keys)}", inner.this
    if isinstance(inner, exp.Distinct):
        raise unsupported("STRING_AGG of DISTINCT")
    value = _inside(c, inner, None)
    separator = c.value(node.args["separator"])
    if separator.constant is None:
        raise unsupported("STRING_AGG with a separator that is not a constant")
    if value.type.name not in TEXT:
        value = convert(value, types.nvarchar(4000))
    national = value.type.name in NATIONAL
    length = types.MAX if value.type.length == types.MAX else 4000 if national else 8000
    kind = Type("nvarchar" if national else "varchar", length)
    text = f"string_agg({value.sql}, {quote(separator.constant)}{terms})"
    if length != types.MAX:
        message = "Msg 9829: STRING_AGG aggregation result exceeded the limit of 8000 bytes."
        measure = sized("units", kind)
        text = (
            f"CASE WHEN {measure}({text}) > {length} THEN error({quote(message)}) ELSE {text} END"
        )
    return Value(text, kind, has_columns=True)


def window(c: "Compiler", node: exp.Window) -> Value:
    """A function with an OVER clause."""
    if node.args.get("alias") or node.args.get("first") is not None:
        raise unsupported(f"The named window in {brief(node)}")
    parts = []
    partition = [equality_key(c.value(e)) for e in node.args.get("partition_by") or []]
    if partition:
        parts.append(f"PARTITION BY {', '.join(partition)}")
    order = node.args.get("order")
    terms = []
    for term in order.expressions if order is not None else []:
        by = term.this
        # ORDER BY (SELECT NULL) requests no order.
        if isinstance(by, exp.Subquery) and not by.find(exp.Column):
            continue
        if isinstance(by, exp.Literal):
            raise MedallionError(
                "Msg 5308: Windowed functions do not support integer indices as ORDER BY clause "
                "expressions."
            )
        terms.append(directed(c.value(by), bool(term.args.get("desc"))))
    if terms:
        parts.append(f"ORDER BY {', '.join(terms)}")
    spec = node.args.get("spec")
    if spec is not None:
        parts.append(_frame(spec))
    over = " ".join(parts)
    inner = node.this
    if not isinstance(inner, exp.Anonymous):
        raise unsupported(f"The window {brief(node)}")
    name, arguments = str(inner.this).upper(), inner.expressions
    if name in AGGREGATES - {"GROUPING"}:
        return aggregate(c, name, inner, over)
    if order is None:
        raise MedallionError(
            f"Msg 4112: The function '{name}' must have an OVER clause with ORDER BY."
        )
    if spec is not None and name not in _EDGES:
        raise MedallionError(f"Msg 10752: The function '{name}' may not have a window frame.")
    if name in _RANKING and not arguments:
        return Value(f"{_RANKING[name]}() OVER ({over})", types.BIGINT, has_columns=True)
    if name in _SHARES and not arguments:
        return Value(f"{_SHARES[name]}() OVER ({over})", types.FLOAT, has_columns=True)
    if name == "NTILE" and len(arguments) == 1:
        tiles = convert(c.value(arguments[0]), types.INT).sql
        return Value(f"ntile({tiles}) OVER ({over})", types.BIGINT, has_columns=True)
    if name in _NEAR and 1 <= len(arguments) <= 3:
        values = [c.value(a) for a in arguments]
        sql = values[0].sql
        if len(values) > 1:
            sql += f", {convert(values[1], types.INT).sql}"
        if len(values) > 2:
            sql += f", {convert(values[2], values[0].type).sql}"
        return Value(f"{_NEAR[name]}({sql}) OVER ({over})", values[0].type, has_columns=True)
    if name in _EDGES and len(arguments) == 1:
        value = c.value(arguments[0])
        return Value(f"{_EDGES[name]}({value.sql}) OVER ({over})", value.type, has_columns=True)
    raise unsupported(f"The window function {name}")


def _frame(spec: exp.WindowSpec) -> str:
    if spec.args.get("exclude"):
        raise unsupported("EXCLUDE in a window")

    def edge(which: str) -> str:
        value, side = spec.args.get(which), spec.args.get(f"{which}_side")
        if value in ("UNBOUNDED", "CURRENT ROW"):
            return f"{value} {side}" if side else str(value)
        if isinstance(value, exp.Literal) and value.name.isdigit() and spec.args["kind"] == "ROWS":
            return f"{value.name} {side}"
        raise unsupported(f"The window frame {brief(spec)}")

    end = edge("end") if spec.args.get("end") else "CURRENT ROW"
    return f"{spec.args['kind']} BETWEEN {edge('start')} AND {end}"


# Choices.


def _isnull(c: "Compiler", node: exp.Anonymous) -> Value:
    first, second = (c.value(a) for a in node.expressions)
    kind = second.type if first.type == types.NULL else first.type
    sql = f"coalesce({convert(first, kind).sql}, {convert(second, kind).sql})"
    return Value(sql, kind, has_columns=first.has_columns or second.has_columns)


def _coalesce(c: "Compiler", node: exp.Anonymous) -> Value:
    values = [c.value(a) for a in node.expressions]
    if all(v.type == types.NULL for v in values):
        raise MedallionError(
            "Msg 4127: At least one of the arguments to COALESCE must be an expression that is "
            "not the NULL constant."
        )
    kind = types.unified([v.type for v in values], "COALESCE")
    listed = ", ".join(convert(v, kind).sql for v in values)
    return Value(f"coalesce({listed})", kind, has_columns=any(v.has_columns for v in values))


def _nullif(c: "Compiler", node: exp.Anonymous) -> Value:
    first, second = (c.value(a) for a in node.expressions)
    if first.type == types.NULL:
        raise MedallionError("Msg 4151: The type of the first argument to NULLIF cannot be NULL.")
    same = c.compare("=", first, second)
    sql = f"CASE WHEN {same} THEN NULL ELSE {first.sql} END"
    return Value(sql, first.type, has_columns=first.has_columns or second.has_columns)


def _iif(c: "Compiler", node: exp.Anonymous) -> Value:
    test, yes, no = node.expressions
    return c.choice(
        [c.condition(test)], [c.value(yes)], c.value(no), bool(node.find(exp.Column)), node
    )


def _choose(c: "Compiler", node: exp.Anonymous) -> Value:
    index = convert(c.value(node.expressions[0]), types.INT)
    results = [c.value(a) for a in node.expressions[1:]]
    tests = [f"{index.sql} = {place}" for place in range(1, len(results) + 1)]
    null = Value("NULL", types.NULL)
    return c.choice(tests, results, null, bool(node.find(exp.Column)), node)


# Text.


def _text(value: Value, what: str) -> Value:
    """An argument that is text or is converted to text."""
    if value.type == types.NULL:
        return convert(value, types.varchar(1))
    if value.type.name in TEXT:
        return value
    if value.type.name in NUMBERS - FLOATS or value.type.name == "uniqueidentifier":
        return convert(value, types.varchar(8000))
    raise unsupported(f"{what} of {value.type.name}: CONVERT it to text first")


def _as_var(kind: Type) -> Type:
    return Type("nvarchar" if kind.name in NATIONAL else "varchar", kind.length)


def _whole(c: "Compiler", node: exp.Expression) -> str:
    """An integer argument as a DuckDB bigint."""
    return f"CAST({convert(c.value(node), types.INT).sql} AS BIGINT)"


def _len(c: "Compiler", node: exp.Anonymous) -> Value:
    value = c.value(node.expressions[0])
    if value.type.name in BINARY:
        sql = f"octet_length({value.sql})"
    else:
        value = _text(value, "LEN")
        sql = f"ts_chars(rtrim({value.sql}, ' '))"
    kind = types.BIGINT if value.type.length == types.MAX else types.INT
    return value.become(f"CAST({sql} AS {kind.engine})", kind)


def _datalength(c: "Compiler", node: exp.Anonymous) -> Value:
    value = c.value(node.expressions[0])
    kind = value.type
    result = types.BIGINT if kind.length == types.MAX else types.INT
    if kind.name in TEXT:
        sql = f"{sized('units', kind)}({value.sql}) * {2 if kind.name in NATIONAL else 1}"
    elif kind.name in BINARY:
        sql = f"octet_length({value.sql})"
    else:
        size = _size(kind)
        sql = f"CASE WHEN {value.sql} IS NOT NULL THEN {size} END"
    return value.become(f"CAST({sql} AS {result.engine})", result)


def _size(kind: Type) -> int:
    """The size in bytes of a value of a fixed-length type."""
    if kind.name == "decimal":
        return next(b for p, b in ((9, 5), (19, 9), (28, 13), (38, 17)) if kind.precision <= p)
    if kind.name in types.SCALED:
        less = 2 if kind.scale <= 2 else 1 if kind.scale <= 4 else 0
        return {"time": 5, "datetime2": 8, "datetimeoffset": 10}[kind.name] - less
    known = {
        **{"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "real": 4, "float": 8},
        **{"money": 8, "smallmoney": 4, "date": 3, "datetime": 8, "smalldatetime": 4},
        **{"uniqueidentifier": 16, "null": 4},
    }
    return known[kind.name]


def _cased(function: str) -> Callable[["Compiler", exp.Anonymous], Value]:
    def make(c: "Compiler", node: exp.Anonymous) -> Value:
        value = _text(c.value(node.expressions[0]), function.upper())
        return value.become(f"ts_{function}({value.sql})", _as_var(value.type))

    return make


def _trimmed(function: str) -> Callable[["Compiler", exp.Anonymous], Value]:
    def make(c: "Compiler", node: exp.Anonymous) -> Value:
        value = _text(c.value(node.expressions[0]), function.upper())
        return value.become(f"{function}({value.sql}, ' ')", _as_var(value.type))

    return make


def trim(c: "Compiler", node: exp.Trim) -> Value:
    """TRIM([characters FROM] text)."""
    value = _text(c.value(node.this), "TRIM")
    if node.args.get("expression") is not None or node.args.get("position"):
        raise unsupported(f"TRIM with characters in {brief(node)}")
    return value.become(f"trim({value.sql}, ' ')", _as_var(value.type))


def _side(function: str) -> Callable[["Compiler", exp.Anonymous], Value]:
    def make(c: "Compiler", node: exp.Anonymous) -> Value:
        value = _text(c.value(node.expressions[0]), function.upper())
        count = f"ts_length({_whole(c, node.expressions[1])})"
        return value.become(f"{function}(ts_bmp({value.sql}), {count})", _as_var(value.type))

    return make


def _substring(c: "Compiler", node: exp.Anonymous) -> Value:
    value = c.value(node.expressions[0])
    start, length = (_whole(c, a) for a in node.expressions[1:])
    length = f"ts_length({length})"
    if value.type.name in BINARY:
        constant = node.expressions[2]
        size = int(constant.name) if isinstance(constant, exp.Literal) else value.type.length
        kind = Type(
            "varbinary", max(1, min(size, value.type.length)) if value.type.length > 0 else size
        )
        return value.become(f"ts_bytes({value.sql}, {start}, {length})", kind)
    value = _text(value, "SUBSTRING")
    # A start below 1 reduces the length.
    sql = (
        f"CASE WHEN {length} + least({start} - 1, 0) <= 0 THEN "
        f"CASE WHEN {value.sql} IS NOT NULL AND {length} IS NOT NULL AND {start} IS NOT NULL "
        f"THEN '' END ELSE substring(ts_bmp({value.sql}), greatest({start}, 1), "
        f"{length} + least({start} - 1, 0)) END"
    )
    return value.become(sql, _as_var(value.type))


def _charindex(c: "Compiler", node: exp.Anonymous) -> Value:
    sought = _text(c.value(node.expressions[0]), "CHARINDEX")
    within = _text(c.value(node.expressions[1]), "CHARINDEX")
    kind = types.BIGINT if within.type.length == types.MAX else types.INT
    a, b = _plain(sought), _plain(within)
    if not c.behaviour.is_binary:
        a, b = f"lower({a})", f"lower({b})"
    if len(node.expressions) == 3:
        start = f"greatest({_whole(c, node.expressions[2])}, 1)"
        rest = f"strpos(substring({b}, {start}), {a})"
        sql = f"CASE WHEN {rest} > 0 THEN {rest} + {start} - 1 ELSE {rest} END"
    else:
        sql = f"strpos({b}, {a})"
    sql = f"CASE WHEN {a} = '' THEN 0 ELSE {sql} END"
    return within.become(f"CAST({sql} AS {kind.engine})", kind)


def _plain(value: Value) -> str:
    """The text to replace in. Raises if a collation could match its characters loosely."""
    return f"ts_clear({value.sql})"


def _replace(c: "Compiler", node: exp.Anonymous) -> Value:
    values = [_text(c.value(a), "REPLACE") for a in node.expressions]
    subject, sought, by = values
    if sought.constant is None:
        raise unsupported("REPLACE of a text that is not a constant")
    national = any(v.type.name in NATIONAL for v in values)
    kind = types.nvarchar(4000) if national else types.varchar(8000)
    if any(v.type.length == types.MAX for v in values):
        kind = Type(kind.name, types.MAX)
    has_columns = any(v.has_columns for v in values)
    if not sought.constant:
        sql = f"CASE WHEN {by.sql} IS NOT NULL THEN {subject.sql} END"
        return Value(sql, kind, has_columns=has_columns)
    if c.behaviour.is_binary or sought.constant.lower() == sought.constant.upper():
        sql = f"replace({subject.sql}, {sought.sql}, {by.sql})"
    else:
        import re

        pattern = quote(re.escape(sought.constant))
        new = f"replace({by.sql}, chr(92), chr(92) || chr(92))"
        sql = f"regexp_replace({_plain(subject)}, {pattern}, {new}, 'gi')"
    if kind.length != types.MAX:
        sql = f"{sized('cut', kind)}({sql}, {kind.length})"
    return Value(sql, kind, has_columns=has_columns)


def _replicate(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _text(c.value(node.expressions[0]), "REPLICATE")
    count = _whole(c, node.expressions[1])
    kind = _as_var(value.type)
    if kind.length != types.MAX:
        kind = Type(kind.name, kind.limit)
    sql = f"CASE WHEN {count} >= 0 THEN repeat({value.sql}, {count}) END"
    if kind.length != types.MAX:
        sql = f"{sized('cut', kind)}({sql}, {kind.length})"
    return value.become(sql, kind)


def _space(c: "Compiler", node: exp.Anonymous) -> Value:
    count = c.value(node.expressions[0])
    whole = f"CAST({convert(count, types.INT).sql} AS BIGINT)"
    sql = f"CASE WHEN {whole} >= 0 THEN repeat(' ', least({whole}, 8000)) END"
    return count.become(sql, types.varchar(8000))


def _reverse(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _text(c.value(node.expressions[0]), "REVERSE")
    return value.become(f"ts_reverse(ts_bmp({value.sql}))", _as_var(value.type))


def _stuff(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _text(c.value(node.expressions[0]), "STUFF")
    start, length = (_whole(c, a) for a in node.expressions[1:3])
    new = _text(c.value(node.expressions[3]), "STUFF")
    inner = f"ts_bmp({value.sql})"
    sql = (
        f"CASE WHEN {start} <= 0 OR {start} > length({inner}) OR {length} < 0 THEN NULL "
        f"ELSE left({inner}, {start} - 1) || coalesce({new.sql}, '') "
        f"|| substring({inner}, {start} + {length}) END"
    )
    national = {value.type.name, new.type.name} & NATIONAL
    kind = types.nvarchar(4000) if national else types.varchar(8000)
    has_columns = value.has_columns or new.has_columns
    cut = f"{sized('cut', kind)}({sql}, {kind.length})"
    return Value(cut, kind, has_columns=has_columns)


def _concat(c: "Compiler", node: exp.Anonymous) -> Value:
    return _joined(c, node.expressions, None)


def _concat_ws(c: "Compiler", node: exp.Anonymous) -> Value:
    separator = _text(c.value(node.expressions[0]), "CONCAT_WS")
    return _joined(c, node.expressions[1:], separator)


def _joined(c: "Compiler", nodes: list[exp.Expression], separator: Value | None) -> Value:
    parts: list[Value] = []
    for node in nodes:
        value = c.value(node)
        if value.type == types.NULL:
            value = convert(value, types.varchar(1))
        elif value.type.name in BINARY:
            raise unsupported("CONCAT of binary: CONVERT it to text with a style")
        elif value.type.name not in TEXT:
            value = convert(value, types.varchar(_shown_length(value.type)))
        parts.append(value)
    every = [*parts, separator] if separator is not None else parts
    national = any(v.type.name in NATIONAL for v in every)
    limit = 4000 if national else 8000
    lengths = [v.type.length for v in every]
    listed = ", ".join(v.sql for v in parts)
    if separator is None:
        sql = f"concat({listed})"
        total = sum(lengths)
    else:
        sql = f"concat_ws(coalesce({separator.sql}, ''), {listed})"
        total = sum(v.type.length for v in parts) + separator.type.length * (len(parts) - 1)
    length = types.MAX if types.MAX in lengths else min(total, limit)
    kind = Type("nvarchar" if national else "varchar", length)
    if length != types.MAX and total > limit:
        sql = f"{sized('cut', kind)}({sql}, {limit})"
    return Value(sql, kind, has_columns=any(v.has_columns for v in every))


def _shown_length(kind: Type) -> int:
    """The maximum length of a value's text."""
    known = {"bit": 1, "tinyint": 4, "smallint": 6, "int": 12, "bigint": 20, "date": 10}
    return known.get(kind.name, kind.precision + 3 if kind.name == "decimal" else 40)


def _quotename(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _text(c.value(node.expressions[0]), "QUOTENAME")
    mark = "["
    if len(node.expressions) == 2:
        mark = c.value(node.expressions[1]).constant or ""
    pairs = {"[": "[]", "]": "[]", '"': '""', "'": "''", "(": "()", ")": "()", "{": "{}"}
    pairs |= {"}": "{}", "<": "<>", ">": "<>", "`": "``"}
    if mark not in pairs:
        raise unsupported("QUOTENAME with that character")
    left, right = tuple(pairs[mark])
    sql = (
        f"CASE WHEN ts_units({value.sql}) <= 128 THEN {quote(left)} || "
        f"replace({value.sql}, {quote(right)}, {quote(right * 2)}) || {quote(right)} END"
    )
    return value.become(sql, types.nvarchar(258))


def _str(c: "Compiler", node: exp.Anonymous) -> Value:
    value = convert(c.value(node.expressions[0]), types.FLOAT)
    sizes = []
    for argument in node.expressions[1:]:
        if not (isinstance(argument, exp.Literal) and argument.name.isdigit()):
            raise unsupported("STR with a length that is not a constant")
        sizes.append(int(argument.name))
    length, places = [*sizes, *(10, 0)[len(sizes) :]][:2]
    if places > 0:
        raise unsupported("STR with decimal places")
    text = f"CAST(CAST(round({value.sql}) AS HUGEINT) AS VARCHAR)"
    sql = (
        f"CASE WHEN length({text}) > {length} THEN repeat('*', {length}) "
        f"ELSE lpad({text}, {length}, ' ') END"
    )
    return value.become(sql, types.varchar(length))


def _char(c: "Compiler", node: exp.Anonymous) -> Value:
    value = convert(c.value(node.expressions[0]), types.INT)
    if c.behaviour.is_utf8:
        sql = (
            f"CASE WHEN {value.sql} BETWEEN 1 AND 127 THEN chr({value.sql}) "
            f"WHEN {value.sql} BETWEEN 0 AND 255 THEN error('CHAR of 0 and of 128 to 255 is not "
            "supported by the emulator for UTF-8') END"
        )
        return value.become(sql, Type("char", 1))
    sql = (
        f"CASE WHEN {value.sql} BETWEEN 1 AND 127 OR {value.sql} BETWEEN 160 AND 255 "
        f"THEN chr({value.sql}) WHEN {value.sql} BETWEEN 0 AND 159 THEN "
        f"error('CHAR of 0 and of 128 to 159 is not supported by the emulator') END"
    )
    return value.become(sql, Type("char", 1))


def _nchar(c: "Compiler", node: exp.Anonymous) -> Value:
    value = convert(c.value(node.expressions[0]), types.INT)
    sql = f"CASE WHEN {value.sql} BETWEEN 1 AND 55295 THEN chr({value.sql}) END"
    return value.become(sql, Type("nchar", 1))


def _unicode(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _text(c.value(node.expressions[0]), "UNICODE")
    sql = f"CASE WHEN {value.sql} <> '' THEN CAST(unicode(ts_bmp({value.sql})) AS INTEGER) END"
    return value.become(sql, types.INT)


def _ascii(c: "Compiler", node: exp.Anonymous) -> Value:
    value = convert(_text(c.value(node.expressions[0]), "ASCII"), types.varchar(types.MAX))
    if c.behaviour.is_utf8:
        message = quote("ASCII of another character is not supported by the emulator for UTF-8")
        code = f"unicode({value.sql})"
        sql = (
            f"CASE WHEN {value.sql} <> '' THEN CASE WHEN {code} < 128 "
            f"THEN CAST({code} AS INTEGER) ELSE error({message}) END END"
        )
        return value.become(sql, types.INT)
    sql = (
        f"CASE WHEN {value.sql} = '' THEN NULL "
        f"ELSE CAST(ts_unsigned(unhex(hex(ts_encoded({value.sql}))[1 : 2]), 1) AS INTEGER) END"
    )
    return value.become(sql, types.INT)


def _patindex(c: "Compiler", node: exp.Anonymous) -> Value:
    from medallion_local.tsql import likes

    pattern = c.value(node.expressions[0])
    value = _text(c.value(node.expressions[1]), "PATINDEX")
    if pattern.constant is None or not pattern.constant.startswith("%"):
        raise unsupported("PATINDEX with a pattern that is not a constant with a leading %")
    body = pattern.constant[1:]
    tail = "" if body.endswith("%") else "$"
    regex = likes.expression(body.removesuffix("%"), None, brief(node), c.behaviour) + tail
    flags = "(?s)" if c.behaviour.is_binary else "(?si)"
    inner = _plain(value) if "[" not in body else f"ts_only_ascii({value.sql})"
    found = f"regexp_extract({inner}, {quote(flags + '^(.*?)' + regex)}, 1)"
    matches = f"regexp_matches({inner}, {quote(flags + regex)})"
    sql = f"CASE WHEN {matches} THEN length({found}) + 1 WHEN {value.sql} IS NOT NULL THEN 0 END"
    return value.become(f"CAST({sql} AS INTEGER)", types.INT)


def open_json(value: Value) -> Relation:
    """OPENJSON with its default schema."""
    from medallion_local.tsql.scope import quoted

    text = value.sql
    columns = [
        ("key", types.nvarchar(4000)),
        ("value", types.nvarchar(types.MAX)),
        ("type", types.INT),
    ]
    rows = (
        f"(SELECT e.key AS {quoted('key')}, CASE e.type WHEN 'VARCHAR' THEN e.value ->> '$' "
        "WHEN 'NULL' THEN NULL ELSE e.value::VARCHAR END AS value, "
        "CAST(CASE e.type WHEN 'NULL' THEN 0 WHEN 'VARCHAR' THEN 1 WHEN 'BOOLEAN' THEN 3 "
        "WHEN 'ARRAY' THEN 4 WHEN 'OBJECT' THEN 5 ELSE 2 END AS INTEGER) AS type "
        f"FROM json_each({text}) AS e)"
    )
    return Relation(rows, columns)


def _hashbytes(c: "Compiler", node: exp.Anonymous) -> Value:
    algorithm = (c.value(node.expressions[0]).constant or "").upper()
    functions = {"SHA2_256": ("sha256", 32), "SHA1": ("sha1", 20), "SHA": ("sha1", 20)}
    functions["MD5"] = ("md5", 16)
    if algorithm not in functions:
        raise MedallionError(
            f"HASHBYTES of {algorithm or 'a variable algorithm'} is not supported by "
            "the emulator: use SHA2_256, SHA1 or MD5"
        )
    value = c.value(node.expressions[1])
    if value.type.name not in TEXT | BINARY:
        raise MedallionError(
            f"Msg 8116: Argument data type {value.type.name} is invalid for argument 2 of "
            f"hashbytes function: CONVERT {brief(node.expressions[1])!r} to varchar or varbinary."
        )
    function, length = functions[algorithm]
    data = value.sql
    if value.type.name in TEXT:
        data = f"ts_utf16({data})" if value.type.name in NATIONAL else f"ts_encoded({data})"
    return value.become(f"unhex({function}({data}))", Type("varbinary", length))


# Numbers.


def _number(c: "Compiler", node: exp.Expression, what: str) -> Value:
    value = c.value(node)
    if value.type == types.NULL:
        return convert(value, types.INT)
    if value.type.name in TEXT or value.type.name == "bit":
        return convert(value, types.FLOAT)
    if value.type.name not in NUMBERS:
        raise MedallionError(
            f"Msg 8116: Argument data type {value.type.name} is invalid for argument 1 of {what}."
        )
    if value.type.name in ("tinyint", "smallint"):
        return convert(value, types.INT)
    if value.type.name == "smallmoney":
        return convert(value, types.MONEY_TYPE)
    return convert(value, types.FLOAT) if value.type.name == "real" else value


def _abs(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _number(c, node.expressions[0], "abs")
    return value.become(f"abs({value.sql})", value.type)


def _sign(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _number(c, node.expressions[0], "sign")
    return value.become(f"CAST(sign({value.sql}) AS {value.type.engine})", value.type)


def _level(function: str) -> Callable[["Compiler", exp.Anonymous], Value]:
    """FLOOR and CEILING: a decimal loses its fractional digits."""

    def make(c: "Compiler", node: exp.Anonymous) -> Value:
        value = _number(c, node.expressions[0], function)
        kind = value.type
        if kind.name in INTEGERS:
            return value
        if kind.name == "decimal":
            kind = types.decimal(kind.precision, 0)
            up = "ceil" if function == "ceiling" else "floor"
            return value.become(f"CAST({up}({value.sql}) AS {kind.engine})", kind)
        up = "ceil" if function == "ceiling" else "floor"
        return value.become(f"CAST({up}({value.sql}) AS {kind.engine})", kind)

    return make


def _round(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _number(c, node.expressions[0], "round")
    sizes = []
    for argument in node.expressions[1:]:
        number = c.value(argument).constant
        if number is None or not number.lstrip("-").isdigit():
            raise unsupported("ROUND with a length that is not a constant")
        sizes.append(int(number))
    places, cut = sizes[0], len(sizes) > 1 and sizes[1] != 0
    kind = value.type
    if kind.name in FLOATS:
        if cut:
            raise unsupported("ROUND of float that truncates")
        if places > 0:
            return value.become(f"ts_round({value.sql}, {places})", kind)
        return value.become(f"round({value.sql}, {places})", kind)
    if kind.name in INTEGERS:
        if places >= 0:
            return value
        step = 10**-places
        inner = f"CAST({value.sql} AS HUGEINT)"
        units = f"({inner} // {step})" if cut else f"ts_half({inner}, CAST({step} AS HUGEINT))"
        return value.become(f"CAST({units} * {step} AS {kind.engine})", kind)
    scale = kind.scale if kind.name == "decimal" else 4
    if places >= scale:
        return value
    step = 10 ** (scale - places)
    if step > 10**37:
        raise unsupported("ROUND by that length")
    inner = f"ts_unscaled({value.sql})"
    units = (
        f"({inner} // CAST('{step}' AS HUGEINT))"
        if cut
        else f"ts_half({inner}, CAST('{step}' AS HUGEINT))"
    )
    text = f"ts_scaled({units} * CAST('{step}' AS HUGEINT), {scale})"
    return value.become(f"CAST({text} AS {kind.engine})", kind)


def _power(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _number(c, node.expressions[0], "power")
    exponent = convert(c.value(node.expressions[1]), types.FLOAT)
    raw = f"ts_finite(pow(CAST({value.sql} AS DOUBLE), {exponent.sql}), 'float')"
    has_columns = value.has_columns or exponent.has_columns
    kind = value.type
    if kind.name in INTEGERS:
        return Value(f"CAST(trunc({raw}) AS {kind.engine})", kind, has_columns=has_columns)
    if kind.name == "decimal":
        kind = types.decimal(38, kind.scale)
        if kind.scale > 15:
            raise unsupported("POWER of a decimal with more than 15 digits")
    return Value(f"CAST({raw} AS {kind.engine})", kind, has_columns=has_columns)


def _square(c: "Compiler", node: exp.Anonymous) -> Value:
    value = convert(c.value(node.expressions[0]), types.FLOAT)
    return value.become(f"ts_finite({value.sql} * {value.sql}, 'float')", types.FLOAT)


def _float(function: str, test: str = "true") -> Callable[["Compiler", exp.Anonymous], Value]:
    """A function of float whose argument must satisfy `test`, an SQL text with `{}`."""

    def make(c: "Compiler", node: exp.Anonymous) -> Value:
        value = convert(c.value(node.expressions[0]), types.FLOAT)
        message = "Msg 3623: An invalid floating point operation occurred."
        sql = (
            f"CASE WHEN {test.format(value.sql)} THEN ts_finite({function}({value.sql}), 'float') "
            f"WHEN {value.sql} IS NOT NULL THEN error({quote(message)}) END"
        )
        return value.become(sql, types.FLOAT)

    return make


def _pi(c: "Compiler", node: exp.Anonymous) -> Value:
    return Value("pi()", types.FLOAT)


def _isnumeric(c: "Compiler", node: exp.Anonymous) -> Value:
    value = c.value(node.expressions[0])
    if value.type.name in NUMBERS:
        return value.become(f"CASE WHEN {value.sql} IS NULL THEN 0 ELSE 1 END", types.INT)
    if value.type.name not in TEXT:
        raise unsupported(f"ISNUMERIC of {value.type.name}")
    number = quote(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
    certain = quote(r"[\s]*|.*[A-Ca-cF-Zf-z_/].*")
    sql = (
        f"CASE WHEN {value.sql} IS NULL THEN 0 "
        f"WHEN regexp_full_match({value.sql}, {number}) THEN 1 "
        f"WHEN regexp_full_match({value.sql}, {certain}, 's') THEN 0 ELSE error('ISNUMERIC of a "
        "text with characters that do not occur in numbers is not supported by the emulator') END"
    )
    return value.become(sql, types.INT)


# Clocks, and functions that describe the database.


def clock(c: "Compiler", name: str) -> Value:
    """The current time, as the session defines it."""
    moment = c.now
    text = f"TIMESTAMP '{moment.isoformat(' ')}'"
    if name in ("GETDATE", "GETUTCDATE"):
        return convert(Value(text, types.DATETIME2), types.DATETIME)
    if name == "SYSDATETIMEOFFSET":
        return convert(Value(text, types.DATETIME2), types.DATETIMEOFFSET)
    return Value(text, types.DATETIME2)


def _clock(name: str) -> Callable[["Compiler", exp.Anonymous], Value]:
    return lambda c, node: clock(c, name)


def at_time_zone(c: "Compiler", node: exp.AtTimeZone) -> Value:
    """AT TIME ZONE for UTC only."""
    value = c.value(node.this)
    zone = c.value(node.args["zone"]).constant
    if zone is None or zone.upper() != "UTC":
        raise unsupported(f"AT TIME ZONE {brief(node.args['zone'])} (other than UTC)")
    if value.type.name == "datetimeoffset":
        moved = f"struct_pack(utc := {value.sql}.utc, minutes := CAST(0 AS SMALLINT))"
        return value.become(f"CASE WHEN {value.sql} IS NOT NULL THEN {moved} END", value.type)
    scales = {"datetime2": value.type.scale, "datetime": 3, "smalldatetime": 0}
    if value.type.name not in scales:
        raise MedallionError(
            f"Msg 8116: Argument data type {value.type.name} is invalid for argument 1 of AT TIME "
            "ZONE function."
        )
    return convert(value, Type("datetimeoffset", scale=scales[value.type.name]))


def shown(value: Value) -> str:
    """A value as the client receives it: a datetimeoffset is ISO text with its offset."""
    if value.type.name == "datetimeoffset":
        return convert(value, types.nvarchar(40), style=126).sql
    return value.sql


_Make = Callable[["Compiler", exp.Anonymous], Value]
_FUNCTIONS: dict[str, tuple[int, int, _Make]] = {
    "ISNULL": (2, 2, _isnull),
    "COALESCE": (2, 99, _coalesce),
    "NULLIF": (2, 2, _nullif),
    "IIF": (3, 3, _iif),
    "CHOOSE": (2, 99, _choose),
    "LEN": (1, 1, _len),
    "DATALENGTH": (1, 1, _datalength),
    "UPPER": (1, 1, _cased("upper")),
    "LOWER": (1, 1, _cased("lower")),
    "LTRIM": (1, 1, _trimmed("ltrim")),
    "RTRIM": (1, 1, _trimmed("rtrim")),
    "LEFT": (2, 2, _side("left")),
    "RIGHT": (2, 2, _side("right")),
    "SUBSTRING": (3, 3, _substring),
    "CHARINDEX": (2, 3, _charindex),
    "PATINDEX": (2, 2, _patindex),
    "REPLACE": (3, 3, _replace),
    "REPLICATE": (2, 2, _replicate),
    "SPACE": (1, 1, _space),
    "REVERSE": (1, 1, _reverse),
    "STUFF": (4, 4, _stuff),
    "CONCAT": (2, 254, _concat),
    "CONCAT_WS": (3, 254, _concat_ws),
    "QUOTENAME": (1, 2, _quotename),
    "STR": (1, 3, _str),
    "CHAR": (1, 1, _char),
    "NCHAR": (1, 1, _nchar),
    "UNICODE": (1, 1, _unicode),
    "ASCII": (1, 1, _ascii),
    "HASHBYTES": (2, 2, _hashbytes),
    "ABS": (1, 1, _abs),
    "SIGN": (1, 1, _sign),
    "FLOOR": (1, 1, _level("floor")),
    "CEILING": (1, 1, _level("ceiling")),
    "ROUND": (2, 3, _round),
    "POWER": (2, 2, _power),
    "SQUARE": (1, 1, _square),
    "SQRT": (1, 1, _float("sqrt", "{} >= 0")),
    "EXP": (1, 1, _float("exp")),
    "LOG": (1, 1, _float("ln", "{} > 0")),
    "LOG10": (1, 1, _float("log10", "{} > 0")),
    "SIN": (1, 1, _float("sin")),
    "COS": (1, 1, _float("cos")),
    "TAN": (1, 1, _float("tan")),
    "PI": (0, 0, _pi),
    "ISNUMERIC": (1, 1, _isnumeric),
    **{
        name: (0, 0, _clock(name))
        for name in (
            *("GETDATE", "GETUTCDATE", "SYSDATETIME", "SYSUTCDATETIME", "SYSDATETIMEOFFSET"),
        )
    },
}

__all__ = ["AGGREGATES", "Any", "call", "has_aggregate", "literal", "open_json", "window"]
