"""The local source answers the catalogue script of Azure SQL, unchanged."""

import json
from pathlib import Path

import pytest

from medallion.errors import MedallionError
from medallion.scaffold.catalogue import Instance, captured_by, find_table, read_catalogue
from medallion_local.azure_sql import catalogue
from medallion_local.azure_sql.database import SourceDatabase
from support.source_users import five_users

SHOP = """
CREATE TABLE dbo.[Order Line] (
    LineNumber SMALLINT NOT NULL, [Order No] INT NOT NULL, Price DECIMAL(10, 2) NULL,
    Note NVARCHAR(MAX) NULL, At DATETIMEOFFSET(3) NULL,
    CONSTRAINT PK PRIMARY KEY ([Order No], LineNumber));
EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Order Line',
    @role_name = N'cdc_reader', @supports_net_changes = 0;
ALTER TABLE dbo.[Order Line] ADD Discount MONEY NULL;
EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Order Line',
    @capture_instance = N'second', @role_name = N'cdc_reader', @supports_net_changes = 0;
CREATE TABLE dbo.Bare (a INT NULL);
"""
# In the order of https://learn.microsoft.com/sql/connect/ado-net/sql/compare-guid-uniqueidentifier-values
GUIDS = [
    "01000000-0000-0000-0000-000000000000",
    "00000001-0000-0000-0000-000000000000",
    "00000000-0100-0000-0000-000000000000",
    "00000000-0001-0000-0000-000000000000",
    "00000000-0000-0100-0000-000000000000",
    "00000000-0000-0001-0000-000000000000",
    "00000000-0000-0000-0001-000000000000",
    "00000000-0000-0000-0100-000000000000",
    "00000000-0000-0000-0000-000000000001",
    "00000000-0000-0000-0000-010000000000",
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceDatabase:
    source = five_users(tmp_path_factory.mktemp("catalogue"))
    source.execute(SHOP)
    return source


def test_columns_keys_and_capture_instances_are_read(source: SourceDatabase) -> None:
    tables = read_catalogue(catalogue.read(source.path), "the source")
    assert {"dbo.DimUser", "dbo.Order Line", "dbo.Bare"} <= {one.full_name for one in tables}
    line = find_table(tables, "DBO", "order line")
    assert [(one.name, one.type) for one in line.columns] == [
        *(("LineNumber", "smallint"), ("Order No", "int"), ("Price", "decimal(10,2)")),
        *(("Note", "nvarchar(max)"), ("At", "datetimeoffset(3)"), ("Discount", "money")),
    ]
    assert line.key == ("Order No", "LineNumber")
    assert [one.nullable for one in line.columns] == [False, False, True, True, True, True]
    first = frozenset(["LineNumber", "Order No", "Price", "Note", "At"])
    assert line.instances == (
        Instance("dbo_Order Line", first),
        Instance("second", first | {"Discount"}),
    )
    assert captured_by(line)[1].name == "second"
    bare = find_table(tables, "dbo", "Bare")
    assert (bare.key, bare.instances) == ((), ())


def test_a_database_without_change_data_capture_is_refused(tmp_path: Path) -> None:
    source = five_users(tmp_path)
    import duckdb

    with duckdb.connect(str(source.path)) as con:
        con.execute("UPDATE stand_in.settings SET value = '0' WHERE name = 'is_cdc_enabled'")
    with pytest.raises(MedallionError, match="02_enable_cdc_database"):
        catalogue.read(source.path)


def test_for_json_is_one_text(source: SourceDatabase) -> None:
    def text(options: str) -> list[str]:
        query = f"SELECT 1 AS a, CAST(NULL AS int) AS b FOR JSON {options}"
        return source.query(query).read_all().column(0).to_pylist()

    assert [json.loads(one) for one in text("PATH")] == [[{"a": 1}]]
    assert json.loads(text("PATH, INCLUDE_NULL_VALUES")[0]) == [{"a": 1, "b": None}]
    for wrong in ("AUTO", "PATH, ROOT('x')"):
        with pytest.raises(MedallionError, match="supports FOR JSON PATH"):
            text(wrong)


def test_guids_have_the_order_of_sql_server(source: SourceDatabase) -> None:
    rows = ", ".join(f"(CAST('{one}' AS uniqueidentifier))" for one in sorted(GUIDS))
    query = f"SELECT CAST(v.a AS char(36)) AS a FROM (VALUES {rows}) AS v (a) ORDER BY v.a"
    assert source.query(query).read_all()["a"].to_pylist() == GUIDS
