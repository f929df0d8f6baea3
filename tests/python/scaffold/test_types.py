"""Every type that change data capture carries has a type in the lake."""

import pytest

from medallion.errors import MedallionError
from medallion.scaffold.types import lake_type, type_text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (("nvarchar", 400, 0, 0), "nvarchar(200)"),
        (("nvarchar", -1, 0, 0), "nvarchar(max)"),
        (("varbinary", 16, 0, 0), "varbinary(16)"),
        (("numeric", 9, 10, 2), "numeric(10,2)"),
        (("datetimeoffset", 10, 34, 7), "datetimeoffset(7)"),
        (("timestamp", 8, 0, 0), "timestamp"),
        (("int", 4, 10, 0), "int"),
    ],
)
def test_a_type_is_written_as_the_pipeline_compares_it(row, text):
    assert type_text(*row) == text


@pytest.mark.parametrize(
    ("text", "landed", "published", "length"),
    [
        ("bit", "boolean", "boolean", None),
        ("tinyint", "smallint", "smallint", None),
        ("int", "int", "int", None),
        ("numeric(10,2)", "decimal(10,2)", "decimal(10,2)", None),
        ("money", "decimal(19,4)", "decimal(19,4)", None),
        ("real", "float", "float", None),
        ("datetime2(3)", "timestamp", "timestamp", None),
        ("nvarchar(200)", "string", "string", 600),
        ("nvarchar(max)", "string", "string", 4000),
        ("varchar(8000)", "string", "string", 4000),
        ("uniqueidentifier", "string", "string", 36),
        ("time(3)", "string", "string", 16),
        ("datetimeoffset(3)", "string", "timestamp", None),
        ("varbinary(16)", "string", "string", 34),
        ("xml", "string", "string", 4000),
        ("hierarchyid", "string", "string", 4000),
        ("timestamp", "string", "string", 18),
    ],
)
def test_a_type_has_a_type_in_bronze_and_in_silver(text, landed, published, length):
    kind = lake_type(text, "dbo.Product.x")
    assert (kind.landed, kind.published, kind.max_bytes) == (landed, published, length)


def test_a_key_has_one_type_in_bronze_and_in_silver():
    kind = lake_type("datetimeoffset(3)", "dbo.Product.x", is_key=True)
    assert (kind.landed, kind.published) == ("string", "string")


def test_an_unsupported_type_is_refused_with_its_column():
    with pytest.raises(MedallionError, match=r"dbo\.Product\.x has the type vector"):
        lake_type("vector(3)", "dbo.Product.x")
