"""The YAML of a metric view, and the queries that it stands for.

Source: https://docs.databricks.com/metric-views/data-modeling/syntax.html
"""

import re
from collections.abc import Collection, Set
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from sqlglot import exp

from medallion_local.databricks_sql.language.aggregates import is_aggregate
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported

_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_DEEPEST = 32
_MOST_READ = 1000  # measures that one measure reads, counted at each place
_KNOWN = {"version", "source", "filter", "comment", "dimensions", "measures"}
_FIELD = {"name", "expr", "comment", "display_name", "format", "synonyms"}
_ENDS = {"first": "MIN", "last": "MAX"}


@dataclass(frozen=True)
class Window:
    """A measure counts only the rows of a group with its first or last value of `order`.

    Unless the query groups by `order`: each group then has one value of it.
    """

    order: str
    end: str

    @property
    def flag(self) -> str:
        """The column that says whether a row counts."""
        return f"_{self.end}_{self.order}"

    def flagged(self, keys: list[str]) -> str:
        """That column, of a query whose groups have these keys."""
        order = quoted(self.order)
        grouped = f"PARTITION BY {', '.join(keys)}" if keys else ""
        return f"{order} = {_ENDS[self.end]}({order}) OVER ({grouped}) AS {quoted(self.flag)}"


@dataclass(frozen=True)
class Measure:
    """An aggregate, as text, and its window if it has one."""

    text: str
    window: Window | None = None


@dataclass(frozen=True)
class Measures:
    """A metric view: its dimensions' expressions and its measures, by name."""

    name: str
    source: str
    filter: str
    dimensions: dict[str, str]
    measures: dict[str, Measure]

    @property
    def source_query(self) -> str:
        """All rows of the source."""
        source = f"({self.source})" if _QUERY.match(self.source) else self.source
        return f"SELECT * FROM {source} AS source"

    def rows(self, columns: list[str]) -> str:
        """The dimensions of each row, and the source's columns under names of their own."""
        items = [f"{text} AS {quoted(name)}" for name, text in self.dimensions.items()]
        items += [f"source.{quoted(name)} AS {quoted(_held(name))}" for name in columns]
        where = f" WHERE {self.filter}" if self.filter else ""
        return self.source_query.replace("SELECT *", f"SELECT {', '.join(items)}", 1) + where

    def windows(self, name: str) -> set[Window]:
        """The windows of a measure and of those that it reads.

        Raises if they are so many that the measure's text would fill the memory.
        """
        found: set[Window] = set()
        sizes: dict[str, int] = {}

        def size(name: str, depth: int = 0) -> int:
            measure = self._measure(name, depth)
            if name not in sizes:
                found.update({measure.window} if measure.window else ())
                calls = parse(f"SELECT {measure.text}").find_all(exp.Anonymous)
                read = [measured(call) for call in calls if is_measure(call)]
                sizes[name] = 1 + sum(size(one, depth + 1) for one in read)
            return sizes[name]

        if size(name) > _MOST_READ:
            raise unsupported(
                f"{self.name}: {name} reads measures {sizes[name] - 1:,} times "
                f"(at most {_MOST_READ:,})"
            )
        return found

    def measure(
        self, name: str, columns: list[str], alias: str, flagged: Collection[Window] = ()
    ) -> exp.Expression:
        """The aggregate of a measure over `rows`, which have this alias.

        The rows have the columns of the `flagged` windows. No other window restricts a measure.
        """
        self.windows(name)  # raises if the aggregate would be too long, or endless
        return self._inlined(name, columns, alias, flagged)

    def _inlined(
        self, name: str, columns: list[str], alias: str, flagged: Collection[Window]
    ) -> exp.Expression:
        measure = self._measure(name)
        holder = exp.Paren(this=parse(f"SELECT {measure.text}").expressions[0])
        held = {column.lower(): column for column in columns}
        for column in list(holder.find_all(exp.Column)):
            found = held.get(column.name.lower())
            names_measure = isinstance(column.parent, exp.Anonymous) and is_measure(column.parent)
            if found and not names_measure and column.table.lower() in ("", "source"):
                column.replace(exp.column(_held(found), alias, quoted=True))
        if measure.window is not None and measure.window in flagged:
            _restrict(holder, exp.column(measure.window.flag, alias, quoted=True))
        for call in list(holder.find_all(exp.Anonymous)):
            if is_measure(call):
                inner = self._inlined(measured(call), columns, alias, flagged)
                call.replace(exp.Paren(this=inner))
        return holder.this

    def _measure(self, name: str, depth: int = 0) -> Measure:
        known = {each.lower(): measure for each, measure in self.measures.items()}
        if name.lower() not in known:
            raise SqlError(
                f"[UNRESOLVED_COLUMN] {self.name} has no measure `{name}`: its measures are "
                f"{', '.join(self.measures) or 'none'}."
            )
        if depth > _DEEPEST:
            raise SqlError(f"[UNSUPPORTED_FEATURE] The measure {name} of {self.name} reads itself.")
        return known[name.lower()]

    def described(self, columns: list[str]) -> str:
        """A query with the columns of the view, from which their types are known."""
        items = [quoted(name) for name in self.dimensions]
        groups = ", ".join(items)
        items += [
            f"{render(self.measure(name, columns, '_rows'))} AS {quoted(name)}"
            for name in self.measures
        ]
        query = f"SELECT {', '.join(items)} FROM ({self.rows(columns)}) AS _rows"
        return f"{query} GROUP BY {groups}" if groups else query


