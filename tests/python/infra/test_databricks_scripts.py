"""The administrator's scripts, as far as they can be tested without Databricks."""

import re

import pytest

from support.databricks_access import (
    CATALOG,
    FILES,
    MASKED,
    QUERY,
    SCRIPTS,
    UNMASKED,
    Access,
    Personal,
    personal_columns,
    read_access,
    script_text,
)
from support.places import PROJECT

TEXTS = {file.name: file.read_text(encoding="utf-8") for file in SCRIPTS}
ALL = "".join(TEXTS.values())


def statements(name: str) -> list[str]:
    """A script's statements. Comments are separate lines, and no text literal contains a `;`."""
    code = "\n".join(line for line in TEXTS[name].splitlines() if not line.startswith("--"))
    return [one.strip() for one in code.split(";") if one.strip()]


@pytest.mark.parametrize("name", TEXTS)
def test_every_statement_may_run_again(name: str) -> None:
    again = r"CREATE (EXTERNAL LOCATION|CATALOG|SCHEMA|VOLUME) IF NOT EXISTS"
    again += r"|CREATE OR REPLACE (FUNCTION|POLICY)|GRANT|REVOKE|USE"
    assert [one for one in statements(name) if not re.match(rf"({again}) ", one)] == []


def test_nobody_but_the_pipeline_writes_and_bronze_is_closed() -> None:
    grants = re.findall(
        r"^GRANT ([A-Z, ]+) ON (SCHEMA|CATALOG|EXTERNAL LOCATION|VOLUME) (\S+) TO `([\w-]+)`;$",
        ALL,
        re.M,
    )
    assert len(grants) == ALL.count("GRANT ")
    for rights, _, name, group in grants:
        assert "ALL PRIVILEGES" not in rights and "MANAGE" not in rights
        given = set(rights.split(", "))
        if group != "medallion-pipeline":
            read = {"USE CATALOG", "USE SCHEMA", "SELECT", "CREATE SCHEMA", "READ VOLUME"}
            assert given <= read
            assert "READ VOLUME" not in given or group == "medallion-engineers"
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


# Who reaches personal data, and how.


def reached(access: Access) -> dict[str, set[tuple[str, str]]]:
    """By group, the routes to any personal column."""
    return {
        group: {route for one in personal_columns() for route in access.routes(group, one).items()}
        for group in access.groups
    }


def test_personal_columns_are_found_with_the_containers_of_their_files() -> None:
    found = {(one.schema, one.table, one.column): one for one in personal_columns()}
    user = found["silver", "dim_user", "user_name"]
    assert (user.is_view, user.containers) == (False, {"silver"})
    landed = found["bronze", "azure_sql__dim_user", "user_name"]
    assert landed.containers == {"bronze", "managed"}
    assert found["silver", "stg_azure_sql__user_changes", "user_name"].is_view
    assert len(found) == 5


def test_every_route_to_personal_data_is_on_the_page() -> None:
    access = read_access(script_text())
    assert access.unread == []
    page = (PROJECT / "docs" / "governance.md").read_text(encoding="utf-8")
    listed = {
        group: {one for one in ((QUERY, by_query), (FILES, by_files)) if one[1] != "no"}
        for group, by_query, by_files in re.findall(
            r"^\| `(medallion-[\w-]+)` \| (masked|unmasked|no) \| (unmasked|no) \|", page, re.M
        )
    }
    assert reached(access) == listed


def test_a_pull_request_reads_personal_data_only_through_the_masks() -> None:
    assert reached(read_access(script_text()))["medallion-ci"] == {(QUERY, MASKED)}


OPENED = {
    "files of bronze": (
        f"GRANT READ FILES ON EXTERNAL LOCATION {CATALOG}_bronze TO `medallion-ci`",
        (FILES, UNMASKED),
    ),
    "files of the dimensions": (
        f"GRANT READ FILES, WRITE FILES ON EXTERNAL LOCATION {CATALOG}_silver TO `medallion-ci`",
        (FILES, UNMASKED),
    ),
    "managed tables' files": (
        f"GRANT ALL PRIVILEGES ON EXTERNAL LOCATION {CATALOG}_managed TO `medallion-ci`",
        (FILES, UNMASKED),
    ),
    "a policy that exempts": (
        f"CREATE OR REPLACE POLICY p ON CATALOG {CATALOG} COLUMN MASK f TO `account users`"
        " EXCEPT `medallion-ci` FOR TABLES MATCH COLUMNS has_tag('pii') AS p ON COLUMN p",
        (QUERY, UNMASKED),
    ),
}


@pytest.mark.parametrize("name", OPENED)
def test_each_way_to_open_personal_data_is_found(name: str) -> None:
    statement, route = OPENED[name]
    assert route in reached(read_access(f"{script_text()};\n{statement};"))["medallion-ci"]


def test_without_a_policy_every_query_is_unmasked() -> None:
    text = script_text().replace("has_tag('pii')", "has_tag('other')")
    assert (QUERY, UNMASKED) in reached(read_access(text))["medallion-engineers"]


def test_a_right_that_cannot_be_read_is_reported() -> None:
    unknown = "ALTER SCHEMA silver OWNER TO `medallion-ci`"
    assert read_access(f"{script_text()};\n{unknown};").unread == [unknown]


def test_a_tagged_number_in_a_table_is_unmasked() -> None:
    """The mask is a function of a text, so a tag on another type protects nothing."""
    age = Personal("silver", "dim_user", "age", "int", False, frozenset())
    access = read_access(script_text())
    assert access.routes("medallion-engineers", age) == {QUERY: UNMASKED}


def test_the_sandbox_has_the_same_policy_as_production() -> None:
    exempt = read_access(script_text()).exempt
    assert exempt[f"{CATALOG}_sandbox"] == exempt[CATALOG]


def test_jobs_of_a_pull_request_know_only_its_own_identity() -> None:
    workflow = (PROJECT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    identities = set(re.findall(r"vars\.(\w*CLIENT_ID)", workflow))
    assert identities == {"DATABRICKS_CI_CLIENT_ID"}
    assert "OPTIONS=--restricted" in workflow
