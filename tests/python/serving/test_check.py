"""Tables that Synapse serverless could not read are found, with the property and the fix."""

import json
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from typer.testing import CliRunner

from medallion.cli import app
from medallion.errors import MedallionError
from medallion.serving.contract import Column, Table, served_tables
from medallion_local.synapse.check import check
from medallion_local.synapse.check.log import LogError, read_log
from support.delta_folders import MART, ROWS, commit, configure, last, plain, protocol, retype

VECTOR = {  # as in the protocol's examples
    "storageType": "u",
    "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^",
    "offset": 4,
    "sizeInBytes": 40,
    "cardinality": 1,
}


def reported(lake, table=MART):
    """The findings of the check, by property. Each finding names the table and a fix."""
    found = check([table], lake)
    assert all(one.table in (table.name, "the views") and one.fix for one in found)
    return {one.property for one in found}


def test_plain_delta_has_no_finding(tmp_path):
    plain(tmp_path)
    assert reported(tmp_path) == set()


def test_partitioned_and_checkpointed_delta_has_no_finding(tmp_path):
    folder = plain(tmp_path, partition_by=["day"])
    DeltaTable(str(folder)).create_checkpoint()
    commit(folder, {"txn": {"appId": "a", "version": 1}})
    (folder / "_delta_log" / f"{0:020d}.json").unlink()  # cleaned up, as after a month
    assert reported(tmp_path) == set()
    assert len(read_log(folder).adds) == 2


def test_reader_version_above_1(tmp_path):
    protocol(plain(tmp_path), 2)
    assert "minReaderVersion is 2" in reported(tmp_path)


@pytest.mark.parametrize(
    ("properties", "finding"),
    [
        ({"delta_enableDeletionVectors": "true"}, "delta.enableDeletionVectors is true"),
        ({"delta_columnMapping_mode": "name"}, "delta.columnMapping.mode is name"),
        ({"delta_enableRowTracking": "true"}, "delta.enableRowTracking is true"),
        ({"delta_checkpointPolicy": "v2"}, "delta.checkpointPolicy is v2"),
    ],
)
def test_property_that_excludes_a_reader(tmp_path, properties, finding):
    configure(plain(tmp_path), **properties)
    assert finding in reported(tmp_path)


@pytest.mark.parametrize(
    "feature", ["deletionVectors", "columnMapping", "v2Checkpoint", "timestampNtz"]
)
def test_feature_of_readers(tmp_path, feature):
    protocol(plain(tmp_path), 3, readers=(feature,))
    assert {"minReaderVersion is 3", f"the feature {feature} is on"} <= reported(tmp_path)


@pytest.mark.parametrize("feature", ["rowTracking", "clustering"])
def test_feature_of_writers_only(tmp_path, feature):
    protocol(plain(tmp_path), 1, feature)
    assert f"the feature {feature} is on" in reported(tmp_path)


def test_deletion_vector_of_a_file(tmp_path):
    folder = plain(tmp_path)
    commit(folder, {"add": last(folder, "add") | {"deletionVector": VECTOR}})
    assert "1 files have deletion vectors" in reported(tmp_path)


def test_purged_deletion_vector_is_no_finding(tmp_path):
    folder = plain(tmp_path)
    added = last(folder, "add")
    gone = {"path": added["path"], "dataChange": True, "deletionTimestamp": 1}
    commit(folder, {"remove": gone}, {"add": added | {"deletionVector": VECTOR}})
    (folder / "purged.parquet").write_bytes((folder / added["path"]).read_bytes())
    commit(
        folder,
        {"remove": gone | {"deletionVector": VECTOR}},
        {"add": added | {"path": "purged.parquet"}},
    )
    assert reported(tmp_path) == set()


def test_mapped_column(tmp_path):
    folder = plain(tmp_path)
    metadata = last(folder, "metaData")
    schema = json.loads(metadata["schemaString"])
    schema["fields"][1]["metadata"] = {"delta.columnMapping.physicalName": "col-1"}
    commit(folder, {"metaData": metadata | {"schemaString": json.dumps(schema)}})
    assert "the columns country are mapped to other names" in reported(tmp_path)


def test_v2_checkpoint(tmp_path):
    folder = plain(tmp_path)
    name = f"{0:020d}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.parquet"
    pq.write_table(pa.table({"version": [0]}), folder / "_delta_log" / name)
    assert f"{name} is a v2 checkpoint" in reported(tmp_path)


def test_timestamp_ntz(tmp_path):
    moments = pa.array([datetime(2025, 1, 1)] * 2, pa.timestamp("us"))
    plain(tmp_path, ROWS.append_column("heard_at", moments))
    found = {str(one) for one in check([MART], tmp_path)}
    assert any("heard_at is of type timestamp_ntz: cast it to timestamp" in one for one in found)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([[1], []], pa.list_(pa.int64())), "array"),
        (pa.array([{"a": 1}, None], pa.struct([("a", pa.int64())])), "struct"),
        (pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())), "map"),
    ],
)
def test_type_that_serverless_lacks(tmp_path, values, kind):
    plain(tmp_path, ROWS.append_column("odd", values))
    assert reported(tmp_path) == {f"the column odd is of type {kind}"}


