"""The replaced driver, as dbt-synapse calls it: tokens, errors and types; and pyodbc's stub."""

import ast
import importlib.metadata
import importlib.util
import struct
from datetime import date
from decimal import Decimal

import pytest

from medallion_local.entra_id.tokens import Issuer
from medallion_local.synapse.run import ODBC
from support.serverless_pool import session

CONNECTION = "DRIVER={ODBC Driver 18 for SQL Server};SERVER=localhost;Database=medallion"
SQL = "https://database.windows.net/"


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """The module as dbt's process imports it, with a database of one view."""
    folder = tmp_path_factory.mktemp("synapse")
    with session(folder):
        pass
    spec = importlib.util.spec_from_file_location("stand_in_pyodbc", ODBC / "pyodbc.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDALLION_HOME", str(folder))
        yield module
    for database in module._databases.values():
        database.close()


def attribute(token: str) -> dict[int, bytes]:
    text = token.encode("utf-16-le")
    return {1256: struct.pack("<I", len(text)) + text}


def token(audience: str = SQL, lifetime: int = 3600) -> str:
    return Issuer(lifetime=lifetime).issue("someone", audience)[0]


def refused(driver, attributes, connection=CONNECTION):
    with pytest.raises(driver.InterfaceError) as failed:
        driver.connect(connection, attrs_before=attributes)
    return str(failed.value.args[1])


def test_token_signs_in_and_values_are_pythons(driver):
    cursor = driver.connect(CONNECTION, attrs_before=attribute(token())).cursor()
    cursor.execute("SELECT [day], plays, CAST(1 AS decimal(9, 2)) AS price FROM serving.mart")
    assert [one[:2] for one in cursor.description] == [
        ("day", date),
        ("plays", int),
        ("price", Decimal),
    ]
    assert cursor.fetchone() == (date(1970, 1, 2), 3, Decimal("1.00"))
    assert not cursor.nextset()


def test_token_of_another_resource_is_refused(driver):
    assert "the token is for https://vault" in refused(
        driver, attribute(token("https://vault.azure.net"))
    )


def test_token_that_has_expired_is_refused(driver):
    assert "expired" in refused(driver, attribute(token(lifetime=-1)))


def test_no_credentials_are_refused(driver):
    assert "18456" in refused(driver, {})


def test_token_beside_a_way_to_sign_in_is_refused(driver):
    both = CONNECTION + ";Authentication=ActiveDirectoryMsi"
    assert "Cannot use Access Token with any" in refused(driver, attribute(token()), both)


def test_token_cut_short_is_refused(driver):
    (cut,) = attribute(token()).values()
    assert "length" in refused(driver, {1256: cut[:-2]})


def test_invalid_token_is_refused(driver):
    assert "the access token is not valid" in refused(driver, attribute("nothing"))


def test_error_of_a_statement_is_a_driver_error(driver):
    cursor = driver.connect(CONNECTION, attrs_before=attribute(token())).cursor()
    with pytest.raises(driver.ProgrammingError, match=r"Invalid object name 'serving\.no'"):
        cursor.execute("SELECT 1 AS a FROM serving.no")


def test_several_results_follow_one_another(driver):
    cursor = driver.connect(CONNECTION, attrs_before=attribute(token())).cursor()
    cursor.execute("SELECT 1 AS a; SELECT 2 AS b")
    assert cursor.fetchall() == [(1,)]
    assert cursor.nextset() and cursor.fetchmany(5) == [(2,)]


def test_driver_has_the_names_of_the_real_one(driver):
    """By pyodbc's own stub: pyodbc itself cannot be imported without Debian's libodbc2."""
    files = importlib.metadata.files("pyodbc")
    stub = ast.parse(next(file for file in files if file.name == "pyodbc.pyi").read_text())
    classes = {one.name: one for one in stub.body if isinstance(one, ast.ClassDef)}
    assert set(vars(driver)) >= {name for name in classes if name.endswith("Error")}
    for name, theirs in classes.items():
        if name.endswith("Error"):
            bases = [base.__name__ for base in vars(driver)[name].__bases__]
            assert bases == [ast.unparse(base) for base in theirs.bases]
    for ours in (driver.Connection, driver.Cursor):
        members = {name for name in vars(ours) if not name.startswith("_")}
        assert members <= names(classes[ours.__name__].body)
    used = {"connect", "drivers", "pooling", "version", "apilevel", "paramstyle", "threadsafety"}
    assert used <= names(stub.body) & set(vars(driver))


def names(body: list[ast.stmt]) -> set[str]:
    """What a body of a stub declares."""
    variables = {one.target.id for one in body if isinstance(one, ast.AnnAssign)}
    return variables | {one.name for one in body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
