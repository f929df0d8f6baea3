"""The registry of entities takes any table name and any key, and agrees with what lists them else.

A small project has a registry of its own: a table with a GUID as key, a table whose name has two
words and whose key has two columns, and a table of events.
"""

import json
import re
import shutil

import pytest
from ruamel.yaml import YAML

from medallion.entities import logged_entities, read_entities
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.macros import call_macro
from medallion.scaffold.names import column_names, folded
from medallion.serving.contract import served_tables
from support.small_project import small_project

LAMP, RUG, VIEW = (f"9f3c1a70-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
REGISTRY = [
    {"name": "product", "source_table": "dbo.Product", "key": ["product_id"]}
    | {"history": "versions", "bronze": "bronze_product", "staged": "staged_product"}
    | {"published": "dim_product", "tracked": ["product_name"]},
    {"name": "order_line", "source_table": "sales.[Order Lines]", "key": ["order_no", "line_no"]}
    | {"history": "versions", "bronze": "bronze_order_line", "staged": "staged_order_line"}
    | {"published": "dim_order_line", "tracked": ["article"]},
    {"name": "page_view", "source_table": "[web shop].Views", "key": ["view_id"]}
    | {"history": "events", "bronze": "bronze_page_view", "staged": "staged_page_view"}
    | {"published": "fct_page_view", "quarantine": "quarantined_views"},
]
# Batch, key, value, LSN, operation. The two order lines share LSN and sequence value, and their key
# columns joined by a bar are the same text.
CHANGES = {
    "product": [
        (1, (LAMP,), "Lamp", 1, 2),
        (1, (LAMP,), "Lamp", 2, 3),
        (1, (LAMP,), "Lantern", 2, 4),
        (1, (RUG,), "Rug", 1, 2),
        (1, (RUG,), "Rug", 1, 2),
        (1, (None,), "Ghost", 1, 2),
        (2, (LAMP,), "Lantern", 3, 1),
    ],
    "order_line": [
        (1, ("a|b", "c"), "Pen", 1, 2),
        (1, ("a", "b|c"), "Ink", 1, 2),
        (2, ("a", "b|c"), "Paper", 2, 4),
    ],
    "page_view": [(1, (VIEW,), "home", 1, 2), (1, (VIEW,), "broken", 2, 4)],
}
RULES = {
    "product": ("product_id is not null", "every product has an id"),
    "order_line": ("order_no is not null", "every line has an order"),
    "page_view": ("page != 'broken'", "a page has a name"),
}
VALUES = {"product": "product_name", "order_line": "article", "page_view": "page"}
STAGED = """
with numbered as (
    select
        {{ key_columns(entity('NAME').key) }},
        VALUE,
        {{ cdc_columns('bronze_NAME') }}
    from {{ ref('bronze_NAME') }}
    where _operation != 3
),
ranked as (
    select
        *,
        row_number() over (
            partition by {{ key_columns(entity('NAME').key) }}, _change_sequence
            order by _loaded_at
        ) as delivery
    from numbered
)
select * from ranked where delivery = 1
"""
DIMENSION = """
{{ config(
    materialized='incremental', incremental_strategy='cdc_merge', unique_key='NAME_key',
    meta={'sequence_by': '_loaded_through'}
) }}
{% set found = entity('NAME') -%}
with changes as (
    select * from {{ ref(found.staged) }} where _quarantine_reasons is null
),
affected_keys as (
    select distinct {{ key_columns(found.key) }}
    from changes
    where {{ loaded_since('_loaded_at', '_loaded_through') }}
),
versions as (
    {{ scd2_versions('changes', found.key, found.tracked, 'affected_keys') }}
),
rebuilt as (
    select
        version_key as NAME_key, {{ key_columns(found.key) }}, VALUE, valid_from, valid_to,
        is_current, _loaded_through
    from versions
    {% if not is_incremental() -%}
    union all
    select
        {{ unknown_key() }} as NAME_key,
        {% for column in found.key %}cast(null as string) as {{ column }}, {% endfor %}
        'Unknown' as VALUE,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to,
        true as is_current,
        {{ beginning_of_time() }} as _loaded_through
    {%- endif %}
),
replaced as (
    {{ with_tombstones(
        'rebuilt', 'affected_keys', 'NAME_key', scope=found.key,
        columns=['NAME_key'] + found.key
        + ['VALUE', 'valid_from', 'valid_to', 'is_current', '_loaded_through']
    ) }}
)
select
    NAME_key, {{ key_columns(found.key) }}, VALUE, valid_from, valid_to, is_current,
    _loaded_through, _is_deleted
from replaced
"""
FACT = """
with ranked as (
    select *, row_number() over (partition by view_id order by _change_sequence desc) as recency
    from {{ ref('staged_page_view') }}
)
select view_id from ranked
where recency = 1 and not _is_deleted and _quarantine_reasons is null
"""
COPIED = (
    "macros",
    "tests/generic",
    "models/silver/reconciliation/reconciliation.sql",
    "models/silver/reconciliation/file_deliveries.sql",
    "tests/singular/every_applied_change_stands_in_its_table.sql",
    "tests/singular/no_landed_row_is_unaccounted_for.sql",
)


def _registry(entities: list[dict]) -> str:
    registry = json.dumps(entities)
    return f"{{% macro entity_registry() %}}{{{{ return({registry}) }}}}{{% endmacro %}}"


def _bronze(entity: dict) -> str:
    """A change log that grows with the var `batch`."""
    columns = [*entity["key"], VALUES[entity["name"]]]
    selects = []
    for batch, key, value, lsn, operation in CHANGES[entity["name"]]:
        texts = ["cast(null as string)" if one is None else f"'{one}'" for one in (*key, value)]
        named = ", ".join(f"{text} as {name}" for text, name in zip(texts, columns, strict=True))
        at = f"timestamp '2025-01-0{lsn} 00:00:00'"
        selects.append(
            f"select {named}, '0x{lsn:020d}' as _start_lsn, '0x{1:020d}' as _seqval,"
            f" {operation} as _operation, {at} as _commit_time, {at} as _ingested_at,"
            f" 'run {batch}' as _run_id, '{batch}.parquet' as _file,"
            f" timestamp '2025-02-0{batch} 00:00:00' as _loaded_at, {batch} as batch"
        )
    rows = "\nunion all\n".join(selects)
    return f"select * from ({rows}) as landed where batch <= {{{{ var('batch') }}}}"


def _models() -> list[dict]:
    """The YAML of the bronze models, with their rules, and of the dimensions, with their tests."""
    listed = []
    for entity in REGISTRY:
        name, key = entity["name"], entity["key"]
        expression, why = RULES[name]
        placed = "_start_lsn is not null and _seqval is not null"
        rules = [
            {"name": rule, "expression": text, "action": "quarantine", "why": why}
            for rule, text in (("change_can_be_placed", placed), ("is_good", expression))
        ]
        listed.append(
            {"name": entity["bronze"], "config": {"meta": {"expectations": rules}}},
        )
        if entity["history"] != "versions":
            continue
        columns = [f"{name}_key", *key, VALUES[name], "valid_from", "valid_to", "is_current"]
        columns += ["_loaded_through", "_is_deleted"]
        changes = f"ref('{entity['staged']}')"
        tests = [
            {"versions_do_not_overlap": {"arguments": {"key": key}}},
            {"one_current_version": {"arguments": {"key": key}}},
            {"gaps_are_deletes": {"arguments": {"key": key, "changes": changes}}},
            {"living_keys_are_current": {"arguments": {"key": key, "changes": changes}}},
        ]
        described = [{"name": column} for column in columns]
        listed.append({"name": entity["published"], "columns": described, "data_tests": tests})
    return listed


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    """After each of two builds: dbt's results, and the tables' rows."""
    with small_project(tmp_path_factory.mktemp("entities")) as project:
        for name in COPIED:
            target = project.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (PROJECT_ROOT / name).is_dir() else shutil.copy)(
                PROJECT_ROOT / name, target
            )
        project.write("macros/entities/entity_registry.sql", _registry(REGISTRY))
        for entity in REGISTRY:
            name, value = entity["name"], VALUES[entity["name"]]
            project.write(f"models/bronze_{name}.sql", _bronze(entity))
            for model, text in (("staged", STAGED), ("dim", DIMENSION)):
                if model == "staged" or entity["history"] == "versions":
                    text = text.replace("NAME", name).replace("VALUE", value)
                    project.write(f"models/{model}_{name}.sql", text)
        project.write("models/fct_page_view.sql", FACT)
        project.write("models/models.yml", json.dumps({"models": _models()}))
        yield [
            (
                project.dbt("build", "--vars", f"{{batch: {batch}}}"),
                {
                    name: project.warehouse.rows(f"select {columns} from default.{name}")
                    for name, columns in (
                        ("reconciliation", "*"),
                        ("file_deliveries", "source_table, delivered_changes"),
                        ("dim_product", "product_id, product_name, is_current"),
                        ("dim_order_line", "order_no, line_no, article, is_current"),
                    )
                },
            )
            for batch in (1, 2)
        ]


