"""The scripts of an administrator: what can be known of them without Databricks."""

import re

import pytest

from lakehouse import PROJECT

SCRIPTS = sorted((PROJECT / "sql" / "databricks").glob("*.sql"))
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in SCRIPTS}


def statements(name: str) -> list[str]:
    """A script's statements; its comments are lines of their own, and no text holds a `;`."""
    code = "\n".join(line for line in TEXTS[name].splitlines() if not line.startswith("--"))
    return [one.strip() for one in code.split(";") if one.strip()]


@pytest.mark.parametrize("name", TEXTS)
def test_every_statement_may_run_again(name: str) -> None:
    again = r"CREATE (CATALOG|SCHEMA) IF NOT EXISTS|CREATE OR REPLACE (FUNCTION|POLICY)|GRANT|USE"
    assert [one for one in statements(name) if not re.match(rf"({again}) ", one)] == []


def test_nobody_but_the_pipeline_writes_and_bronze_is_closed() -> None:
    grants = re.findall(
        r"^GRANT ([A-Z, ]+) ON (\w+) (\w+) TO `([\w-]+)`;$", TEXTS["02_grants.sql"], re.M
    )
    assert len(grants) == TEXTS["02_grants.sql"].count("GRANT ")
    for rights, _, name, group in grants:
        assert "ALL PRIVILEGES" not in rights and "MANAGE" not in rights
        if group != "medallion-pipeline":
            assert not {"MODIFY", "CREATE TABLE"} & set(rights.split(", "))
        if group == "medallion-analysts":
            assert name in ("medallion", "gold")


def test_the_policy_masks_the_tag_that_models_carry() -> None:
    policy = TEXTS["03_personal_data.sql"]
    assert "has_tag('pii')" in policy
    assert "medallion-analysts" not in policy.split("EXCEPT")[1]
    tags = re.findall(
        r"databricks_tags: \{(\w+):",
        "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "models").rglob("*.yml")),
    )
    assert set(tags) == {"pii"}
