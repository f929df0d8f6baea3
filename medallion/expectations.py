"""The rules for the data, read from `config.meta.expectations` of the models' YAML.

Each rule is written there once. dbt generates the quarantine, the tests and the constraints of the
streaming tables from it. This module generates docs/rules.md and provides `medallion quarantine`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.macros import call_macro
from medallion.yaml_files import load

PAGE = PROJECT_ROOT / "docs" / "rules.md"
MODELS = PROJECT_ROOT / "models"
NAME = re.compile(r"[a-z][a-z0-9_]*")
KEYS = {"name", "expression", "applies_to", "action", "why"}
APPLIES_TO = {
    "rows": "every row",
    "changes": "all rows except images before an update",
    "states": "inserts and images after an update",
}
ACTIONS = {"warn": "kept and reported", "quarantine": "kept out", "fail": "stops the refresh"}
INTRO = """\
# Rules

`medallion rules` generates this page from `config.meta.expectations` of the models. Change the
rules there.

A row satisfies a rule if the rule's expression is true or NULL, as with a CHECK constraint. Every
rule applies to a row whose `_operation` is missing. The rule's *action* says what happens to a row
that violates it:

- `quarantine`: the row is kept out of silver and gold. It is listed with all its reasons in
  a table of the schema `quarantine` until a later change or file corrects it.
  `medallion quarantine` lists the quarantined rows.
- `warn`: the row is kept. The rule's test counts the rows that violate the rule now, and
  `dbt build` shows a warning.
- `fail`: the file is rejected, and the build stops.

The column *on Databricks* shows the rule's clause in the DDL of its streaming table. A plain
`EXPECT` keeps the row and counts it in the pipeline's event log, because bronze is the only copy of
the landed data and drops nothing. A view has no constraints.
"""
COLUMNS = ("rule", "expression", "applies to", "action", "reason", "on Databricks")


@dataclass(frozen=True)
class Rule:
    """One rule: `layer` is the folder of its model (bronze, silver, gold)."""

    layer: str
    model: str
    name: str
    expression: str
    action: str
    why: str
    applies_to: str = "rows"

    @property
    def relation(self) -> str:
        """The model's table or view."""
        return f"{self.layer}.{self.model}"

    @property
    def condition(self) -> str:
        """The rule as an SQL boolean that is never NULL: the text of `expectation_condition`."""
        return str(call_macro("expectation_condition", asdict(self)))

    @property
    def clause(self) -> str:
        """The rule's clause in the DDL of a streaming table."""
        if self.layer != "bronze":
            return "none"
        return "`EXPECT … ON VIOLATION FAIL UPDATE`" if self.action == "fail" else "`EXPECT`"


def read_rules(models: Path = MODELS) -> list[Rule]:
    """Every model's rules, bronze first. Raises `MedallionError` for an invalid rule."""
    found: list[Rule] = []
    for file in sorted(models.rglob("*.yml")):
        for model in (load(file) or {}).get("models", []):
            entries = model.get("config", {}).get("meta", {}).get("expectations", [])
            layer = file.relative_to(models).parts[0]
            found += (_rule(layer, model["name"], one, file) for one in entries)
    seen: set[tuple[str, str]] = set()
    for rule in found:
        if (rule.model, rule.name) in seen:
            raise MedallionError(f"{rule.model} has two rules named {rule.name}: rename one.")
        seen.add((rule.model, rule.name))
    return found


def _rule(layer: str, model: str, entry: dict[str, Any], file: Path) -> Rule:
    where = f"{file}: the rule {entry.get('name')} of {model}"
    if unknown := sorted(set(entry) - KEYS):
        raise MedallionError(f"{where} has the key {unknown[0]}; allowed are {', '.join(KEYS)}.")
    for key in ("name", "expression", "action", "why"):
        if not isinstance(entry.get(key), str):
            raise MedallionError(f"{where} lacks the text {key}; add it.")
    texts = {key: " ".join(value.split()) for key, value in entry.items()}
    if not NAME.fullmatch(texts["name"]):
        raise MedallionError(f"{where} is not named in lower_snake case; rename it.")
    for key, known in (("action", ACTIONS), ("applies_to", APPLIES_TO)):
        if texts.get(key, "rows") not in known and key in texts:
            raise MedallionError(f"{where} has the {key} {texts[key]}: use {' or '.join(known)}.")
    return Rule(layer, model, **texts)


def page(rules: Sequence[Rule]) -> str:
    """The text of docs/rules.md: a table per model."""
    return "\n".join([INTRO, *_tables(rules)])


def _tables(rules: Sequence[Rule]) -> Iterator[str]:
    for relation in dict.fromkeys(rule.relation for rule in rules):
        yield f"## {relation}\n"
        yield _line(COLUMNS)
        yield _line(["---"] * len(COLUMNS))
        for rule in rules:
            if rule.relation == relation:
                scope, effect = APPLIES_TO[rule.applies_to], ACTIONS[rule.action]
                action = f"`{rule.action}`: {effect}"
                yield _line(
                    [f"`{rule.name}`", f"`{rule.expression}`", scope, action, rule.why, rule.clause]
                )
        yield ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def is_stale(rules: Sequence[Rule], file: Path | None = None) -> bool:
    """Whether the page, by default docs/rules.md, differs from the generated text."""
    file = file or PAGE
    return not file.is_file() or file.read_text(encoding="utf-8") != page(rules)


def require_current(rules: Sequence[Rule]) -> None:
    """Raise `MedallionError` if docs/rules.md differs from the models."""
    if is_stale(rules):
        raise MedallionError(f"{PAGE} is out of date with the models: run `medallion rules`.")
