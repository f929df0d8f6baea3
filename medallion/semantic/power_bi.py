"""Makes a Power BI model in TMDL, which reads Synapse's views by DirectQuery.

Source: https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview
"""

import json
import uuid
from collections.abc import Iterator, Sequence

from medallion.errors import MedallionError
from medallion.semantic.definition import Measure, Metric, SemanticModel
from medallion.serving.contract import Column

FOLDER = "power_bi/lakehouse.SemanticModel"
SCHEMA = "serving"
_SERVER, _DATABASE = "Synapse server", "Synapse database"
_PARAMETERS = {_SERVER: "WORKSPACE-ondemand.sql.azuresynapse.net", _DATABASE: "medallion"}
_TYPES = {
    "string": "string",
    "tinyint": "int64",
    "smallint": "int64",
    "int": "int64",
    "bigint": "int64",
    "float": "double",
    "double": "double",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "dateTime",
    "timestamp": "dateTime",
}
_NAMES = {"sum": "SUM", "average": "AVERAGE", "min": "MIN", "max": "MAX"}


def texts(models: Sequence[SemanticModel]) -> dict[str, str]:
    """The files of a Power BI project's semantic model, by their paths; none without models."""
    if not models:
        return {}
    files = {
        "definition.pbism": json.dumps({"version": "4.2", "settings": {}}, indent=2).split("\n"),
        "definition/database.tmdl": ["database", "\tcompatibilityLevel: 1600"],
        "definition/model.tmdl": _model(models),
        "definition/expressions.tmdl": _parameters(),
        "definition/relationships.tmdl": _relationships(models),
    }
    files |= {f"definition/tables/{model.label}.tmdl": _table(model) for model in models}
    return {f"{FOLDER}/{name}": "\n".join(lines) + "\n" for name, lines in files.items()}


def _model(models: Sequence[SemanticModel]) -> Iterator[str]:
    yield "model Model"
    yield "\tculture: en-US"
    yield "\tdefaultPowerBIDataSourceVersion: powerBI_V3"
    yield "\tdiscourageImplicitMeasures"
    yield ""
    for model in models:
        yield f"ref table {_name(model.label)}"


def _parameters() -> Iterator[str]:
    for name, value in _PARAMETERS.items():
        meta = '[IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
        yield f"expression {_name(name)} = {_string(value)} meta {meta}"
        yield f"\tlineageTag: {_tag('parameter', name)}"
        yield ""


def _relationships(models: Sequence[SemanticModel]) -> Iterator[str]:
    one = {model.primary[0]: (model, model.primary[1]) for model in models if model.primary}
    for model in models:
        for entity, column in model.foreign.items():
            if entity not in one:
                raise MedallionError(
                    f"The semantic model {model.name} has the foreign entity {entity}, which is "
                    "not the primary one of any model."
                )
            other, key = one[entity]
            yield f"relationship {_tag('relationship', model.name, entity)}"
            yield f"\tfromColumn: {_name(model.label)}.{_name(_shown(model, column))}"
            yield f"\ttoColumn: {_name(other.label)}.{_name(_shown(other, key))}"
            yield ""


def _table(model: SemanticModel) -> Iterator[str]:
    yield f"/// {model.description}"
    yield f"table {_name(model.label)}"
    yield f"\tlineageTag: {_tag('table', model.name)}"
    for metric in model.metrics:
        yield ""
        yield f"\t/// {metric.description}"
        yield from _measure(model, metric)
        yield f"\t\tformatString: {_format(metric)}"
        yield f"\t\tlineageTag: {_tag('measure', metric.name)}"
    grouped = {dimension.column for dimension in model.dimensions}
    read = {metric.measure.column for metric in model.metrics if metric.measure}
    related = {*model.foreign.values(), *(model.primary or ())[1:]}
    for column in (one for one in model.columns if one in grouped | read | related):
        yield ""
        yield f"\t/// {column.description}"
        yield f"\tcolumn {_name(_shown(model, column))}"
        yield f"\t\tdataType: {_type(model, column)}"
        if column not in grouped:
            yield "\t\tisHidden"
        if column.kind == "date":
            yield "\t\tformatString: yyyy-mm-dd"
        yield f"\t\tlineageTag: {_tag('column', model.name, column.name)}"
        yield "\t\tsummarizeBy: none"
        yield f"\t\tsourceColumn: {column.name}"
    yield ""
    yield f"\tpartition {_name(model.label)} = m"
    yield "\t\tmode: directQuery"
    yield "\t\tsource ="
    yield from (f"\t\t\t\t{text}" for text in _query(model))