def test_every_model_is_built_and_every_claim_holds(builds):
    for results, _ in builds:
        wrong = {name: one["message"] for name, one in results.items() if one["status"] not in OK}
        assert wrong == {}
        assert sum("gaps_are_deletes" in name for name in results) == 2


OK = ("success", "pass")


def test_reconciliation_counts_every_landed_row(builds):
    # landed, before images, redelivered, applied, deleted, collapsed, superseded, quarantined
    first, second = (sorted(tables["reconciliation"]) for _, tables in builds)
    assert first == [
        ("Product", 6, 1, 1, 3, 0, 0, 0, 1),
        ("sales.Order Lines", 2, 0, 0, 2, 0, 0, 0, 0),
        ("web shop.Views", 2, 0, 0, 0, 0, 0, 1, 1),
    ]
    assert second == [
        ("Product", 7, 1, 1, 3, 1, 0, 0, 1),
        ("sales.Order Lines", 3, 0, 0, 3, 0, 0, 0, 0),
        ("web shop.Views", 2, 0, 0, 0, 0, 0, 1, 1),
    ]


def test_deliveries_name_the_table_as_it_landed(builds):
    _, tables = builds[0]
    assert sorted(tables["file_deliveries"]) == [
        ("dbo.Product", 3),
        ("sales.Order Lines", 1),
        ("web shop.Views", 2),
    ]


