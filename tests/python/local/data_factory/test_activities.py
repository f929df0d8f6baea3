"""Execution activities on the lake and the source: their outputs and their errors."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion_local.azure_sql.database import SourceDatabase
from support.factory_folder import Factory, Json, activity
from support.source_home import database

DATASET = {"referenceName": "d", "type": "DatasetReference"}
SERVICE = {"referenceName": "sql", "type": "LinkedServiceReference"}


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    made = Factory(tmp_path)
    made.add("linkedService", "lake", {"type": "AzureBlobFS"})
    made.add("linkedService", "sql", {"type": "AzureSqlDatabase"})
    return made


def place(factory: Factory, kind: str, file: str, **properties: object) -> Path:
    """Make `d` the dataset of a file in the container `c`. Returns the file's path."""
    location = {"type": "AzureBlobFSLocation", "fileSystem": "ccc", "fileName": file}
    service = {"referenceName": "lake", "type": "LinkedServiceReference"}
    content = {"location": location, **properties}
    factory.add(
        "dataset", "d", {"type": kind, "linkedServiceName": service, "typeProperties": content}
    )
    path = factory.home.lake / "ccc" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def output(factory: Factory, kind: str, **properties: object) -> Json:
    """The output of one activity, which must succeed."""
    run = factory.run({**activity("It", kind, **properties), "linkedServiceName": SERVICE})
    assert run.record.error is None, run.record.error
    return dict(run.scope.activities["It"]["output"])


def look(factory: Factory, source: str, **properties: object) -> Json:
    return output(factory, "Lookup", dataset=DATASET, source={"type": source}, **properties)


def test_lookup_gives_the_first_row_or_nothing(factory: Factory) -> None:
    file = place(factory, "Json", "x.json")
    file.write_text('{"a": 1}\n{"a": 2}\n')
    assert look(factory, "JsonSource") == {"firstRow": {"a": 1}}
    assert look(factory, "JsonSource", firstRowOnly=False) == {
        "count": 2,
        "value": [{"a": 1}, {"a": 2}],
    }
    file.write_text("[]")
    assert look(factory, "JsonSource") == {}


def test_lookup_ends_at_5000_rows_and_fails_above_4_mb(factory: Factory) -> None:
    file = place(factory, "Json", "x.json")
    file.write_text(json.dumps([{"a": n} for n in range(6000)]))
    assert look(factory, "JsonSource", firstRowOnly=False)["count"] == 5000
    file.write_text(json.dumps([{"a": "x" * 1000}] * 4300))
    lookup = activity(
        "L", "Lookup", dataset=DATASET, source={"type": "JsonSource"}, firstRowOnly=False
    )
    error = factory.error(lookup)
    assert error["errorCode"] == "2100" and "exceeds the limitation 4194304" in error["message"]


def test_lookup_reads_delimited_text_and_parquet(factory: Factory) -> None:
    file = place(
        factory, "DelimitedText", "x.csv", firstRowAsHeader=True, columnDelimiter=";", nullValue="-"
    )
    file.write_text('a;b\n"x;\\"y";-\n1\n')
    assert look(factory, "DelimitedTextSource", firstRowOnly=False)["value"] == [
        {"a": 'x;"y', "b": None},
        {"a": "1", "b": None},
    ]
    lookup = activity(
        "L", "Lookup", dataset=DATASET, source={"type": "DelimitedTextSource"}, firstRowOnly=False
    )
    file.write_text('a;b\n1;"x\n2;y\n')
    assert "x.csv is damaged in line 2: the quoted field" in factory.error(lookup)["message"]
    file.write_text("a;b\n")
    place(factory, "DelimitedText", "x.csv", columnDelimiter=";")
    assert look(factory, "DelimitedTextSource")["firstRow"] == {"Prop_0": "a", "Prop_1": "b"}
    file = place(factory, "Parquet", "x.parquet")
    pq.write_table(pa.table({"n": [1, 2]}), file)
    assert look(factory, "ParquetSource")["firstRow"] == {"n": 1}