@pytest.mark.parametrize("kind", ["void", "variant", "interval year"])
def test_type_that_only_a_log_names(tmp_path, kind):
    retype(plain(tmp_path), "plays", kind)
    assert f"the column plays is of type {kind}" in reported(tmp_path)


def test_decimal_is_read(tmp_path):
    prices = pa.array([Decimal("1.50"), None], pa.decimal128(9, 2))
    plain(tmp_path, ROWS.append_column("price", prices))
    assert reported(tmp_path) == set()


def test_text_longer_than_the_view_says_counts_bytes(tmp_path):
    plain(tmp_path)  # Åland has five characters and six bytes
    country = Column("country", "string", "", 5)
    short = Table("mart", "gold", "", (country,))
    assert reported(tmp_path, short) == {"a value of country has 6 bytes, the view's column 5"}


def test_columns_that_differ_only_in_case(tmp_path):
    folder = plain(tmp_path)
    metadata = last(folder, "metaData")
    schema = json.loads(metadata["schemaString"])
    schema["fields"].append({"name": "COUNTRY", "type": "string", "nullable": True, "metadata": {}})
    commit(folder, {"metaData": metadata | {"schemaString": json.dumps(schema)}})
    assert "the columns country and COUNTRY differ only in case" in reported(tmp_path)


def test_views_that_differ_only_in_case(tmp_path):
    plain(tmp_path)
    again = Table("MART", "gold", "", MART.columns)
    found = {one.property for one in check([MART, again], tmp_path)}
    assert "the names mart and MART differ only in case" in found


def test_readers_that_disagree(tmp_path, monkeypatch):
    """A row that one of them does not see: here, because the other reads another version."""
    folder = plain(tmp_path)
    plain(tmp_path, ROWS.slice(0, 1), mode="append")
    monkeypatch.setattr(
        "medallion_local.synapse.check.readers.DeltaTable", lambda path: DeltaTable(path, version=0)
    )
    assert folder.is_dir()
    assert reported(tmp_path) == {"only deltalake finds 0 rows, only DuckDB finds 1"}


def test_data_file_that_is_gone(tmp_path):
    folder = plain(tmp_path)
    (folder / last(folder, "add")["path"]).unlink()
    (finding,) = reported(tmp_path)
    assert finding.startswith("deltalake cannot read it")


def test_contract_that_the_table_violates(tmp_path):
    plain(tmp_path)
    columns = (Column("plays", "int", ""), Column("listeners", "bigint", ""))
    assert reported(tmp_path, Table("mart", "gold", "", columns)) == {
        "the column plays is long, not integer",
        "the column listeners is missing",
    }


def test_folder_without_a_log(tmp_path):
    (finding,) = check([MART], tmp_path)
    assert "has no _delta_log" in finding.property
    assert finding.fix == "run `dbt build --select mart`"


def test_log_with_a_hole(tmp_path):
    folder = plain(tmp_path)
    commit(folder, {"txn": {"appId": "a", "version": 1}})
    commit(folder, {"txn": {"appId": "a", "version": 2}})
    (folder / "_delta_log" / f"{1:020d}.json").unlink()
    with pytest.raises(LogError, match="no commit in its log for the version after -1"):
        read_log(folder)


def test_command_lists_findings_and_fails(tmp_path):
    done = CliRunner().invoke(app, ["synapse", "check", "--lake", str(tmp_path)])
    assert done.exit_code == 1
    assert "mart_daily_listening: " in done.output
    assert f"{len(served_tables())} served tables, {len(served_tables())} findings" in done.output


def test_served_tables_are_the_marts_and_the_dimensions():
    served = {table.name: table for table in served_tables()}
    assert set(served) >= {"mart_daily_listening", "dim_user", "dim_date", "dim_subscription_plan"}
    assert not any(name.startswith("fct_") for name in served)
    lengths = {column.name: column.length for column in served["dim_user"].columns}
    assert (lengths["user_key"], lengths["country"], lengths["user_id"]) == (32, 300, None)
    assert not any(c.served for c in served["dim_user"].columns if c.name.startswith("_"))


def test_length_that_no_varchar_has(tmp_path):
    model = tmp_path / "models" / "gold" / "mart_x.yml"
    model.parent.mkdir(parents=True)
    (tmp_path / "dbt_project.yml").write_text("vars: {served_text_length: 300}")
    column = "{name: a, data_type: string, config: {meta: {max_length: 8001}}}"
    model.write_text(f"models: [{{name: mart_x, description: X, columns: [{column}]}}]")
    with pytest.raises(MedallionError, match="max_length of a is 8001"):
        served_tables(tmp_path)
