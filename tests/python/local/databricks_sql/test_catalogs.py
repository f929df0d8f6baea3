"""Several catalogs in one warehouse."""

import json
import sqlite3

import pytest

from medallion.home import Home
from medallion_local.databricks_sql.catalog import Catalog
from medallion_local.databricks_sql.lifecycle import process
from medallion_local.databricks_sql.lifecycle.client import create_catalogs
from support.warehouse_sql import ENGINES, Started, close_all, failing


@pytest.fixture(scope="module", params=ENGINES)
def warehouse(request, tmp_path_factory):
    """A warehouse whose catalogs are `dev` and `prod`, each with a schema `s`."""
    started = Started(Home(tmp_path_factory.mktemp("catalogs")), request.param, catalog="dev")
    create_catalogs(started.home, started.state, ["dev", "prod"])
    for catalog in ("dev", "prod"):
        started.run(f"create schema {catalog}.s comment 'of {catalog}'")
        started.run(f"create table {catalog}.s.t as select '{catalog}' as name, 1 as one")
    yield started
    close_all()
    process.stop(started.home)


def test_a_name_has_a_catalog(warehouse):
    joined = "select a.name, b.name as other from dev.s.t a join prod.s.t b on a.one = b.one"
    assert warehouse.rows(joined) == [("dev", "prod")]
    assert warehouse.rows("select prod.s.t.name from prod.s.t") == [("prod",)]
    assert warehouse.rows("select name from s.t") == [("dev",)]
    warehouse.run("create view prod.s.v as select name from s.t")
    warehouse.run("insert into prod.s.t select name, 2 from dev.s.t")
    assert warehouse.rows("select count(*) from prod.s.t") == [(2,)]
    # an unqualified name in a view is of the catalog in which the view was created
    other = warehouse.connect(catalog="prod")
    assert warehouse.rows("select * from s.v", other) == [("dev",)]
    warehouse.run("delete from prod.s.t where one = 2")


def test_the_current_catalog(warehouse):
    connection = warehouse.connect(catalog="PROD")
    here = "select current_catalog(), current_schema()"
    assert warehouse.rows(here, connection) == [("prod", "default")]
    assert warehouse.rows("select name from s.t", connection) == [("prod",)]
    warehouse.run("use dev.s", connection)
    assert warehouse.rows(here, connection) == [("dev", "s")]
    warehouse.run("use catalog prod", connection)
    assert warehouse.rows(here, connection) == [("prod", "default")]
    assert "NO_SUCH_CATALOG" in failing(lambda: warehouse.run("use catalog nothing", connection))
    assert "NO_SUCH_CATALOG" in failing(lambda: warehouse.connect(catalog="nothing"))
    assert "SCHEMA_NOT_FOUND" in failing(lambda: warehouse.run("use prod.nothing", connection))


def test_unknown_names(warehouse):
    assert "NO_SUCH_CATALOG" in warehouse.fails("create schema nothing.s")
    assert "`prod`.`s`.`nothing`" in warehouse.fails("select * from prod.s.nothing")
    assert "UC_HIVE_METASTORE_DISABLED" in warehouse.fails("use catalog hive_metastore")
    assert "UC_HIVE_METASTORE_DISABLED" in warehouse.fails("create schema hive_metastore.s")


def test_a_catalog_is_created_and_dropped(warehouse):
    warehouse.run("create catalog c comment 'a third'")
    warehouse.run("create catalog if not exists C")
    assert "ALREADY_EXISTS" in warehouse.fails("create catalog c")
    assert "reserved" in warehouse.fails("create catalog system")
    assert warehouse.rows("show catalogs") == [("c",), ("dev",), ("prod",), ("system",)]
    assert warehouse.rows("show catalogs like 'p*'") == [("prod",)]
    assert ("Comment", "a third") in warehouse.rows("describe catalog c")
    assert warehouse.rows("show schemas in c") == [("default",)]
    warehouse.run("create table c.default.t as select 1 as one")
    assert "CATALOG_NOT_EMPTY" in warehouse.fails("drop catalog c")
    warehouse.run("drop catalog c cascade")
    warehouse.run("drop catalog if exists c")
    assert "NO_SUCH_CATALOG" in warehouse.fails("drop catalog c")
    assert "not found" in warehouse.fails("select * from c.default.t").replace("cannot be ", "not ")


def test_each_catalog_has_an_information_schema(warehouse):
    count = "select count(*) from {} where table_schema = 's' and table_name = 't'"
    assert warehouse.rows(count.format("system.information_schema.tables")) == [(2,)]
    assert warehouse.rows(count.format("prod.information_schema.tables")) == [(1,)]
    own = "select distinct table_catalog from information_schema.tables"
    assert warehouse.rows(own) == [("dev",)]
    assert warehouse.rows(own, warehouse.connect(catalog="prod")) == [("prod",)]
    known = "select catalog_name from system.information_schema.catalogs order by 1"
    assert warehouse.rows(known) == [("dev",), ("prod",)]
    assert "NO_SUCH_CATALOG" in warehouse.fails(count.format("nothing.information_schema.tables"))


def test_the_metadata_calls_name_the_catalog(warehouse):
    with warehouse.connect().cursor() as cursor:
        listed = cursor.tables(catalog_name="prod", schema_name="s").fetchall()
        assert {(row[0], row[2]) for row in listed} == {("prod", "t"), ("prod", "v")}
        assert {row[0] for row in cursor.catalogs().fetchall()} == {"dev", "prod", "system"}
        assert [row[1] for row in cursor.schemas(schema_name="s").fetchall()] == ["dev", "prod"]


def test_a_file_without_catalogs_is_of_the_sample(tmp_path):
    """An earlier version wrote it."""
    file = tmp_path / "c.sqlite"
    with sqlite3.connect(file) as db:
        db.execute("create table schemas (name text primary key, comment text)")
        db.execute("create table relations (schema text, name text, body text not null)")
        db.execute("insert into schemas values ('s', 'kept')")
        body = {"schema": "s", "name": "t", "kind": "MANAGED", "columns": [], "constraints": []}
        db.execute("insert into relations values ('s', 't', ?)", (json.dumps(body),))
    catalog = Catalog(file, tmp_path, "dev")
    assert list(catalog.catalogs()) == ["medallion"] and catalog.schemas() == ["s"]
    assert catalog.get(("s", "t")).full_name == "medallion.s.t"
    catalog.close()


def test_the_catalogs_outlive_the_server(warehouse):
    assert process.stop(warehouse.home)
    again = Started(warehouse.home)
    assert again.rows("select name from s.t") == [("dev",)]
    assert again.rows("select name from prod.s.t") == [("prod",)]
    assert again.state.catalog == "dev"
