"""The files under adf/ themselves: what the service would refuse, and what the source would."""

import copy
import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from medallion.local.factory import arm
from medallion.local.factory.check import check
from medallion.local.factory.connectors import azure_sql
from medallion.local.factory.files import ADF_FOLDER
from medallion.local.factory.run import ingest
from medallion.local.github.server import REFERENCE, REPOSITORY, etag, serving

from factory_home import change, csv_rows, make

MAXDOP = Path(sys.executable).parent / "maxdop"
DATASET = Path(__file__).resolve().parents[3] / "shared" / "data" / "spotify" / "initial"
Json = dict[str, Any]


def test_files_have_no_fault() -> None:
    assert check(ADF_FOLDER) == []


def activities(pipeline: Json) -> Any:
    return pipeline["properties"]["activities"]


def nest(pipeline: Json) -> None:
    outer = next(one for one in activities(pipeline) if one["type"] == "IfCondition")
    outer["typeProperties"]["ifTrueActivities"].append({**copy.deepcopy(outer), "name": "Inner"})


PLANTED: list[tuple[str, Callable[[Json], Any], str]] = [
    ("function", lambda p: p["properties"].update(description="@frob()"), "'frob'"),
    ("syntax", lambda p: p["properties"].update(description="@concat('a'"), "Unable to parse"),
    ("type", lambda p: activities(p)[0].update(type="Lookpu"), "'Lookpu'"),
    ("dependency", lambda p: activities(p)[1]["dependsOn"][0].update(activity="X"), "'X'"),
    ("order", lambda p: activities(p)[1].update(dependsOn=[]), "does not run before it"),
    ("variable", lambda p: p["properties"]["variables"].pop("mode"), "variable 'mode'"),
    ("parameter", lambda p: p["properties"]["parameters"].pop("table"), "parameter 'table'"),
    ("name", lambda p: p.update(name="other"), "name inside"),
    ("twice", lambda p: activities(p).append(activities(p)[0]), "used twice"),
    ("nesting", nest, "stands inside"),
]


@pytest.mark.parametrize(
    ("plant", "named"), [one[1:] for one in PLANTED], ids=[one[0] for one in PLANTED]
)
def test_planted_fault_is_found(tmp_path: Path, plant: Callable[[Json], Any], named: str) -> None:
    folder = tmp_path / "adf"
    shutil.copytree(ADF_FOLDER, folder)
    file = folder / "pipeline" / "pl_ingest_table.json"
    pipeline = json.loads(file.read_text())
    plant(pipeline)
    file.write_text(json.dumps(pipeline))
    assert any(named in fault for fault in check(folder)), check(folder)


def test_missing_dataset_and_parameter_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "adf"
    shutil.copytree(ADF_FOLDER, folder)
    (folder / "dataset" / "ds_bronze_parquet.json").unlink()
    file = folder / "dataset" / "ds_control_json.json"
    file.write_text(file.read_text().replace('"file": {', '"other": {', 1))
    found = check(folder)
    assert any("No dataset 'ds_bronze_parquet'" in fault for fault in found)
    assert any("has no parameter 'file'" in fault for fault in found)
    assert any("needs its parameter 'other'" in fault for fault in found)


def test_pipelines_send_one_statement_that_microsofts_grammar_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    query = azure_sql.query

    def noting(environment: Any, tsql: str) -> Any:
        sent.append(tsql)
        return query(environment, tsql)

    monkeypatch.setattr(azure_sql, "query", noting)
    home = make(tmp_path)
    ingest(home)
    change(home, "UPDATE dbo.DimUser SET country = N'X'", "2025-01-03")
    ingest(home)
    ingest(home, from_date="2025-01-01", to_date="2025-01-31")
    assert len(sent) > 40
    folder = tmp_path / "sql"
    folder.mkdir()
    (folder / ".maxdop.json").write_text('{"initialQuotedIdentifiers": true}')
    for number, tsql in enumerate(sorted(set(sent))):
        assert "DECLARE" not in tsql.upper() and ";" not in tsql
        (folder / f"{number:03}.sql").write_text(tsql + "\n")
    command = [str(MAXDOP), "--parser-version", "2022", "--write", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_markets_are_distinct_and_complete() -> None:
    markets = csv_rows(REFERENCE / "markets.csv")
    assert list(markets[0]) == ["country", "iso_code", "region", "currency"]
    for key in ("country", "iso_code"):
        assert len({market[key] for market in markets}) == len(markets)
    assert all(len(m["iso_code"]) == 2 and len(m["currency"]) == 3 for m in markets)
    plans = csv_rows(REFERENCE / "subscription_plans.csv")
    assert {plan["plan"] for plan in plans} == {"Free", "Student", "Premium", "Family"}


@pytest.mark.skipif(not DATASET.is_dir(), reason=f"the real dataset is not at {DATASET}")
def test_every_country_and_plan_of_the_real_dataset_is_known() -> None:
    markets = {market["country"] for market in csv_rows(REFERENCE / "markets.csv")}
    users = csv_rows(DATASET / "DimUser.csv")
    named = {row["country"] for row in users + csv_rows(DATASET / "DimArtist.csv")}
    assert named - {""} <= markets
    plans = {plan["plan"] for plan in csv_rows(REFERENCE / "subscription_plans.csv")}
    assert {user["subscription_type"] for user in users} - {""} <= plans


def test_github_answers_304_for_a_known_etag_and_404_outside(tmp_path: Path) -> None:

    folder = tmp_path / REPOSITORY
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("x\n")
    (tmp_path.parent / "outside.csv").write_text("x\n")
    with serving(tmp_path) as url:
        with urllib.request.urlopen(f"{url}/a.csv") as got:
            assert (got.headers["ETag"], got.read()) == (etag(b"x\n"), b"x\n")
        known = urllib.request.Request(f"{url}/a.csv", headers={"If-None-Match": etag(b"x\n")})
        for asked, code in ((known, 304), (f"{url}/../../../../outside.csv", 404)):
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(asked)
            assert error.value.code == code


def test_arm_template_is_that_of_the_files() -> None:
    file = ADF_FOLDER / "arm" / "ARMTemplateForFactory.json"
    assert json.loads(file.read_text()) == arm.template(ADF_FOLDER), "run `medallion factory arm`"


def test_arm_template_deploys_every_file_after_what_it_refers_to() -> None:
    made = arm.template(ADF_FOLDER)
    kinds = ("linkedService", "dataset", "pipeline", "trigger")
    files = [file for kind in kinds for file in (ADF_FOLDER / kind).glob("*.json")]
    assert len(made["resources"]) == len(files) + 1
    [master] = [one for one in made["resources"] if "/pl_ingest')" in one["name"]]
    children = " ".join(master["dependsOn"])
    assert all(name in children for name in ("pl_ingest_table", "pl_ingest_reference", "pl_alert"))
    assert "ls_lake_properties_typeProperties_url" in made["parameters"]
    assert made["parameters"]["globalParameters_github_url_value"]["type"] == "string"
