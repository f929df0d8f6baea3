"""The serverless pool's scripts: running them again changes nothing, and they grant little."""

import re
from datetime import date

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from medallion.home import Home
from medallion_local.azure_sql.tsql import batches
from medallion_local.entra_id.directory import MANAGED
from medallion_local.synapse.database import Database
from medallion_local.synapse.errors import TSqlError
from medallion_local.synapse.run import AFTER, BEFORE, DATABASE, SCRIPTS, VARIABLES, make_database
from medallion_local.synapse.session import Session, run_script

FILES = sorted(SCRIPTS.glob("*.sql"))
EXAMPLE = "08_row_filter_example"
RUN_HERE = [*BEFORE, *AFTER, EXAMPLE]
KEPT = (
    "schemas",
    "data_sources",
    "symmetric_keys",
    "credentials",
    "principals",
    "members",
    "views",
)
ROWS = pa.table(
    {
        "date_day": [date(2025, 1, 1)] * 2,
        "country": ["Chile", "Peru"],
        **{name: ["a", "b"] for name in ("subscription_type", "device_type", "user_name")},
        **{name: [3, 5] for name in ("streams", "listeners", "listen_seconds")},
    }
)
TEXT, NUMBER = "varchar(20)", "bigint"
TYPES = ["date", TEXT, TEXT, TEXT, TEXT, NUMBER, NUMBER, NUMBER]
# All permissions that the scripts grant to a role: to read the views; to create them.
READS = {("SELECT", "SCHEMA::serving"), ("ADMINISTER DATABASE BULK OPERATIONS", "")}
READS |= {("REFERENCES", "DATABASESCOPEDCREDENTIAL::lake")}
PERMITTED = {
    "serving_reader": READS,
    "serving_builder": READS
    | {("CREATE VIEW", ""), ("ALTER", "SCHEMA::serving"), ("VIEW DEFINITION", "SCHEMA::serving")},
    "reader_of_chile": READS - {("SELECT", "SCHEMA::serving")} | {("SELECT", "SCHEMA::filtered")},
}
DENIED = {("serving_reader", "SELECT", "OBJECT::serving.dim_user(user_name)")}


def run(database: Database) -> None:
    for name in RUN_HERE:
        run_script(Session(database), (SCRIPTS / f"{name}.sql").read_text(), VARIABLES)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The objects that the scripts create, over a lake with one table that represents two."""
    folder = tmp_path_factory.mktemp("scripts")
    home = Home(folder / "It's a home")
    home.lake.mkdir(parents=True)
    write_deltalake(str(home.lake / "gold" / "rows"), ROWS)
    make_database(home)
    opened = Database(home, DATABASE)
    columns = ", ".join(map(" ".join, zip(ROWS.column_names, TYPES, strict=True)))
    for view in ("mart_daily_listening", "dim_user"):
        Session(opened).execute(
            f"create view serving.{view} as select {', '.join(ROWS.column_names)} from openrowset("
            f"bulk 'rows', data_source = 'gold', format = 'DELTA') with ({columns}) as r"
        )
    opened.close()
    home.root.rename(folder / "moved ä")
    opened = Database(Home(folder / "moved ä"), DATABASE)
    run(opened)
    yield opened
    opened.close()


def kept(database: Database) -> dict[str, list[tuple]]:
    found = {table: database.rows(f"from stand_in.{table} order by all") for table in KEPT}
    return found | {"permissions": database.rows("from stand_in.permissions order by all")}


def test_scripts_run_again_change_nothing(database):
    before = kept(database)
    assert all(before.values())
    run(database)
    assert kept(database) == before


def test_roles_have_only_the_permissions_that_serving_needs(database):
    rows = database.rows("select grantee, permission, securable, state from stand_in.permissions")
    granted = {name: set() for name in PERMITTED}
    for grantee, permission, securable, state in rows:
        if state == "GRANT":
            granted[grantee].add((permission, securable))
    assert granted == PERMITTED
    assert {row[:3] for row in rows if row[3] == "DENY"} == DENIED


def test_every_grant_in_the_scripts_runs(database):
    """A statement of a script that does not run here would be in no permission above."""
    said = sum(
        len(re.findall(r"\b(?:GRANT|DENY) [A-Z]", file.read_text()))
        for file in FILES
        if file.stem in RUN_HERE
    )
    assert said == len(kept(database)["permissions"])
    for file in FILES:
        if file.stem not in RUN_HERE:
            assert not re.search(r"\b(GRANT|DENY|CREATE (ROLE|LOGIN|USER))\b", file.read_text())


def test_groups_get_permissions_only_by_roles(database):
    assert kept(database)["members"] == [
        ("serving_builder", MANAGED),
        ("serving_reader", "report readers"),
    ]


@pytest.mark.parametrize(
    ("login", "countries"),
    [("care in Chile", ["Chile"]), ("report readers", ["Chile", "Peru"]), ("someone", [])],
)
def test_row_filter_shows_a_role_its_country(database, login, countries):
    team = "care in Chile"
    database.run("insert or ignore into stand_in.members values ('reader_of_chile', ?)", [team])
    asked = "SELECT country FROM filtered.mart_daily_listening ORDER BY country"
    (result,) = Session(database, login).execute(asked)
    assert [row[0] for row in result.rows] == countries


@pytest.mark.parametrize(
    ("name", "said"), [("09_statistics", "BEGIN TRY"), ("10_cost_limits", "The statement DECLARE")]
)
def test_unsupported_statements_are_refused_by_name(database, name, said):
    with pytest.raises(TSqlError, match=said):
        run_script(Session(database), (SCRIPTS / f"{name}.sql").read_text(), VARIABLES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_script_takes_parameters_and_holds_no_secret(file):
    text = file.read_text()
    code = re.sub(r"--.*", "", text)
    assert not re.search(r"PASSWORD|SECRET|SAS|SHARED ACCESS|sig=|WITH ENCRYPTION", code, re.I)
    assert set(re.findall(r"\$\((\w+)\)", code)) <= {*VARIABLES, "DailyTb", "WeeklyTb", "MonthlyTb"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_create_checks_for_or_replaces_an_existing_object(file):
    """A script creates an object only if it is missing, or replaces it."""
    for batch in batches(file.read_text()):
        made = re.search(r"(^\s*|N')CREATE (?!OR ALTER)", batch, re.M)
        assert not made or re.search(r"\bIF NOT EXISTS\b", batch), batch
