"""The project's own SQL as `CREATE TABLE AS` in plain DuckDB: a lower bound for a first build.

`python -m medallion_local.bench.scale.lower_bound MANIFEST LAKE DATABASE` runs every model of a
compiled manifest over the landed files. There is no warehouse, no Delta, no test and no increment.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

SCHEMAS = ("bronze", "silver", "quarantine", "gold")
_LANDED = re.compile(
    r"from stream read_files\(\s*'abfss://(?P<container>\w+)@[^/]*/(?P<folder>[^']*)',"
    r"\s*format => '(?P<format>\w+)'.*?schema => '(?P<columns>[^']*)'\s*\)",
    re.DOTALL,
)
_READERS = {
    "parquet": "read_parquet({})",
    "csv": "read_csv({}, filename = true, header = true, all_varchar = true)",
    "json": "read_json({}, filename = true, columns = {})",
}
# Spark's functions that DuckDB does not have and sqlglot does not translate.
_CONV = "CREATE MACRO conv(digits, base, other) AS CAST('0x' || digits AS UBIGINT)"
_RENAMED = {"XXHASH64": "HASH"}  # another checksum, with the same purpose


@dataclass(frozen=True)
class Statement:
    """The statement that makes one model."""

    model: str
    sql: str


def statements(manifest: Path, lake: Path) -> list[Statement]:
    """The statements of a manifest's enabled models, in an order in which they can run."""
    nodes = {
        key: node
        for key, node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["enabled"]
        if node["config"]["materialized"] != "metric_view"  # only a definition
    }
    return [Statement(nodes[key]["name"], _statement(nodes[key], lake)) for key in _ordered(nodes)]


def build(manifest: Path, lake: Path, database: Path) -> None:
    """Build all models of a manifest in a new database."""
    with duckdb.connect(database) as con:
        con.execute("SET timezone = 'UTC'")
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        con.execute(_CONV)
        for one in statements(manifest, lake):
            con.execute(one.sql)


def _ordered(nodes: dict[str, dict]) -> list[str]:
    found: dict[str, None] = {}

    def visit(key: str) -> None:
        if key in nodes and key not in found:
            for parent in nodes[key]["depends_on"]["nodes"]:
                visit(parent)
            found[key] = None

    for key in nodes:
        visit(key)
    return list(found)


def _statement(node: dict, lake: Path) -> str:
    kind = "VIEW" if node["config"]["materialized"] == "view" else "TABLE"
    sql = _LANDED.sub("from landed", node["compiled_code"])
    tree = sqlglot.parse_one(sql, read="databricks")
    for table in list(tree.find_all(exp.Table)):
        if table.args.get("catalog"):
            table.set("catalog", None)
    for function in tree.find_all(exp.Anonymous):
        function.set("this", _RENAMED.get(function.name.upper(), function.this))
    for now in list(tree.find_all(exp.CurrentTimestamp)):
        now.replace(exp.cast(now.copy(), exp.DataType.build(exp.DataType.Type.TIMESTAMPNTZ)))
    for day in list(tree.find_all(exp.DayOfWeek)):  # Spark counts from 1, DuckDB from 0
        day.replace(exp.paren(exp.Add(this=day.copy(), expression=exp.Literal.number(1))))
    # All times are UTC. DuckDB joins on the day of a TIMESTAMP WITH TIME ZONE by a cross product.
    for named in list(tree.find_all(exp.DataType)):
        if named.is_type("timestamptz", "timestampltz"):
            named.set("this", exp.DataType.Type.TIMESTAMPNTZ)
    for star in _whole_rows(tree):
        star.replace(exp.column(_source_of(star)))
    body = tree.sql("duckdb", comments=False)
    if found := _LANDED.search(node["compiled_code"]):
        body = f"WITH landed AS ({_landed(found, lake, '_metadata' in sql)}) {body}"
    return f"CREATE {kind} {node['schema']}.{node['alias']} AS {body}"


def _whole_rows(tree: exp.Expression) -> Iterator[exp.Expression]:
    """Every `struct(*)`."""
    for struct in list(tree.find_all(exp.Struct)):
        if any(isinstance(one, exp.Star) or one.is_star for one in struct.expressions):
            yield struct


def _source_of(node: exp.Expression) -> str:
    """The name of the only relation in the FROM of the query around a node."""
    select = node.find_ancestor(exp.Select)
    source = select.args.get("from_") or select.args.get("from") if select else None
    assert source is not None
    return str(source.this.alias_or_name)


def _landed(found: re.Match, lake: Path, with_metadata: bool) -> str:
    """The landed files of one folder, with the columns and types of `read_files`."""
    files = f"{lake}/{found['container']}/{found['folder']}/**/*.{found['format']}"
    path = _quoted(files)
    types = {
        column.name: column.args["kind"].sql("duckdb").replace("TIMESTAMPTZ", "TIMESTAMP")
        for column in sqlglot.parse_one(
            f"CREATE TABLE landed ({found['columns']})", read="databricks"
        ).find_all(exp.ColumnDef)
    }
    rows = _READERS[found["format"]].format(path, types)
    columns = ", ".join(
        f'CAST(rows."{name}" AS {kind}) AS "{name}"' for name, kind in types.items()
    )
    if not with_metadata:
        return f"SELECT {columns} FROM {rows} AS rows"
    # DuckDB reports the times of files only in seconds.
    times = ", ".join(
        f"({_quoted(str(file))}, make_timestamp({file.stat().st_mtime_ns // 1000}))"
        for file in sorted((lake / found["container"] / found["folder"]).rglob("*"))
        if file.is_file()
    )
    return (
        f"SELECT {columns}, struct_pack(file_name := parse_filename(rows.filename), "
        "file_path := rows.filename, file_modification_time := files.modified_at) AS _metadata "
        f"FROM {rows} AS rows INNER JOIN (VALUES {times}) AS files (filename, modified_at) "
        "USING (filename)"
    )


def _quoted(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))


if __name__ == "__main__":
    build(*map(Path, sys.argv[1:4]))
