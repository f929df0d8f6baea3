"""The data quality rules, read from `config.meta.expectations` of the models' YAML.

They are defined only there. dbt generates the quarantine, the tests and the constraints of the
streaming tables from them; this module feeds the page docs/rules.md and `medallion quarantine`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "rules.md"
MODELS = PROJECT_ROOT / "models"
NAME = re.compile(r"[a-z][a-z0-9_]*")
KEYS = {"name", "expression", "applies_to", "action", "why"}
EXEMPT = {"rows": "", "changes": "_operation = 3", "states": "_operation in (1, 3)"}
APPLIES_TO = {
    "rows": "every row",
    "changes": "all but images before an update",
    "states": "inserts, and images after an update",
}
ACTIONS = {"warn": "kept and reported", "quarantine": "kept out", "fail": "stops the refresh"}
INTRO = """\
# Rules

Written by `medallion rules` from `config.meta.expectations` of the models; change them there.

A rule holds when its expression is true or NULL, as with a CHECK constraint. A row without
`_operation` is not exempt from any rule. The rule's *action* says what happens to a row that
violates it:

- `quarantine`: the row is kept out of silver and gold. It stays with all its reasons in
  `quarantine.quarantined_plays` or `quarantine.quarantined_members` until a later change or file
  fixes it. `medallion quarantine` lists these rows.
- `warn`: the row is kept. The rule's test counts the rows that violate it now, as a warning of
  `dbt build`.
- `fail`: the file is rejected, and the build stops.

*On Databricks* shows the rule in the DDL of its streaming table. A plain `EXPECT` keeps the row and
counts it in the pipeline's event log: bronze is the only copy of the landed data and drops nothing.
A view has no constraints.
"""
COLUMNS = ("rule", "holds when", "applies to", "action", "why", "on Databricks")


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
        """The rule as an SQL boolean that is never NULL, as `expectation_condition` makes it."""
        holds, exempt = f"coalesce(({self.expression}), true)", EXEMPT[self.applies_to]
        return f"(coalesce({exempt}, false) or {holds})" if exempt else holds

    @property
    def clause(self) -> str:
        """The rule in the DDL of a streaming table."""
        if self.layer != "bronze":
            return "none"
        return "`EXPECT … ON VIOLATION FAIL UPDATE`" if self.action == "fail" else "`EXPECT`"


def read_rules(models: Path = MODELS) -> list[Rule]:
    """Every model's rules, bronze first. Raises `MedallionError` for an invalid rule."""
    found: list[Rule] = []
    for file in sorted(models.rglob("*.yml")):
        for model in (YAML(typ="safe").load(file) or {}).get("models", []):
            told = model.get("config", {}).get("meta", {}).get("expectations", [])
            layer = file.relative_to(models).parts[0]
            found += (_rule(layer, model["name"], one, file) for one in told)
    seen: set[tuple[str, str]] = set()
    for rule in found:
        if (rule.model, rule.name) in seen:
            raise MedallionError(f"{rule.model} has two rules named {rule.name}: rename one.")
        seen.add((rule.model, rule.name))
    return found


def _rule(layer: str, model: str, told: dict[str, Any], file: Path) -> Rule:
    where = f"{file}: the rule {told.get('name')} of {model}"
    if unknown := sorted(set(told) - KEYS):
        raise MedallionError(f"{where} has the key {unknown[0]}; allowed are {', '.join(KEYS)}.")
    for key in ("name", "expression", "action", "why"):
        if not isinstance(told.get(key), str):
            raise MedallionError(f"{where} lacks the text {key}; add it.")
    texts = {key: " ".join(value.split()) for key, value in told.items()}
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
                asked, effect = APPLIES_TO[rule.applies_to], ACTIONS[rule.action]
                action = f"`{rule.action}`: {effect}"
                yield _line(
                    [f"`{rule.name}`", f"`{rule.expression}`", asked, action, rule.why, rule.clause]
                )
        yield ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def is_stale(rules: Sequence[Rule], file: Path = PAGE) -> bool:
    """Whether the page differs from the rules."""
    return not file.is_file() or file.read_text(encoding="utf-8") != page(rules)