def test_metadata_of_a_file(factory: Factory) -> None:
    file = place(factory, "Parquet", "x.parquet")
    pq.write_table(pa.table({"n": pa.array([1], pa.int32()), "t": ["a"]}), file)
    os.utime(file, (0, 1_700_000_000.9))
    fields = ["exists", "itemName", "itemType", "size", "lastModified", "contentMD5"]
    assert output(factory, "GetMetadata", dataset=DATASET, fieldList=fields) == {
        "exists": True,
        "itemName": "x.parquet",
        "itemType": "File",
        "size": file.stat().st_size,
        "lastModified": "2023-11-14T22:13:20Z",
        "contentMD5": base64.b64encode(hashlib.md5(file.read_bytes()).digest()).decode(),
    }
    fields = ["structure", "columnCount"]
    assert output(factory, "GetMetadata", dataset=DATASET, fieldList=fields) == {
        "structure": [{"name": "n", "type": "Int32"}, {"name": "t", "type": "String"}],
        "columnCount": 2,
    }


def test_metadata_of_a_folder(factory: Factory) -> None:
    folder = place(factory, "Binary", "folder")
    for name, day in (("old.csv", 1), ("new.csv", 2)):
        (folder / "inner").mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
        os.utime(folder / name, (0, day * 86400))
    found = output(factory, "GetMetadata", dataset=DATASET, fieldList=["childItems", "itemType"])
    assert found["itemType"] == "Folder"
    assert found["childItems"] == [
        {"name": "inner", "type": "Folder"},
        {"name": "new.csv", "type": "File"},
        {"name": "old.csv", "type": "File"},
    ]
    settings = {"type": "AzureBlobFSReadSettings", "modifiedDatetimeStart": "1970-01-03T00:00:00Z"}
    late = output(
        *(factory, "GetMetadata"), dataset=DATASET, fieldList=["childItems"], storeSettings=settings
    )
    assert late["childItems"] == [{"name": "new.csv", "type": "File"}]
    size = activity("G", "GetMetadata", dataset=DATASET, fieldList=["size"])
    assert "'size' in activity 'G' does not apply to a folder" in factory.error(size)["message"]


def test_metadata_of_nothing(factory: Factory) -> None:
    place(factory, "Binary", "nothing")
    found = output(factory, "GetMetadata", dataset=DATASET, fieldList=["exists", "size"])
    assert found == {"exists": False}
    size = activity("G", "GetMetadata", dataset=DATASET, fieldList=["size"])
    assert factory.error(size)["errorCode"] == "2011"


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"recursive": False}, ["deep", "deep/c.txt"]),
        ({"recursive": True}, None),
        ({"recursive": False, "wildcardFileName": "*.txt"}, ["b.csv", "deep", "deep/c.txt"]),
        ({"recursive": True, "wildcardFileName": "?.txt"}, ["b.csv", "deep"]),
        ({"recursive": True, "modifiedDatetimeEnd": "1971-01-01"}, ["a.txt", "b.csv", "deep"]),
    ],
)
def test_delete_removes_only_the_named_files(
    factory: Factory, settings: Json, left: list[str] | None
) -> None:
    folder = place(factory, "Binary", "folder")
    (folder / "deep").mkdir(parents=True)
    for name in ("a.txt", "b.csv", "deep/c.txt"):
        (folder / name).write_text("x")
    os.utime(folder / "deep" / "c.txt", (0, 0))
    before = sum(one.is_file() for one in folder.rglob("*"))
    found = output(factory, "Delete", dataset=DATASET, storeSettings=settings)
    after = [one for one in folder.rglob("*") if one.is_file()]
    assert found["filesDeleted"] == before - len(after)
    kept = sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))
    assert folder.exists() == (left is not None) and kept == (left or [])


def test_delete_refuses_to_log(factory: Factory) -> None:
    place(factory, "Binary", "x")
    given = activity("D", "Delete", dataset=DATASET, enableLogging=True)
    assert "Property 'enableLogging'" in factory.error(given)["message"]


@pytest.fixture
def source(factory: Factory) -> SourceDatabase:
    factory.home.root.mkdir(exist_ok=True)
    factory.home.source_database.write_bytes(database())
    return SourceDatabase.open(factory.home.source_database)


