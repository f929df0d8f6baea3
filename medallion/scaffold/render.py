"""The text of each file and each entry of a table, from the templates beside this module."""

import json
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from medallion.scaffold import names
from medallion.scaffold.plan import VERSIONS, Plan
from medallion.serving.contract import Column, line
from medallion.yaml_files import parse

_TEMPLATES = Path(__file__).parent / "templates"
_WIDTH = 100


def files(plan: Plan) -> dict[str, str]:
    """The files that belong to the table alone, by their path in the project."""
    found = {
        f"models/bronze/{plan.bronze}": "bronze",
        f"models/silver/staging/{plan.staged}": "staging",
        f"models/silver/core/{plan.published}": "dimension" if plan.history == VERSIONS else "fact",
    }
    texts = {
        f"{path}.{kind}": render(f"{template}.{kind}", plan)
        for path, template in found.items()
        for kind in ("sql", "yml")
    }
    if plan.history == VERSIONS:
        contract = texts[f"models/silver/core/{plan.published}.yml"]
        path = f"models/serving/dedicated/tables/pool__{plan.published}"
        texts[f"{path}.sql"] = render("pool.sql", plan)
        texts[f"{path}.yml"] = render("pool.yml", plan, contract=_contract(contract))
    return texts


def render(name: str, plan: Plan, **more: Any) -> str:
    """The text of one template."""
    return _environment().get_template(f"{name}.jinja").render(plan=plan, **more).lstrip("\n")


def pipeline_entry(plan: Plan) -> dict[str, Any]:
    """The table's entry in the parameter `tables` of pl_ingest."""
    entry = {
        "schema": plan.source.schema,
        "table": plan.source.name,
        "capture_instance": plan.instance,
        "keys": list(plan.source.key),
        "columns": [column.source for column in plan.columns],
        "types": [column.tsql for column in plan.columns],
    }
    if any(column.kind.conversion for column in plan.columns):
        entry["expressions"] = [column.expression for column in plan.columns]
    return entry


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # the templates write SQL and YAML
    )
    environment.globals |= {"comment": _comment, "text": _text, "bracketed": names.bracketed}
    return environment


def _comment(text: str) -> str:
    """An SQL comment, wrapped as sqlfluff asks."""
    return textwrap.fill(
        text, _WIDTH, initial_indent="-- ", subsequent_indent="-- ", break_long_words=False
    )


def _text(text: str) -> str:
    """A text in YAML: JSON's notation is YAML's double-quoted one."""
    return json.dumps(text, ensure_ascii=False)


def _contract(text: str) -> list[Column]:
    (model,) = parse(text)["models"]
    return [
        Column(one["name"], one["data_type"], line(one["description"])) for one in model["columns"]
    ]
