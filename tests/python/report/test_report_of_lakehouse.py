"""The report about a real lakehouse: its numbers, its failing rows, and what it lacks."""

import datetime as dt
import json
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

from support.browser import CHROMIUM, chromium, served, visit
from support.lakehouse import REFRESHED, Lakehouse
from support.published_tables import connected

USERS = "`medallion`.`silver`.`dim_user`"
# A failing test each: of a table with personal data, also under another name, and of one without.
FAILING = {
    "versions_do_not_overlap_dim_user": f"select * from {USERS} where user_id > 0",
    "unique_dim_user_user_key": f"select user_name as unique_field, 2 as n from {USERS}",
    "versions_do_not_overlap_dim_artist": "select * from `medallion`.`silver`.`dim_artist`"
    " where artist_id > 0",
}


@dataclass(frozen=True)
class Reported:
    """A page, its text, and its folder."""

    folder: Path
    said: str

    @property
    def text(self) -> str:
        page = (self.folder / "index.html").read_text(encoding="utf-8")
        page = re.sub(r"<(svg|style|script)\b.*?</\1>", " ", page, flags=re.S)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def artifacts(home: Lakehouse, folder: Path, day: int, gone: str = "") -> Path:
    """A target folder: the lakehouse's manifest, and results in which three tests failed.

    The table of the model `gone` is elsewhere than where the manifest says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((home.home / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = manifest["nodes"]
    if gone:
        nodes[f"model.medallion.{gone}"]["relation_name"] = f"`medallion`.`gold`.`not_{gone}`"
    tests = {name: _test(nodes, name) for name in FAILING}
    ended = dt.datetime(2026, 3, day, 6, tzinfo=dt.UTC)
    results = [
        {"unique_id": "model.medallion.dim_user", "status": "success", "execution_time": 1.5 * day}
    ] + [
        {
            "unique_id": tests[name],
            "status": "fail",
            "execution_time": 0.1,
            "failures": 100,
            "compiled_code": sql,
        }
        for name, sql in FAILING.items()
    ]
    document = {
        "metadata": {
            "invocation_id": f"{day:08d}-build",
            "invocation_started_at": (ended - dt.timedelta(minutes=1)).isoformat(),
            "generated_at": ended.isoformat(),
        },
        "args": {"which": "build"},
        "results": results,
    }
    (folder / "run_results.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _test(nodes: dict, name: str) -> str:
    return next(one for one in nodes if one.startswith(f"test.medallion.{name}"))


def write(home: Lakehouse, folder: Path, target: Path, *options: str) -> Reported:
    command = ["medallion", "report", "--to", str(folder), "--artifacts", str(target), *options]
    return Reported(folder, home.run(command))


@pytest.fixture(scope="module")
def built(lakehouse: Lakehouse) -> Lakehouse:
    lakehouse.at(REFRESHED)
    return lakehouse


@pytest.fixture(scope="module")
def report(built: Lakehouse, tmp_path_factory) -> Reported:
    """The report after two builds."""
    work = tmp_path_factory.mktemp("report")
    write(built, work / "report", artifacts(built, work / "target", day=8))
    return write(built, work / "report", artifacts(built, work / "target", day=9))


def values(home: Lakehouse, statement: str) -> set:
    with connected(home.home) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return {row[0] for row in cursor.fetchall()}


def test_nothing_is_missing_and_the_path_is_printed(report: Reported) -> None:
    assert "Missing from this report" not in report.text
    assert "This part is missing" not in report.text
    assert report.said.splitlines()[-1] == str(report.folder / "index.html")


def test_its_numbers_are_those_of_the_lakehouse(built: Lakehouse, report: Reported) -> None:
    (landed,) = values(built, "select sum(landed) from silver.reconciliation")
    (held,) = values(built, "select count(*) from quarantine.quarantined_plays")
    (plays,) = values(
        built,
        "select sum(streams) from gold.mart_daily_listening where date_day ="
        " (select max(date_day) from gold.mart_daily_listening)",
    )
    assert held > 0
    assert f"Each of the {landed:,} landed rows has exactly one outcome." in report.text
    assert f"The rules keep {held:,} row" in report.text
    assert f"the newest day, there were {plays:,} play" in report.text
    assert f"Look at this: {len(FAILING)} tests failed. All {landed:,} landed rows" in report.text


def test_no_name_of_a_user_is_on_the_page(built: Lakehouse, report: Reported) -> None:
    # An artist may have the name of a user.
    names = values(built, f"select user_name from {USERS} where user_name is not null")
    names -= values(built, "select artist_name from silver.dim_artist")
    page = (report.folder / "index.html").read_text(encoding="utf-8")
    assert len(names) > 100
    assert [name for name in names if name in page] == []
    assert report.text.count("***") >= 10  # in both tests of users


def test_rows_without_personal_data_are_shown(built: Lakehouse, report: Reported) -> None:
    found = report.text.partition("dim_artist: versions do not overlap – failed")[2]
    shown = found.partition("A column with personal data")[0]
    names = values(built, "select artist_name from silver.dim_artist")
    assert any(name and name in shown for name in names)


def test_the_history_has_both_builds(report: Reported) -> None:
    assert "2 builds in the history" in report.text
    assert "It balanced after each of the last 2 builds." in report.text
    assert "100 rows, 100 in the build before" in report.text
    assert len(list((report.folder / "history").iterdir())) == 2


def test_a_mart_that_is_not_built_is_named(built: Lakehouse, tmp_path: Path) -> None:
    target = artifacts(built, tmp_path / "target", day=9, gone="mart_user_retention")
    text = write(built, tmp_path / "report", target).text
    assert "gold.not_mart_user_retention is not built." in text
    assert "1 part of this report is missing" in text
    assert "Engagement On " in text  # the other marts are there


@pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed (apt install chromium): no page was opened"
)
def test_the_page_has_no_fault_on_a_laptop_and_on_a_phone(report: Reported) -> None:
    with chromium() as browser, served(report.folder) as base, visit(browser, base) as opened:
        for width in (1300, 375):
            opened.page.set_viewport_size({"width": width, "height": 800})
            page = opened.go("index.html")
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0
        assert opened.faults == []