def test_script_gives_result_sets_and_rows_affected(
    factory: Factory, source: SourceDatabase
) -> None:
    selecting = "SELECT user_name FROM dbo.DimUser WHERE user_id = @id AND 'a @id' = @text;"
    parameters = [
        {"name": "id", "type": "Int64", "value": "1", "direction": "Input"},
        {"name": "text", "type": "String", "value": "a @id"},
    ]
    found = output(
        *(factory, "Script"),
        scripts=[
            {"type": "Query", "text": selecting, "parameters": parameters},
            {
                "type": "NonQuery",
                "text": "UPDATE dbo.DimUser SET country = N'X' WHERE user_id < 3;",
            },
            {"text": "SELECT 1 AS a; SELECT 2 AS b;"},
        ],
    )
    assert found["resultSets"] == [
        {"rowCount": 1, "rows": [{"user_name": "Ada"}]},
        {"rowCount": 1, "rows": [{"a": 1}]},
        {"rowCount": 1, "rows": [{"b": 2}]},
    ]
    assert (found["resultSetCount"], found["recordsAffected"]) == (3, 2)
    given = [{"text": "SELECT 1 AS a", "parameters": [{"name": "a", "direction": "Output"}]}]
    refused = {**activity("S", "Script", scripts=given), "linkedServiceName": SERVICE}
    assert "Parameter direction 'Output'" in factory.error(refused)["message"]


def test_stored_procedure_takes_typed_parameters(factory: Factory, source: SourceDatabase) -> None:
    parameters = {
        "source_schema": {"value": "dbo", "type": "String"},
        "source_name": {"value": "DimDate"},
        "capture_instance": {"value": None, "type": "String"},
    }
    name = "sys.sp_cdc_disable_table"
    parameters["capture_instance"]["value"] = "all"
    output(
        *(factory, "SqlServerStoredProcedure"),
        storedProcedureName=name,
        storedProcedureParameters=parameters,
    )
    assert "dbo.DimDate" not in [one.table for one in source.overview()]
    parameters["source_name"] = {"value": "x", "type": "Int32"}
    wrong = activity(
        *("P", "SqlServerStoredProcedure"),
        storedProcedureName=name,
        storedProcedureParameters=parameters,
    )
    message = factory.error({**wrong, "linkedServiceName": SERVICE})["message"]
    assert message == "The parameter 'source_name' is of type int32, but its value is 'x'."


def copying(factory: Factory, **properties: object) -> Json:
    """A Copy of two columns of the users to `c/x.parquet`."""
    place(factory, "Parquet", "x.parquet")
    factory.add("dataset", "t", {"type": "AzureSqlTable", "linkedServiceName": SERVICE})
    query = "SELECT user_id, user_name FROM dbo.DimUser WHERE user_id = 1"
    source = {"type": "AzureSqlSource", "sqlReaderQuery": query, **properties.pop("source", {})}
    copy = activity("C", "Copy", source=source, sink={"type": "ParquetSink"}, **properties)
    inputs = {"referenceName": "t", "type": "DatasetReference"}
    return {**copy, "inputs": [inputs], "outputs": [DATASET]}


def test_copy_adds_and_maps_columns(factory: Factory, source: SourceDatabase) -> None:
    added = [
        {"name": "run", "value": "@pipeline().Pipeline"},
        {"name": "id", "value": "$$COLUMN:user_id"},
    ]
    factory.run(copying(factory, source={"additionalColumns": added}))
    file = factory.home.lake / "ccc" / "x.parquet"
    assert pq.read_table(file).to_pylist() == [
        {"user_id": 1, "user_name": "Ada", "run": "pl", "id": 1}
    ]
    mappings = [
        {"source": {"name": "user_name"}, "sink": {"name": "name"}},
        {"source": {"name": "run"}, "sink": {"name": "run"}},
    ]
    translator = {"type": "TabularTranslator", "mappings": mappings}
    run = factory.run(copying(factory, source={"additionalColumns": added}, translator=translator))
    assert pq.read_table(file).to_pylist() == [{"name": "Ada", "run": "pl"}]
    assert run.scope.activities["C"]["output"]["rowsCopied"] == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"enableSkipIncompatibleRow": True}, "Property 'enableSkipIncompatibleRow'"),
        ({"skipErrorFile": {"fileMissing": True}}, "Property 'skipErrorFile'"),
        ({"translator": {"type": "TabularTranslator", "mapComplexValuesToString": True}}, "mapCom"),
        (
            {"source": {"additionalColumns": [{"name": "f", "value": "$$FILEPATH"}]}},
            "Additional column '$$FILEPATH'",
        ),
        (
            {
                "translator": {
                    "type": "TabularTranslator",
                    "mappings": [{"source": {"name": "no"}, "sink": {"name": "x"}}],
                }
            },
            "names the column 'no', but the source has user_id, user_name",
        ),
    ],
)
def test_copy_refuses_what_it_cannot_do(
    factory: Factory, source: SourceDatabase, given: Json, named: str
) -> None:
    error = factory.error(copying(factory, **given))
    assert named in error["message"]
    assert not (factory.home.lake / "ccc" / "x.parquet").exists()