def test_versions_of_a_key_of_two_columns(builds):
    _, tables = builds[1]
    assert sorted(tables["dim_order_line"], key=str) == [
        ("a", "b|c", "Ink", False),
        ("a", "b|c", "Paper", True),
        ("a|b", "c", "Pen", True),
        (None, None, "Unknown", True),
    ]


def test_versions_of_a_guid(builds):
    _, tables = builds[1]
    assert sorted(tables["dim_product"], key=str) == [
        (LAMP, "Lamp", False),
        (LAMP, "Lantern", False),
        (RUG, "Rug", True),
        (None, "Unknown", True),
    ]


def _project(folder, **changed):
    """A project whose registry is one entity, changed; a field that is None is left out."""
    shutil.copytree(PROJECT_ROOT / "macros", folder / "macros")
    entity = {k: v for k, v in (REGISTRY[0] | changed).items() if v is not None}
    (folder / "macros" / "entities" / "entity_registry.sql").write_text(_registry([entity]))
    return folder


@pytest.mark.parametrize(
    ("source_table", "landed_as", "reported_as"),
    [
        ("dbo.Product", "dbo.Product", "Product"),
        ("[dbo].[Product]", "dbo.Product", "Product"),
        ("sales.[Order Lines]", "sales.Order Lines", "sales.Order Lines"),
        ("sales.[a.b]]c]", "sales.a.b]c", "sales.a.b]c"),
    ],
)
def test_names_are_read_as_sql_server_writes_them(tmp_path, source_table, landed_as, reported_as):
    (entity,) = read_entities(_project(tmp_path, source_table=source_table))
    assert (entity.landed_as, entity.reported_as) == (landed_as, reported_as)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"source_table": "Product"}, "has the source_table 'Product': write schema.table"),
        ({"source_table": None}, "has no source_table"),
        ({"key": "product_id"}, "has text in key or tracked; write a list"),
        ({"key": []}, "has no key"),
        ({"tracked": None}, "has no tracked"),
        ({"history": "some"}, "has the history 'some': write versions or latest"),
        ({"name": "Order Line"}, "needs a unique name in snake_case"),
    ],
)
def test_an_entity_that_is_incomplete_is_refused(tmp_path, changed, message):
    with pytest.raises(MedallionError, match=message):
        read_entities(_project(tmp_path, **changed))


