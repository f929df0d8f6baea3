"""What the pipelines send to the source; the reference files, and the server for GitHub."""

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from medallion.local.factory.connectors import azure_sql
from medallion.local.factory.run import ingest
from medallion.local.github.server import REFERENCE, REPOSITORY, etag, serving

from factory_home import change, csv_rows, make

MAXDOP = Path(sys.executable).parent / "maxdop"
DATASET = Path(__file__).resolve().parents[3] / "shared" / "data" / "spotify" / "initial"
Json = dict[str, Any]


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
