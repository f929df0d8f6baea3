"""Who can read a personal column in Databricks, and how: from scripts and YAML, as data.

A query reads through a policy, which masks text for everyone whom it does not exempt. Views apply
the policies of their tables to the user of the session (docs/fidelity.md names the source). READ
FILES reads the files of a table or its landed files, which no policy covers.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.places import PROJECT

SCRIPTS = sorted((PROJECT / "sql" / "databricks").glob("*.sql"))
CATALOG = "${DATABRICKS_CATALOG}"
QUERY, FILES = "query", "files"
MASKED, UNMASKED = "masked", "unmasked"
GRANT = re.compile(
    r"(GRANT|REVOKE) ([A-Z, ]+) ON (SCHEMA|CATALOG|EXTERNAL LOCATION|\w+) (\S+)"
    r" (?:TO|FROM) `([\w-]+)`"
)
POLICY = re.compile(
    r"CREATE OR REPLACE POLICY \S+\s+ON CATALOG (\S+)\s.*?COLUMN MASK (\S+)\s+TO (.*?)\s+"
    r"EXCEPT (.*?)\s+FOR TABLES\s+MATCH COLUMNS has_tag\('(\w+)'\)",
    re.S,
)


@dataclass(frozen=True)
class Personal:
    """A tagged column. `containers` are those of the lake whose files contain its values."""

    schema: str
    table: str
    column: str
    data_type: str
    is_view: bool
    containers: frozenset[str]


@dataclass
class Access:
    """The rights of all groups: privileges by (securable, group), and the policies by catalog."""

    grants: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    exempt: dict[str, set[str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)  # statements that give rights and do not parse

    @property
    def groups(self) -> set[str]:
        """Every group that a script names."""
        return {group for _, _, group in self.grants} | set().union(*self.exempt.values())

    def routes(self, group: str, personal: Personal) -> dict[str, str]:
        """How a group reads a column: `query` and `files`, each `masked` or `unmasked`."""
        found: dict[str, str] = {}
        for kind, name in (("CATALOG", CATALOG), ("SCHEMA", personal.schema)):
            if {"SELECT", "ALL PRIVILEGES"} & self.grants.get((kind, name, group), set()):
                # A policy masks text; a view shows the columns of tables as its reader sees them.
                covered = personal.is_view or personal.data_type in ("", "string")
                exempt = CATALOG not in self.exempt or group in self.exempt[CATALOG]
                found[QUERY] = UNMASKED if exempt or not covered else MASKED
        for container in personal.containers:
            location = ("EXTERNAL LOCATION", f"{CATALOG}_{container}", group)
            if {"READ FILES", "ALL PRIVILEGES"} & self.grants.get(location, set()):
                found[FILES] = UNMASKED
        return found


def read_access(text: str) -> Access:
    """The rights after the statements of a text, which is run from the beginning to the end."""
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    access = Access()
    for statement in (one.strip() for one in code.split(";")):
        if found := GRANT.fullmatch(statement):
            verb, rights, kind, name, group = found.groups()
            held = access.grants.setdefault((kind, name, group), set())
            (held.update if verb == "GRANT" else held.difference_update)(rights.split(", "))
        elif found := POLICY.search(statement):
            catalog, _, subjects, exempt, tag = found.groups()
            if tag == "pii" and "`account users`" in subjects:
                access.exempt[catalog] = set(re.findall(r"`([\w-]+)`", exempt))
        elif re.match(r"GRANT|REVOKE|ALTER .* OWNER|CREATE OR REPLACE POLICY", statement):
            access.unread.append(statement)
    return access


def script_text() -> str:
    """All scripts in the order in which an administrator runs them."""
    return "\n".join(file.read_text(encoding="utf-8") for file in SCRIPTS)


def personal_columns() -> list[Personal]:
    """Every column that a model's YAML tags as personal."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    found = []
    for file in sorted((PROJECT / "models").rglob("*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            config = _config(project["models"]["medallion"], file, model["name"])
            for column in model.get("columns", []):
                if "pii" in column.get("databricks_tags", {}):
                    found.append(_personal(config, model["name"], column))
    return found


def _personal(config: dict[str, str], table: str, column: dict[str, Any]) -> Personal:
    is_view = config["materialized"] == "view"
    own = re.search(r"abfss://(\w+)@", config.get("location_root", ""))
    containers = {own[1] if own else "managed"}
    if config["materialized"] == "streaming_table":
        containers.add("bronze")  # landed files: macros/landing/landed.sql
    data_type = "" if is_view else str(column.get("data_type", "string"))
    return Personal(
        config["schema"],
        table,
        column["name"],
        data_type,
        is_view,
        frozenset() if is_view else frozenset(containers),
    )


def _config(node: dict[str, Any], file: Path, name: str) -> dict[str, str]:
    """The configuration that dbt_project.yml gives a model, from the outermost folder inwards."""
    found: dict[str, str] = {}
    for step in (*file.relative_to(PROJECT / "models").parts[:-1], name):
        node = node.get(step, {})
        found |= {key[1:]: value for key, value in node.items() if key.startswith("+")}
    return found
