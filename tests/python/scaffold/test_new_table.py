"""`medallion new table`: what it generates, what it proposes after a change, what it refuses."""

import json
import shutil

import pytest
from ruamel.yaml import YAML

from medallion.entities import read_entities, unmodelled
from medallion.errors import MedallionError
from medallion.expectations import read_rules
from medallion.home import PROJECT_ROOT
from medallion.scaffold import workspace
from medallion.scaffold.catalogue import read_catalogue
from medallion.scaffold.entries import listed_tables
from medallion.scaffold.new_table import Options, propose
from medallion.serving.contract import POOLED, served_tables
from support.source_catalogue import rows

PRODUCT = {
    "ProductId": "uniqueidentifier",
    "ProductName": "nvarchar(100)",
    "ListPrice": "decimal(10,2)",
    "State": "char(2)",
    "ModifiedAt": "datetimeoffset(3)",
}
KEY = ["ProductId"]
LINE = {"Order No": "int", "LineNumber": "smallint", "Product ID": "uniqueidentifier"}
LINE_KEY = ["Order No", "LineNumber"]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    with workspace.copied(PROJECT_ROOT) as copy:
        shutil.copytree(copy, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def project(original, tmp_path):
    return shutil.copytree(original, tmp_path / "project")


def tables(*listed):
    return read_catalogue(json.dumps([row for table in listed for row in table]), "the catalogue")


def add(project, *listed, name="dbo.Product", **options):
    proposal = propose(project, tables(*listed), name, Options(**options))
    workspace.write(project, proposal.changes)
    return proposal


def text(project, path):
    return (project / path).read_text(encoding="utf-8")


def test_a_table_is_added_to_every_list(project):
    add(project, rows("Product", PRODUCT, KEY))
    add(project, rows("Order Line", LINE, LINE_KEY), name="dbo.[Order Line]")
    product, line = [one for one in read_entities(project) if one.name in ("product", "order_line")]
    assert (product.key, line.key) == (("product_id",), ("order_no", "line_number"))
    assert product.tracked == ("product_name", "list_price", "product_state", "modified_at")
    entry, other = listed_tables(project)[-2:]
    assert entry["expressions"][0] == "CONVERT(char(36), c.[ProductId]) AS [ProductId]"
    assert other["keys"] == LINE_KEY
    assert unmodelled(["dbo.Product", "dbo.Nope"], project) == ["dbo.Nope"]
    rules = {rule.name for rule in read_rules(project / "models") if "order_line" in rule.model}
    assert rules == {
        *("order_no_is_present", "order_no_is_not_reserved", "line_number_is_present"),
        "change_can_be_placed",
    }
    sources = YAML(typ="safe").load(project / "models" / "bronze" / "_sources.yml")["sources"]
    landed = {one["name"]: one for one in sources[0]["tables"]}
    assert [one["name"] for one in landed["Order_Line"]["columns"][:3]] == list(LINE)
    for script in ("01_tables", "03_enable_cdc_tables", "04_reader_role"):
        assert text(project, f"sql/azure_sql/{script}.sql").count("[dbo].[Order Line]") >= 1


def test_a_dimension_is_served_and_its_pool_has_its_columns(project):
    add(project, rows("Product", PRODUCT, KEY))
    for where in ("serverless", POOLED):
        assert "dim_product" in {one.name for one in served_tables(project, where)}
    assert "dim_product: *served_dimension" in text(project, "dbt_project.yml")
    assert (project / "models/serving/serverless/serving__dim_product.yml").exists()
    pool = YAML(typ="safe").load(project / "models/serving/dedicated/tables/pool__dim_product.yml")
    columns = [one["name"] for one in pool["models"][0]["columns"]]
    assert columns == ["product_key", "product_id", *columns[2:6], *columns[6:]]
    assert columns[-3:] == ["valid_from", "valid_to", "is_current"]


def test_a_fact_has_the_last_state_and_no_unknown_member(project):
    add(project, rows("Order Line", LINE, LINE_KEY), name="dbo.Order Line", is_fact=True)
    (entity,) = [one for one in read_entities(project) if one.name == "order_line"]
    assert (entity.history, entity.published, entity.tracked) == ("latest", "fct_order_line", ())
    contract = YAML(typ="safe").load(project / "models/silver/core/fct_order_line.yml")
    (test,) = contract["models"][0]["data_tests"]
    assert test["unique_combination"]["arguments"]["columns"] == ["order_no", "line_number"]


def test_descriptions_of_the_source_are_used(project):
    listed = rows("Product", PRODUCT, KEY)
    listed[1]["column_description"] = "Name in the shop"
    proposal = add(project, listed)
    assert 'description: "Name in the shop."' in text(
        project, "models/bronze/azure_sql__product.yml"
    )
    assert "product_name" not in proposal.plan.undescribed
    assert "list_price" in proposal.plan.undescribed


def test_chosen_columns_are_tracked_and_the_others_are_not_published(project):
    add(project, rows("Product", PRODUCT, KEY), tracked=["list_price"])
    (entity,) = [one for one in read_entities(project) if one.name == "product"]
    assert entity.tracked == ("list_price",)
    assert "modified_at" not in text(project, "models/silver/core/dim_product.sql")
    assert "modified_at" in text(
        project, "models/silver/staging/stg_azure_sql__product_changes.sql"
    )


def test_a_computed_column_and_one_that_is_not_captured_are_left_out(project):
    columns = PRODUCT | {"Total": "money", "Secret": "int"}
    captured = [[name for name in columns if name != "Secret"]]
    proposal = add(project, rows("Product", columns, KEY, captured, computed=["Total"]))
    assert proposal.notices == [
        "dbo.Product.Total does not land: CDC captures NULL in a computed column.",
        "dbo.Product.Secret does not land: its capture instance does not capture it.",
    ]
    assert listed_tables(project)[-1]["columns"] == list(PRODUCT)


def test_an_unchanged_source_changes_nothing(project):
    add(project, rows("Product", PRODUCT, KEY))
    assert (
        propose(project, tables(rows("Product", PRODUCT, KEY)), "dbo.Product", Options()).changes
        == []
    )
    for table in ("DimUser", "DimDate"):
        listed = next(one for one in listed_tables(project) if one["table"] == table)
        columns = dict(zip(listed["columns"], listed["types"], strict=True))
        again = propose(
            project, tables(rows(table, columns, listed["keys"])), f"dbo.{table}", Options()
        )
        assert again.changes == []


def test_a_change_of_the_source_reaches_the_edited_files(project):
    add(project, rows("Product", PRODUCT, KEY))
    path = "models/silver/core/dim_product.yml"
    edited = text(project, path).replace(
        "Column ProductName of dbo.Product. NULL", "Name in the shop. NULL"
    )
    assert "Name in the shop" in edited
    (project / path).write_text(edited)
    changed = {name: kind for name, kind in PRODUCT.items() if name != "State"}
    changed |= {"ProductName": "nvarchar(200)", "Color": "nvarchar(20)"}
    old = [name for name in PRODUCT if name != "State"]
    proposal = add(project, rows("Product", changed, KEY, [old, list(changed)]))
    assert not proposal.is_new
    (notice,) = proposal.notices
    assert "changes from dbo_Product to dbo_Product_2: run `medallion ingest` before" in notice
    entry = listed_tables(project)[-1]
    assert (entry["capture_instance"], entry["columns"]) == ("dbo_Product_2", list(changed))
    (entity,) = [one for one in read_entities(project) if one.name == "product"]
    assert entity.tracked == ("product_name", "list_price", "modified_at", "color")
    (model,) = YAML(typ="safe").load(project / path)["models"]
    columns = {one["name"]: one for one in model["columns"]}
    assert columns["product_name"]["description"].startswith("Name in the shop.")
    assert columns["product_name"]["config"] == {"meta": {"max_length": 600}}
    assert "color" in columns
    assert "product_state" not in columns
    for layer in ("bronze/azure_sql__product", "silver/core/dim_product"):
        sql = text(project, f"models/{layer}.sql")
        assert "color" in sql
        assert "state" not in sql
    assert "[Color] NVARCHAR(20) NULL" in text(project, "sql/azure_sql/01_tables.sql")
    assert "dbo_Product_2" in text(project, "sql/azure_sql/03_enable_cdc_tables.sql")


def test_a_place_that_a_person_has_rewritten_is_named(project):
    add(project, rows("Product", PRODUCT, KEY))
    path = project / "models/silver/staging/stg_azure_sql__product_changes.sql"
    path.write_text(
        path.read_text().replace("        list_price,\n", "        abs(list_price) as p,\n")
    )
    changed = {n: k for n, k in PRODUCT.items() if n not in ("State", "ModifiedAt")}
    proposal = propose(project, tables(rows("Product", changed, KEY)), "dbo.Product", Options())
    assert "abs(list_price) as p" in next(
        one.after for one in proposal.changes if one.path.endswith("product_changes.sql")
    )


def test_a_table_that_landed_first_gets_its_models(project):
    path = project / "adf/pipeline/pl_ingest.json"
    pipeline = json.loads(path.read_text())
    entry = {"schema": "dbo", "table": "Product", "capture_instance": "x", "keys": KEY}
    pipeline["properties"]["parameters"]["tables"]["defaultValue"].append(entry)
    path.write_text(json.dumps(pipeline))
    add(project, rows("Product", PRODUCT, KEY))
    assert [one["table"] for one in listed_tables(project)].count("Product") == 1


REFUSED = {
    "unknown table": (rows("Product", PRODUCT, KEY), {"name": "dbo.Nope"}, "no table dbo.Nope"),
    "no key": (rows("Product", PRODUCT), {}, "has no primary key"),
    "no CDC": (rows("Product", PRODUCT, KEY, []), {}, "no change data capture: pass --enable-cdc"),
    "unsupported type": (
        rows("Product", PRODUCT | {"V": "vector"}, KEY),
        {},
        "dbo.Product.V has the type vector",
    ),
    "columns collide": (
        rows("Product", PRODUCT | {"List Price": "int"}, KEY),
        {},
        "'ListPrice' and 'List Price' are both named list_price",
    ),
    "tables collide": (
        rows("user", {"id": "int", "name": "int"}, ["id"]),
        {"name": "dbo.user"},
        "dbo.user and dbo.DimUser are both named user",
    ),
    "key not captured": (
        rows("Product", PRODUCT, KEY, [["ProductName"]]),
        {},
        "does not capture the key column ProductId",
    ),
    "only a key": (rows("Product", {"Id": "int"}, ["Id"]), {}, "has no versions: pass --fact"),
    "unknown tracked": (
        rows("Product", PRODUCT, KEY),
        {"tracked": ["color"]},
        "no attribute color to track",
    ),
    "wrong name": (rows("Product", PRODUCT, KEY), {"name_": "Prod Uct"}, "not in snake_case"),
    "events": (
        rows("FactStream", {"stream_id": "bigint"}, ["stream_id"]),
        {"name": "dbo.FactStream"},
        "does not generate: change them by hand",
    ),
    "another key": (
        rows("DimUser", {"user_id": "int", "tenant": "int"}, ["user_id", "tenant"]),
        {"name": "dbo.DimUser"},
        "a table with another key is another table",
    ),
}


@pytest.mark.parametrize(("table", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_one_sentence_and_changes_nothing(original, table, options, message):
    name = options.get("name", "dbo.Product")
    given = Options(name=options.get("name_"), tracked=options.get("tracked"))
    with pytest.raises(MedallionError) as error:
        propose(original, tables(table), name, given)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    with workspace.copied(PROJECT_ROOT) as now:
        assert workspace.changes(now, original) == []


def test_a_model_without_an_entity_is_not_overwritten(project):
    path = project / "models" / "bronze" / "azure_sql__product.sql"
    path.write_text("select 1")
    with pytest.raises(MedallionError, match=r"azure_sql__product\.sql exists, but no entity"):
        add(project, rows("Product", PRODUCT, KEY))
    assert path.read_text() == "select 1"


@pytest.mark.parametrize("wrong", ["", "no rows", "[1]", '[{"schema_name": "dbo"}]'])
def test_another_file_is_not_a_catalogue(wrong):
    with pytest.raises(MedallionError, match=r"is not the output of sql/azure_sql/catalogue\.sql"):
        read_catalogue(wrong, "x.json")


def test_the_output_of_sqlcmd_may_be_wrapped():
    output = json.dumps(rows("Product", PRODUCT, KEY))
    wrapped = "JSON_F52E2B61\n----\n" + output[:200] + "\n" + output[200:] + "\n(1 rows affected)\n"
    (table,) = read_catalogue(wrapped, "x.json")
    assert table.key == ("ProductId",)
