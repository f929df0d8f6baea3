"""Checks a factory's JSON against the models of `azure-mgmt-datafactory`.

The models define the properties of an object, which of them are required, and their values. The
`type` of an object selects its subclass. Where a model says `any`, its docstring says more, such as
"Type: boolean (or Expression with resultType boolean)", and the docstring applies. Names of
properties and of enumerated values are case-insensitive, as in the service.
Source: https://learn.microsoft.com/python/api/azure-mgmt-datafactory/azure.mgmt.datafactory.models
"""

import re
from collections.abc import Iterator
from typing import Any

# Takes half a second to import: only the check may import this module.
from azure.mgmt.datafactory.models import _models as all_models

from medallion.adf.check import beyond
from medallion.adf.check.texts import looks_evaluated
from medallion.azure.models.check import NUMBER, Dialect, Found, compare
from medallion.azure.models.fields import Field, bare
from medallion.azure.models.words import is_expression, kind_of

ROOTS: dict[str, type] = {
    "factory": all_models.FactoryProperties,
    "managedVirtualNetwork": all_models.ManagedVirtualNetwork,
    "managedPrivateEndpoint": all_models.ManagedPrivateEndpoint,
    "credential": all_models.Credential,
    "integrationRuntime": all_models.IntegrationRuntime,
    "linkedService": all_models.LinkedService,
    "dataset": all_models.Dataset,
    "dataflow": all_models.DataFlow,
    "pipeline": all_models.Pipeline,
    "trigger": all_models.Trigger,
}
SAID_TYPE = re.compile(r"\bType: ([A-Za-z]+)( of objects| of strings)?(, SecureString)?")
MINIMUM = re.compile(r"minimum: (\d+)")
SPAN = re.compile(r"(\d+[.:])?\d\d?:[0-5]\d(:[0-5]\d(\.\d{1,7})?)?|\d+")
SPAN_PATTERN = r"(\d+)\.)?"  # a docstring with this pattern describes a time span


def check_model(kind: str, properties: Any, path: str = "$.properties") -> Iterator[Found]:
    """The violations of the kind's model in a resource's properties."""
    yield from compare(ROOTS[kind], properties, path, DIALECT)


def _special(field: Field, value: Any, path: str) -> tuple[list[Found], bool]:
    """Check a field against its docstring; return also whether its type hint applies too."""
    if isinstance(value, str) and _secret(field) and looks_evaluated(value):
        return [], False  # Studio writes "@{linkedService().password}" as a plain text
    said = _said_type(field)
    found = list(_said(said, field, value, path)) if said and not is_expression(value) else []
    span = SPAN_PATTERN in field.text.replace("\\\\", "\\")
    if span and isinstance(value, str) and "@" not in value and not SPAN.fullmatch(value):
        fix = "write d.hh:mm:ss, such as 0.12:00:00"
        found.append((path, f"'{value}' is not a time span", fix))
    return found, not said or is_expression(value)


def _secret(field: Field) -> bool:
    hints = [one for one in (field.hint, *bare(field.hint)) if isinstance(one, type)]
    return any(issubclass(one, all_models.SecretBase) for one in hints)


def _said_type(field: Field) -> str:
    """`string`, `boolean`, `integer` and the like, or nothing."""
    if field.hint not in (Any, Any | None) or field.name.lower() in beyond.ANY_JSON:
        return ""
    matched = SAID_TYPE.search(field.text)
    return "" if not matched or matched[3] else matched[1].lower()


def _said(said: str, field: Field, value: Any, path: str) -> Iterator[Found]:
    """Check against the docstring's type, with the conversions that the service does by itself."""
    text = isinstance(value, str)
    if text and "@" in value:
        return  # an expression, or meant as one: the check of expressions reports it
    good = {
        "string": not isinstance(value, list)
        and not (isinstance(value, dict) and "type" not in value),
        "boolean": isinstance(value, bool) or (text and value.lower() in ("true", "false", "")),
        "integer": (isinstance(value, (int, float)) and not isinstance(value, bool))
        or (text and (not value or NUMBER.fullmatch(value))),
    }
    named = {"string": "text", "boolean": "true or false", "integer": "a whole number"}
    if not good.get(said, True):
        fix = f"write {said} JSON or an Expression object"
        yield path, f"expected {named[said]}, found {kind_of(value)}", fix
    least = MINIMUM.search(field.text)
    if least and isinstance(value, int) and value < int(least[1]):
        yield path, f"{value} is less than {least[1]}", f"write {least[1]} or more"


# Studio writes numbers and truth values as texts, and sets properties that are read-only in models.
DIALECT = Dialect(
    texts_convert=True,
    same_case=False,
    sets_readonly=True,
    properties=beyond.PROPERTIES,
    values=beyond.VALUES,
    open_values=beyond.OPEN_VALUES,
    optional=beyond.OPTIONAL,
    keys=beyond.DISCRIMINATORS,
    special=_special,
)
