"""The administrator's scripts, as far as they can be tested without Databricks."""

import re

import pytest

from support.lakehouse import PROJECT

SCRIPTS = sorted((PROJECT / "sql" / "databricks").glob("*.sql"))
CATALOG = "${DATABRICKS_CATALOG}"
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in SCRIPTS}
ALL = "".join(TEXTS.values())


def statements(name: str) -> list[str]:
    """A script's statements. Comments are separate lines, and no text literal contains a `;`."""
    code = "\n".join(line for line in TEXTS[name].splitlines() if not line.startswith("--"))
    return [one.strip() for one in code.split(";") if one.strip()]


@pytest.mark.parametrize("name", TEXTS)
def test_every_statement_may_run_again(name: str) -> None:
    again = r"CREATE (EXTERNAL LOCATION|CATALOG|SCHEMA) IF NOT EXISTS"
    again += r"|CREATE OR REPLACE (FUNCTION|POLICY)|GRANT|USE"
    assert [one for one in statements(name) if not re.match(rf"({again}) ", one)] == []


def test_nobody_but_the_pipeline_writes_and_bronze_is_closed() -> None:
    grants = re.findall(
        r"^GRANT ([A-Z, ]+) ON (SCHEMA|CATALOG|EXTERNAL LOCATION) (\S+) TO `([\w-]+)`;$", ALL, re.M
    )
    assert len(grants) == ALL.count("GRANT ")
    for rights, _, name, group in grants:
        assert "ALL PRIVILEGES" not in rights and "MANAGE" not in rights
        given = set(rights.split(", "))
        if group != "medallion-pipeline":
            assert given <= {"USE CATALOG", "USE SCHEMA", "SELECT", "READ FILES", "CREATE SCHEMA"}
            assert "CREATE SCHEMA" not in given or name == f"{CATALOG}_sandbox"
        if group == "medallion-analysts":
            assert name in (CATALOG, "gold")


def test_the_pipeline_reaches_each_container_that_models_name_and_no_credential() -> None:
    locations = set(re.findall(r"LOCATION IF NOT EXISTS (\S+)", ALL))
    containers = {name.removeprefix(f"{CATALOG}_") for name in locations}
    used = {
        "bronze",
        "control",
        "silver",
        "gold",
        "export",
    }  # landed(), location_root, export_root()
    assert containers == {"managed", "silver", "gold", "export"}
    steps = (PROJECT / "docs" / "deployment.md").read_text(encoding="utf-8")
    read_only = re.search(r"for container in ([\w ]+); do\n +databricks external-locations", steps)
    assert read_only and containers | set(read_only[1].split()) == used | {"managed"}
    granted = re.findall(r"ON EXTERNAL LOCATION (\S+) TO `medallion-pipeline`", ALL)
    assert set(granted) == {f"{CATALOG}_{name}" for name in used}
    assert "ON STORAGE CREDENTIAL" not in ALL


def test_scripts_name_the_environment_by_two_variables_alone() -> None:
    named = {one for text in TEXTS.values() for one in re.findall(r"\$\{?(\w+)", text)}
    assert named == {"DATABRICKS_CATALOG", "MEDALLION_STORAGE_ACCOUNT"}
    code = "\n".join(one for name in TEXTS for one in statements(name))
    assert not re.search(r"\bmedallion\b(?!-)", code)


def test_the_policy_masks_the_tag_that_models_carry() -> None:
    policy = TEXTS["03_personal_data.sql"]
    assert "has_tag('pii')" in policy
    assert "medallion-analysts" not in policy.split("EXCEPT")[1]
    tags = re.findall(
        r"databricks_tags: \{(\w+):",
        "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "models").rglob("*.yml")),
    )
    assert set(tags) == {"pii"}