def _query(model: SemanticModel) -> Iterator[str]:
    source = f'Source{{[Schema = "{SCHEMA}", Item = "{model.table}"]}}[Data]'
    yield "let"
    yield f'    Source = Sql.Database(#"{_SERVER}", #"{_DATABASE}"),'
    if model.primary:  # the one side of a relationship has no row without a key
        yield f"    Rows = {source},"
        yield f"    Known = Table.SelectRows(Rows, each [{model.primary[1].name}] <> null)"
    else:
        yield f"    Rows = {source}"
    yield "in"
    yield "    Known" if model.primary else "    Rows"


def _measure(model: SemanticModel, metric: Metric) -> Iterator[str]:
    lines = dax(model, metric).split("\n")
    if len(lines) == 1:
        yield f"\tmeasure {_name(metric.label)} = {lines[0]}"
        return
    yield f"\tmeasure {_name(metric.label)} ="
    yield from (f"\t\t\t{text}" for text in lines)


def dax(model: SemanticModel, metric: Metric) -> str:
    """The metric's DAX; the last days and the filters are those of the visual that shows it."""
    if metric.ratio:
        return f"DIVIDE([{metric.ratio[0].label}], [{metric.ratio[1].label}])"
    measure = metric.measure
    assert measure is not None
    value = _aggregate(model, measure)
    filters = []
    if metric.where:
        wanted = "TRUE()" if metric.equals else "FALSE()"
        filters.append(f"{_column(model, metric.where.column)} = {wanted}")
    if measure.last is None:
        return f"CALCULATE({', '.join([value, *filters])})" if filters else value
    last = _column(model, measure.last.column)
    newest = f"CALCULATE({', '.join([f'MAX({last})', *filters])})" if filters else f"MAX({last})"
    filters.append(f"{last} = LastOne")
    return f"VAR LastOne = {newest}\nRETURN CALCULATE({', '.join([value, *filters])})"


def _aggregate(model: SemanticModel, measure: Measure) -> str:
    value = f"{_NAMES[measure.aggregate]}({_column(model, measure.column)})"
    if measure.divisor:
        value = f"{value} / {measure.divisor}"
    if measure.one is None:
        return value
    return f"IF(HASONEVALUE({_column(model, measure.one.column)}), {value})"


def _column(model: SemanticModel, column: Column) -> str:
    table = model.label.replace("'", "''")
    return f"'{table}'[{_shown(model, column).replace(']', ']]')}]"


def _shown(model: SemanticModel, column: Column) -> str:
    """The label of its dimension. A hidden column's name differs from that of any metric."""
    labels = {dimension.column: dimension.label for dimension in model.dimensions}
    return labels.get(column, f"_{column.name}")


def _type(model: SemanticModel, column: Column) -> str:
    kind = column.kind.partition("(")[0]
    if kind not in _TYPES:
        raise MedallionError(
            f"The semantic model {model.name} has a column of a type that Power BI lacks: "
            f"{column.name} is {column.kind}."
        )
    return _TYPES[kind]


def _format(metric: Metric) -> str:
    if metric.ratio:
        return "0.0%"
    assert metric.measure is not None
    if metric.measure.column.kind.startswith("decimal"):
        return "#,0.00"
    whole = metric.measure.aggregate != "average" and not metric.measure.divisor
    return "#,0" if whole else "#,0.0"


def _name(name: str) -> str:
    """An object's name in TMDL, quoted unless it is a word."""
    return name if name.isidentifier() else "'" + name.replace("'", "''") + "'"


def _string(text: str) -> str:
    """A text of Power Query's language M."""
    return '"' + text.replace('"', '""') + '"'


def _tag(*parts: str) -> str:
    """An object's lineage tag: it stays when the object is made again."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("medallion", *parts))))
