"""Makes dbt models of metric views: a Databricks view whose measures are aggregated when read.

Source: https://docs.databricks.com/metric-views/data-modeling/syntax.html
"""

import json
from collections.abc import Iterator, Sequence

from medallion.semantic.definition import FILE, Measure, Metric, SemanticModel

PREFIX = "metrics_"
MADE = f"Made by `medallion metrics models` from {FILE.as_posix()}; change it there."
_NAMES = {"sum": "SUM", "average": "AVG", "min": "MIN", "max": "MAX"}


def texts(models: Sequence[SemanticModel]) -> dict[str, str]:
    """An `.sql` and a `.yml` file for each model that has metrics."""
    found = {}
    for model in models:
        if model.metrics:
            name = f"{PREFIX}{model.name}"
            found[f"{name}.sql"] = "\n".join(_definition(model)) + "\n"
            found[f"{name}.yml"] = "\n".join(_properties(model, name)) + "\n"
    return found


def _definition(model: SemanticModel) -> Iterator[str]:
    yield f"{{# {MADE} #}}"
    yield "version: 1.1"
    yield f"source: {{{{ ref({model.ref}) }}}}"
    yield f"comment: {_text(model.description)}"
    yield "dimensions:"
    for dimension in model.dimensions:
        yield f"  - name: {dimension.name}"
        yield f"    expr: {dimension.column.name}"
        yield f"    display_name: {_text(dimension.label)}"
        yield f"    comment: {_text(dimension.column.description)}"
    yield "measures:"
    for metric in model.metrics:
        yield f"  - name: {metric.name}"
        yield f"    expr: {_text(expression(metric))}"
        yield f"    display_name: {_text(metric.label)}"
        yield f"    comment: {_text(metric.description)}"
        if metric.measure and metric.measure.last:
            yield "    window:"
            yield f"      - order: {metric.measure.last.name}"
            yield "        range: current"
            yield "        semiadditive: last"


def expression(metric: Metric) -> str:
    """The aggregate that a metric is, in Databricks' SQL, without its window."""
    if metric.ratio:
        upper, lower = (one.name for one in metric.ratio)
        return f"MEASURE({upper}) / NULLIF(MEASURE({lower}), 0)"
    assert metric.measure is not None
    value = _aggregate(metric.measure, _condition(metric))
    return f"{value} / {metric.measure.divisor}" if metric.measure.divisor else value


def _condition(metric: Metric) -> str:
    if metric.where is None:
        return ""
    return f" FILTER (WHERE {metric.where.column.name} = {str(metric.equals).lower()})"


def _aggregate(measure: Measure, condition: str) -> str:
    value = f"{_NAMES[measure.aggregate]}({measure.column.name}){condition}"
    if measure.one is None:
        return value
    return f"CASE WHEN COUNT(DISTINCT {measure.one.column.name}){condition} = 1 THEN {value} END"


def _properties(model: SemanticModel, name: str) -> Iterator[str]:
    yield f"# {MADE}"
    yield "models:"
    yield f"  - name: {name}"
    yield f"    description: {_text(f'Metrics. {model.description}')}"
    yield "    columns:"
    for dimension in model.dimensions:
        yield f"      - name: {dimension.name}"
        yield f"        description: {_text(dimension.column.description)}"
    for metric in model.metrics:
        yield f"      - name: {metric.name}"
        yield f"        description: {_text(metric.description)}"


def _text(text: str) -> str:
    """A scalar of YAML: every text of JSON is one."""
    return json.dumps(text, ensure_ascii=False)
