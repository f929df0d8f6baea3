"""The pipelines' statements to the source; the reference files, and the server for GitHub."""

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from medallion.adf.files import FactoryFiles
from medallion.errors import MedallionError
from medallion_local.data_factory.tsql import write_sent
from medallion_local.github.server import REFERENCE, REPOSITORY, etag, serving
from support.places import DATASET
from support.source_home import csv_rows

Json = dict[str, Any]


def test_pipelines_send_one_statement_without_declare(tmp_path: Path) -> None:
    """`make lint` parses the same files with Microsoft's grammar."""
    written = write_sent(FactoryFiles(), tmp_path / "sql")
    assert len(written) > 40
    for file in written:
        text = file.read_text().upper().strip()
        assert "DECLARE" not in text.split() and not text.endswith(";")


def test_tsql_that_no_run_sends_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "adf"
    shutil.copytree(FactoryFiles().folder, folder)
    file = folder / "pipeline" / "pl_alert.json"
    pipeline = json.loads(file.read_text())
    window = json.loads((folder / "pipeline" / "pl_land_late.json").read_text())
    unreached = {**window["properties"]["activities"][0], "name": "Ask in vain"}
    branch = pipeline["properties"]["activities"][0]["typeProperties"]["ifTrueActivities"]
    branch.append(unreached)
    file.write_text(json.dumps(pipeline))
    with pytest.raises(MedallionError, match="'Ask in vain' in pl_alert"):
        write_sent(FactoryFiles(folder), tmp_path / "sql")


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
