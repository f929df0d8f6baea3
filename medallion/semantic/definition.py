"""The metrics of models/semantic/_metrics.yml, in the part of dbt's format that both makers have.

Source: https://docs.getdbt.com/docs/build/semantic-models. dbt itself validates the file when it
parses the project.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.serving.contract import Column, line, served_tables
from medallion.yaml_files import load

FILE = Path("models", "semantic", "_metrics.yml")
AGGREGATES = {"sum", "average", "min", "max"}
ENTITIES = ("foreign", "primary")
_REF = re.compile(r"ref\(\s*'(\w+)'\s*(?:,\s*v\s*=\s*(\d+)\s*)?\)")
_EXPRESSION = re.compile(r"(\w+)(?:\s*/\s*(\d+))?")
_FILTER = re.compile(r"\{\{\s*Dimension\('(\w+)__(\w+)'\)\s*\}\}\s*=\s*(true|false)")


@dataclass(frozen=True)
class Dimension:
    """What metrics are grouped by: a column of the table."""

    name: str
    label: str
    column: Column


@dataclass(frozen=True)
class Measure:
    """An aggregate of a column.

    `divisor` divides the result. `last` is the dimension of which only the last value counts.
    `one` is the dimension that must have one value: the aggregate of several is NULL.
    """

    aggregate: str
    column: Column
    divisor: int | None = None
    last: Dimension | None = None
    one: Dimension | None = None


@dataclass(frozen=True)
class Metric:
    """A measure of the rows whose `where` is `equals`, or the ratio of two metrics."""

    name: str
    label: str
    description: str
    measure: Measure | None = None
    where: Dimension | None = None
    equals: bool = True
    ratio: tuple["Metric", "Metric"] | None = None


@dataclass(frozen=True)
class SemanticModel:
    """The dimensions and metrics of one table of gold or of the star schema.

    `ref` are the arguments of dbt's `ref`. `foreign` maps the names of entities to this table's
    columns; `primary` is the entity of which it has one row each, and its column.
    """

    name: str
    label: str
    description: str
    table: str
    ref: str
    columns: tuple[Column, ...]
    dimensions: tuple[Dimension, ...]
    metrics: tuple[Metric, ...]
    foreign: Mapping[str, Column]
    primary: tuple[str, Column] | None


def semantic_models(project: Path = PROJECT_ROOT) -> list[SemanticModel]:
    """All semantic models of the project; none if it has no file of metrics.

    Raises `MedallionError` for what a metric view or a Power BI model would not answer alike.
    """
    if not (project / FILE).exists():
        return []
    document = load(project / FILE) or {}
    tables = {table.name: table.columns for table in served_tables(project)}
    metrics = {metric["name"]: metric for metric in document.get("metrics", [])}
    readers = [_Reader(one, tables, metrics) for one in document.get("semantic_models", [])]
    known = {name for reader in readers for name in reader.measures}
    for name, metric in metrics.items():
        measure = metric["type_params"].get("measure")
        if measure is not None and measure not in known:
            _refuse(f"the metric {name}", f"its measure {measure} does not exist")
    models = [reader.model() for reader in readers]
    made = {metric.name for model in models for metric in model.metrics}
    for name in metrics.keys() - made:
        _refuse(f"the metric {name}", "its parts are not simple metrics")
    return models


class _Reader:
    """Reads one semantic model."""

    def __init__(
        self,
        given: Mapping[str, Any],
        tables: Mapping[str, tuple[Column, ...]],
        metrics: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._given, self._all = given, metrics
        self._where = f"the semantic model {given['name']}"
        found = _REF.fullmatch(given["model"])
        if found is None or found[1] not in tables:
            _refuse(self._where, f"{given['model']} is not a table that Synapse serves")
        self._table, self._version = found[1], found[2]
        self._columns = {column.name: column for column in tables[found[1]] if column.served}
        self._dimensions = {
            one["name"]: Dimension(
                one["name"], one.get("label", one["name"]), self._column(one, "dimension")
            )
            for one in given.get("dimensions", [])
        }
        self.measures = {one["name"]: one for one in given.get("measures", [])}

    def model(self) -> SemanticModel:
        """The model with its metrics, in the order of the file."""
        given, entities = self._given, self._given.get("entities", [])
        columns = {one["name"]: self._column(one, "entity") for one in entities}
        of = {kind: [o["name"] for o in entities if o["type"] == kind] for kind in ENTITIES}
        if sum(map(len, of.values())) < len(entities):
            _refuse(self._where, f"an entity must be {' or '.join(ENTITIES)}")
        return SemanticModel(
            given["name"],
            given.get("label", given["name"]),
            line(given.get("description", "")),
            self._table,
            f"'{self._table}'" + (f", v={self._version}" if self._version else ""),
            tuple(self._columns.values()),
            tuple(self._dimensions.values()),
            tuple(self._metrics()),
            {name: columns[name] for name in of["foreign"]},
            next(((name, columns[name]) for name in of["primary"]), None),
        )

    def _column(self, given: Mapping[str, Any], kind: str) -> Column:
        name = given.get("expr", given["name"])
        if name not in self._columns:
            _refuse(self._where, f"its {kind} {given['name']} is not a column of {self._table}")
        return self._columns[name]

    def _metrics(self) -> Iterator[Metric]:
        for name, given in self._all.items():
            parameters = given["type_params"]
            if given["type"] == "simple":
                if parameters["measure"] in self.measures:
                    yield self._metric(name)
            elif given["type"] != "ratio":
                _refuse(f"the metric {name}", "its type is neither simple nor ratio")
            elif self._is_own(parameters["numerator"]):
                if not self._is_own(parameters["denominator"]):
                    _refuse(f"the metric {name}", "its parts are of two semantic models")
                yield self._metric(name)

    def _is_own(self, name: str) -> bool:
        parameters = self._all.get(name, {}).get("type_params", {})
        return parameters.get("measure") in self.measures

    def _metric(self, name: str) -> Metric:
        given = self._all[name]
        about = (name, given["label"], line(given["description"]))
        parameters = given["type_params"]
        if given["type"] == "ratio":
            if "filter" in given:
                _refuse(f"the metric {name}", "only its parts can have a filter")
            parts = (parameters["numerator"], parameters["denominator"])
            return Metric(*about, ratio=(self._metric(parts[0]), self._metric(parts[1])))
        measure = self._measure(self.measures[parameters["measure"]])
        if "filter" not in given:
            return Metric(*about, measure)
        found = _FILTER.fullmatch(given["filter"])
        if found is None or found[2] not in self._dimensions:
            _refuse(f"the metric {name}", "its filter is not `dimension = true` or false")
        return Metric(*about, measure, self._dimensions[found[2]], found[3] == "true")

    def _measure(self, given: Mapping[str, Any]) -> Measure:
        where = f"the measure {given['name']}"
        if given["agg"] not in AGGREGATES:
            _refuse(where, f"its agg {given['agg']} is not one of {', '.join(sorted(AGGREGATES))}")
        found = _EXPRESSION.fullmatch(given.get("expr", given["name"]))
        if found is None:
            _refuse(where, "its expr is neither a column nor a column divided by a whole number")
        additive = given.get("non_additive_dimension")
        if additive and (additive.get("window_choice") != "max" or len(additive) != 2):
            _refuse(where, "of its non_additive_dimension, only the max can be chosen")
        one = given.get("config", {}).get("meta", {}).get("one")
        return Measure(
            given["agg"],
            self._column({"name": given["name"], "expr": found[1]}, "measure"),
            int(found[2]) if found[2] else None,
            self._dimensions[additive["name"]] if additive else None,
            self._one(one, where) if one else None,
        )

    def _one(self, name: str, where: str) -> Dimension:
        if name not in self._dimensions:
            _refuse(where, f"its meta.one {name} is not a dimension")
        return self._dimensions[name]


def _refuse(where: str, reason: str) -> NoReturn:
    raise MedallionError(f"{FILE.as_posix()}: {where} cannot be made: {reason}.")