def _restrict(holder: exp.Expression, flag: exp.Column) -> None:
    """Let each aggregate read only the rows that the flag names."""
    for aggregate in [node for node in holder.find_all(exp.Expression) if is_aggregate(node)]:
        outer = aggregate.parent
        if isinstance(outer, exp.Filter):
            where = outer.expression
            where.set("this", exp.and_(where.this, flag.copy()))
        else:
            where = exp.Where(this=flag.copy())
            aggregate.replace(exp.Filter(this=aggregate.copy(), expression=where))


def _held(column: str) -> str:
    return f"_source_{column}"


def is_measure(call: exp.Anonymous) -> bool:
    """Whether a call is MEASURE(name)."""
    return call.name.lower() == "measure" and len(call.expressions) == 1


def measured(call: exp.Anonymous) -> str:
    """The name of the measure that MEASURE reads."""
    [argument] = call.expressions
    if not isinstance(argument, exp.Column):
        raise unsupported(f"{render(call)} (write MEASURE(name))")
    return argument.name


def measures_of(name: str, text: str) -> Measures:
    """The metric view that the YAML defines. Raises for what is not supported here."""
    try:
        document = YAML(typ="safe").load(text)
    except (YAMLError, ValueError, KeyError) as error:  # the latter two from tags such as !!int
        line = " ".join(str(error).split())
        raise SqlError(f"[METRIC_VIEW_INVALID_VIEW_DEFINITION] {name}: {line}") from None
    if not isinstance(document, dict) or not document.get("source"):
        raise _invalid(name, "it needs a `source`")
    if _text(name, "version", document.get("version")) not in ("0.1", "1.1"):
        raise _invalid(name, "its `version` must be 0.1 or 1.1")
    for key in document:
        if key not in _KNOWN:
            raise unsupported(f"{name}: `{key}` of a metric view")
    dimensions = {
        field: _text(name, f"expr of {field}", each["expr"])
        for field, each in _fields(name, document.get("dimensions"), _FIELD).items()
    }
    measures = {
        field: Measure(
            _text(name, f"expr of {field}", each["expr"]), _window(name, each, dimensions)
        )
        for field, each in _fields(name, document.get("measures"), _FIELD | {"window"}).items()
    }
    if set(dimensions) & set(measures):
        raise _invalid(name, "a dimension and a measure have the same name")
    if not dimensions and not measures:
        raise _invalid(name, "it needs dimensions or measures")
    found = _text(name, "filter", document.get("filter") or "")
    source = _text(name, "source", document["source"]).strip()
    return Measures(name, source, found, dimensions, measures)


def _text(name: str, field: str, value: object) -> str:
    """A scalar as text. The text of a list could be huge, because YAML lets parts be shared."""
    if not isinstance(value, str | int | float):
        raise _invalid(name, f"its {field} must be a text")
    return str(value)


def _fields(name: str, listed: object, known: Set[str]) -> dict[str, dict]:
    found: dict[str, dict] = {}
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or "name" not in each or "expr" not in each:
            raise _invalid(name, "each dimension and measure needs a `name` and an `expr`")
        field = _text(name, "name of a dimension or measure", each["name"])
        for key in each:
            if key not in known:
                raise unsupported(f"{name}: `{key}` of {field} in a metric view")
        if field in found:
            raise _invalid(name, f"`{field}` is defined twice")
        found[field] = each
    return found


def _window(name: str, measure: dict, dimensions: Collection[str]) -> Window | None:
    """The one window that is supported: the first or last value of a dimension."""
    if "window" not in measure:
        return None
    listed = measure["window"]
    one = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
    if (
        not isinstance(one, dict)
        or set(one) != {"order", "range", "semiadditive"}
        or not all(isinstance(value, str) for value in one.values())
        or one["range"] != "current"
        or one["semiadditive"] not in _ENDS
    ):
        raise unsupported(
            f"{name}: the window of {measure['name']} (one with `range: current` and the first or "
            "last value of `semiadditive` is possible)"
        )
    order = next((each for each in dimensions if each.lower() == str(one["order"]).lower()), None)
    if order is None:
        raise _invalid(name, f"the window of {measure['name']} is not ordered by a dimension")
    return Window(order, one["semiadditive"])


def _invalid(name: str, reason: str) -> SqlError:
    return SqlError(f"[METRIC_VIEW_INVALID_VIEW_DEFINITION] {name}: {reason}.")
