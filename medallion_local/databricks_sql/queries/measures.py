"""The YAML of a metric view, and the queries that it stands for.

Source: https://docs.databricks.com/metric-views/data-modeling/syntax.html
"""

import re
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported

_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_DEEPEST = 32
_KNOWN = {"version", "source", "filter", "comment", "dimensions", "measures"}
_FIELD = {"name", "expr", "comment", "display_name", "format", "synonyms"}


@dataclass(frozen=True)
class Measures:
    """A metric view: expressions by the names of its dimensions and measures."""

    name: str
    source: str
    filter: str
    dimensions: dict[str, str]
    measures: dict[str, str]

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

    def measure(self, name: str, columns: list[str], alias: str, depth: int = 0) -> exp.Expression:
        """The aggregate of a measure over `rows`, which have this alias."""
        known = {each.lower(): text for each, text in self.measures.items()}
        if name.lower() not in known:
            raise SqlError(
                f"[UNRESOLVED_COLUMN] {self.name} has no measure `{name}`: its measures are "
                f"{', '.join(self.measures) or 'none'}."
            )
        if depth > _DEEPEST:
            raise SqlError(f"[UNSUPPORTED_FEATURE] The measure {name} of {self.name} reads itself.")
        holder = exp.Paren(this=parse(f"SELECT {known[name.lower()]}").expressions[0])
        held = {column.lower(): column for column in columns}
        for column in list(holder.find_all(exp.Column)):
            found = held.get(column.name.lower())
            if found is not None and column.table.lower() in ("", "source"):
                column.replace(exp.column(_held(found), alias, quoted=True))
        for call in list(holder.find_all(exp.Anonymous)):
            if is_measure(call):
                inner = self.measure(measured(call), columns, alias, depth + 1)
                call.replace(exp.Paren(this=inner))
        return holder.this

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
    except YAMLError as error:
        line = " ".join(str(error).split())
        raise SqlError(f"[METRIC_VIEW_INVALID_VIEW_DEFINITION] {name}: {line}") from None
    if not isinstance(document, dict) or not document.get("source"):
        raise _invalid(name, "it needs a `source`")
    if str(document.get("version")) not in ("0.1", "1.1"):
        raise _invalid(name, "its `version` must be 0.1 or 1.1")
    for key in document:
        if key not in _KNOWN:
            raise unsupported(f"{name}: `{key}` of a metric view")
    dimensions = _fields(name, document.get("dimensions"))
    measures = _fields(name, document.get("measures"))
    if set(dimensions) & set(measures):
        raise _invalid(name, "a dimension and a measure have the same name")
    if not dimensions and not measures:
        raise _invalid(name, "it needs dimensions or measures")
    found = str(document.get("filter") or "")
    return Measures(name, str(document["source"]).strip(), found, dimensions, measures)


def _fields(name: str, listed: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or "name" not in each or "expr" not in each:
            raise _invalid(name, "each dimension and measure needs a `name` and an `expr`")
        for key in each:
            if key not in _FIELD:
                raise unsupported(f"{name}: `{key}` of {each['name']} in a metric view")
        if str(each["name"]) in found:
            raise _invalid(name, f"`{each['name']}` is defined twice")
        found[str(each["name"])] = str(each["expr"])
    return found


def _invalid(name: str, reason: str) -> SqlError:
    return SqlError(f"[METRIC_VIEW_INVALID_VIEW_DEFINITION] {name}: {reason}.")