def test_an_unknown_entity_is_refused_with_those_there_are():
    with pytest.raises(MedallionError, match="no entity 'label'; the entities are user, artist"):
        call_macro("entity", "label")


def test_the_pipeline_lands_the_tables_of_the_registry_with_their_keys():
    text = (PROJECT_ROOT / "adf" / "pipeline" / "pl_ingest.json").read_text(encoding="utf-8")
    tables = json.loads(text)["properties"]["parameters"]["tables"]["defaultValue"]
    keys = {f"{one['schema']}.{one['table']}": one["keys"] for one in tables}
    entities = logged_entities()
    assert keys.keys() == {entity.landed_as for entity in entities}
    for entity in entities:
        named = column_names(keys[entity.landed_as], entity.name)
        assert tuple(named.values()) == entity.key


def test_every_source_lands_where_the_registry_says():
    file = PROJECT_ROOT / "models" / "bronze" / "_sources.yml"
    sources = {one["name"]: one["tables"] for one in YAML(typ="safe").load(file)["sources"]}
    folders = [one["config"]["meta"]["folder"] for one in sources["azure_sql"] + sources["github"]]
    entities = read_entities()
    expected = [f"azure_sql/{one.landed_as}" for one in entities if one.history != "lists"]
    expected += [f"github/{one.landed_as}" for one in entities if one.history == "lists"]
    assert sorted(folders) == sorted(expected)


def test_snapshots_check_the_tracked_columns():
    for file in sorted((PROJECT_ROOT / "snapshots").glob("*.yml")):
        (snapshot,) = YAML(typ="safe").load(file)["snapshots"]
        (entity,) = [one for one in read_entities() if f"snap_{one.landed_as}" == snapshot["name"]]
        assert tuple(snapshot["config"]["check_cols"]) == entity.tracked
        assert (snapshot["config"]["unique_key"],) == entity.key


def test_numeric_keys_of_dimensions_and_no_others_reserve_the_unknown_members_number():
    file = PROJECT_ROOT / "models" / "bronze" / "_sources.yml"
    types = {
        (table["config"]["meta"]["folder"].split("/")[-1], folded(column["name"])): column[
            "data_type"
        ]
        for source in YAML(typ="safe").load(file)["sources"]
        for table in source["tables"]
        for column in table["columns"]
        if "folder" in table["config"]["meta"]
    }
    for entity in read_entities():
        file = PROJECT_ROOT / "models" / "bronze" / f"{entity.bronze}.yml"
        (model,) = YAML(typ="safe").load(file)["models"]
        rules = {one["name"] for one in model["config"]["meta"]["expectations"]}
        for column in entity.key:
            bare = column.removeprefix(f"{entity.name}_")  # a reserved name has the entity in front
            kind = types.get((entity.landed_as, column)) or types[entity.landed_as, bare]
            is_number = kind in ("int", "bigint")
            reserves = is_number and entity.history in ("versions", "latest")
            assert (f"{column}_is_not_reserved" in rules) == reserves, entity.name


def test_the_project_file_names_the_shared_targets_of_the_macro():
    text = (PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    profiles = YAML(typ="safe").load(PROJECT_ROOT / "profiles.yml.example")["medallion"]["outputs"]
    shared = {name for name in profiles if call_macro("is_shared_target", name)}
    lists = re.findall(r"target\.name in \(([^)]*)\)", text)
    assert len(lists) == 2
    assert all(set(re.findall(r"\w+", one)) == shared for one in lists)


def test_the_project_file_gives_each_served_dimension_its_place():
    models = YAML(typ="safe").load(PROJECT_ROOT / "dbt_project.yml")["models"]["medallion"]
    core = models["silver"]["core"]
    located = {name for name, one in core.items() if "+location_root" in (one or {})}
    assert located == {one.name for one in served_tables() if one.container == "silver"}
