"""Names of the source become names of the lake."""

import pytest

from medallion.errors import MedallionError
from medallion.scaffold import names


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("OrderLine", "order_line"),
        ("Order Line", "order_line"),
        ("order_line", "order_line"),
        ("ProductID", "product_id"),
        ("SKU", "sku"),
        ("HTTPStatus2", "http_status2"),
        ("Straße", "stra_udf_e"),
        ("Café", "cafe"),
        ("产品", "u4ea7_u54c1"),
        ("%", ""),
    ],
)
def test_names_are_folded_to_snake_case(name, folded):
    assert names.folded(name) == folded


def test_reserved_columns_get_the_entity_in_front():
    columns = ["State", "Order", "Valid From", "_id", "2nd", "Product Key", "Name"]
    assert list(names.column_names(columns, "product", ["product_key"]).values()) == [
        *("product_state", "product_order", "product_valid_from", "id", "product_2nd"),
        *("product_product_key", "name"),
    ]


def test_columns_that_get_one_name_are_refused():
    with pytest.raises(MedallionError, match="'Unit Price' and 'UnitPrice' are both named"):
        names.column_names(["Unit Price", "UnitPrice"], "product")


@pytest.mark.parametrize(
    ("schema", "table", "entity", "bronze", "source"),
    [
        ("dbo", "Product", "product", "azure_sql__product", "Product"),
        ("dbo", "DimLabel", "label", "azure_sql__dim_label", "DimLabel"),
        ("dbo", "Dimension", "dimension", "azure_sql__dimension", "Dimension"),
        (
            "sales",
            "Order Line",
            "sales_order_line",
            "azure_sql__sales_order_line",
            "sales_Order_Line",
        ),
        ("dbo", "2024", "table_2024", "azure_sql__2024", "2024"),
    ],
)
def test_a_table_has_a_name_in_each_layer(schema, table, entity, bronze, source):
    assert names.entity_name(schema, table) == entity
    assert names.bronze_name(schema, table) == bronze
    assert names.source_name(schema, table) == source


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("dbo.Product", ("dbo", "Product")),
        ("[dbo].[Order Line]", ("dbo", "Order Line")),
        ("sales.Order Line", ("sales", "Order Line")),
        ("dbo.[a.b]", ("dbo", "a.b")),
    ],
)
def test_a_table_is_named_in_sql_servers_notation(text, parsed):
    assert names.parsed(text) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Product", "is not the name of a table"),
        ("a.b.c", "is not the name of a table"),
        ("dbo.[it's]", 'contains "\'"'),
        ("dbo.[a/b]", "contains '/'"),
    ],
)
def test_a_name_that_the_lake_cannot_carry_is_refused(text, message):
    with pytest.raises(MedallionError, match=message):
        names.parsed(text)


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("ProductId", "productid"),
        ("Order No", "`order no`"),
        ("Order", "`order`"),
        ("a`b", "`a``b`"),
    ],
)
def test_a_landed_name_is_quoted_only_if_needed(name, quoted):
    assert names.quoted(name) == quoted
