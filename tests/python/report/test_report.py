"""The report's page of an invented lakehouse, in a browser; its history, masks and artifacts."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from unittest.mock import patch

import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner

from medallion.cli import app
from medallion.errors import MedallionError
from medallion.lakehouse import _sign_in
from medallion.page.render import html
from medallion.profiles import rendered
from medallion.report.artifacts import read_build
from medallion.report.collect import Facts, collect
from medallion.report.failing_rows import MASK, masked, masked_message
from medallion.report.history import read_history, write_record
from medallion.report.page import page_of
from medallion.report.verdict import verdict
from medallion.report.write import write_report
from support.browser import CHROMIUM, chromium, served, visit
from support.report_facts import HOSTILE, MANIFEST, NOW, build, facts, records

BROWSER = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed (apt install chromium): no page was opened"
)
WIDTHS = {"laptop": 1300, "tablet": 800, "phone": 375, "small phone": 320}
LARGEST = 2_000_000  # bytes
SIZES = """() => [...document.querySelectorAll('figure svg')]
    .filter((one) => one.getClientRects().length)
    .map((one) => ({marks: [...one.querySelectorAll('[role=graphics-symbol]')].filter((mark) => {
                        const {width, height} = mark.getBBox()
                        return mark.getAttribute('opacity') !== '0' && width > 1 && height > 1
                    }).length,
                    label: one.getAttribute('aria-label'),
                    width: one.getBoundingClientRect().width}))"""


def written(made: Facts, folder: Path) -> Path:
    file = folder / "index.html"
    file.write_text(html(page_of(made)), encoding="utf-8")
    return file


def text_of(made: Facts) -> str:
    """The page's visible text. Its charts are not drawn, which takes most of the time."""
    with patch("medallion.page.render._drawn", lambda chart: iter(())):
        page = html(page_of(made))
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("report")
    written(facts(), made)
    return made


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


# --- in the browser ---


@BROWSER
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_its_window_and_requests_nothing(
    browser: Browser, base: str, width: str, scheme: str
) -> None:
    with visit(browser, base) as opened:
        requests: list[str] = []
        opened.page.on("request", lambda one: requests.append(one.url))
        opened.page.emulate_media(color_scheme=scheme)
        opened.page.set_viewport_size({"width": WIDTHS[width], "height": 800})
        page = opened.go("index.html")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        charts = page.evaluate(SIZES)
        assert opened.faults == []
        assert requests == [base + "index.html"]
    assert wide <= 0
    assert len(charts) >= 12
    for one in charts:
        assert one["marks"] and one["label"], one
        assert one["width"] <= WIDTHS[width]


@BROWSER
def test_the_page_needs_no_script(browser: Browser, base: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(base + "index.html")
        assert page.locator("h1").inner_text().startswith("All 3,000 landed rows")
        assert page.locator("figure svg").first.is_visible()
        assert not page.locator("#theme").is_visible()
    finally:
        context.close()


@BROWSER
def test_the_button_changes_the_theme_and_the_next_visit_keeps_it(
    browser: Browser, base: str
) -> None:
    color = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, base) as opened:
        opened.page.emulate_media(color_scheme="light")
        page = opened.go("index.html")
        light = page.evaluate(color)
        page.get_by_role("button", name="Dark").click()
        dark = page.evaluate(color)
        bar = page.locator("figure .wide [role=graphics-symbol]").first
        assert page.evaluate("one => getComputedStyle(one).fill", bar.element_handle()) != ""
        page.reload()
        assert page.evaluate(color) == dark != light
        assert opened.faults == []


@BROWSER
def test_a_pointer_on_a_mark_shows_its_number(browser: Browser, base: str) -> None:
    with visit(browser, base) as opened:
        page = opened.go("index.html")
        mark = page.locator("#listening .wide [role=graphics-symbol][aria-label^='2026-01-15']")
        mark.scroll_into_view_if_needed()
        mark.hover()
        assert page.locator("#tip").inner_text() == "2026-01-15, plays: 900"


@BROWSER
def test_a_hostile_name_is_text(browser: Browser, base: str, folder: Path) -> None:
    with visit(browser, base) as opened:
        page = opened.go("index.html")
        assert page.title() == "Lakehouse report"
        assert page.locator("#charts td", has_text="onerror=alert").inner_text() == HOSTILE
        assert page.locator("img, script").count() == 1  # the page's own script
        assert opened.faults == []


# --- the page ---


def test_the_page_is_light_and_names_no_address(folder: Path) -> None:
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert len(text.encode()) < LARGEST
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert not re.search(r"(https?:)?//[a-z]", without_namespaces.replace(HOSTILE, ""))
    assert re.search(r"default-src &?#?'none'", text)


def test_every_section_says_its_result_in_a_sentence(folder: Path) -> None:
    text = text_of(facts())
    for said in (
        "All 3,000 landed rows are accounted for, and no test failed; 1 test warns.",
        "only what had changed. A full copy of every table would have been 102 KB, so 79.4% was",
        "Each of the 3,000 landed rows has exactly one outcome.",
        "It balanced after each of the last 6 builds.",
        "Every table of the source was checked for changes in the last 20 minutes.",
        "The rules keep 7 rows out of silver and gold.",
        "1 of 1 expectation is violated.",
        "2 of 3 tests passed; 1 warned.",
        "dim_user.user_key: unique – warning: 2 rows, 2 in the build before",
        "The build took 1 min 35 s. The median of the 5 builds before is 1 min 35 s.",
        "On 1 Mar 2026, the newest day, there were 1,020 plays",
        "Stickiness, daily over monthly users, is 33%.",
        "477 subscribers pay 5,084.82 USD per month",
        "The catalogue knows the track of 99.70% of the plays",
    ):
        assert said in text, said


def test_lost_rows_and_failed_tests_come_first() -> None:
    made = facts(failing=True)
    made.answers["reconciliation"][0]["applied"] -= 3
    made.answers["reconciliation"][1]["applied"] += 3  # must not cancel out
    made.answers["windows"][0]["gaps"] = 1
    sentence, level = verdict(made)
    assert level == "bad"
    assert sentence == (
        "Look at this: 6 landed rows have no known outcome, 1 window of the change log has a gap "
        "or an overlap and 1 test failed."
    )
    text = text_of(made)
    assert "6 landed rows of 3,000 have no known outcome." in text
    assert "no: +3" in text and "no: −3" in text
    assert "dim_user.user_key: unique – failed: 2 rows" in text


@pytest.mark.parametrize(
    ("hours", "level", "said"),
    [(1, "good", "fresh"), (4, "warn", "late"), (13, "bad", "very late")],
)
def test_freshness_has_the_limits_of_the_source(hours: int, level: str, said: str) -> None:
    made = facts()
    old = (NOW - dt.timedelta(hours=hours)).isoformat()
    made.answers["checked"][2]["checked_at"] = old
    page = page_of(made)
    section = next(one for _, some in page.groups for one in some if one.id == "freshness")
    assert section.level == level
    assert section.blocks[0].rows[2][3].text == said


def test_a_slower_model_is_named() -> None:
    made = facts()
    slow = replace(made.build.outcomes[1], seconds=9.0)
    made.build = replace(made.build, outcomes=(made.build.outcomes[0], slow))
    assert "Slower than usual: fct_streams." in text_of(made)
    assert "Slower than usual: fct_streams." not in text_of(facts())


# --- what is missing ---


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("listening", "Daily listening"),
        ("tracks", "Top charts"),
        ("engagement", "Engagement"),
        ("cohorts", "Cohorts"),
        ("revenue", "Revenue"),
        ("reconciliation", "Reconciliation"),
        ("landings", "What landed"),
        ("checked", "Freshness"),
    ],
)
def test_a_missing_table_is_named_and_leaves_no_empty_chart(name: str, section: str) -> None:
    made = facts()
    del made.answers[name]
    made.missing[name] = "The table gold.some_mart is not built."
    page = page_of(made)
    found = next(one for _, some in page.groups for one in some if one.title.startswith(section))
    assert [one.text for one in found.blocks] == [
        "This part is missing. The table gold.some_mart is not built."
    ]
    assert page.level == "bad" and "1 part of this report is missing" in page.verdict
    assert any("gold.some_mart is not built" in one for one in page.notices)


def test_an_empty_mart_is_not_a_missing_one() -> None:
    made = facts()
    made.answers["cohorts"] = []
    assert "Cohorts The mart is built and has no rows yet." in text_of(made)


@contextmanager
def no_warehouse() -> Iterator[None]:
    raise MedallionError("the warehouse does not answer")
    yield


def test_without_artifacts_and_warehouse_the_page_names_all_of_it(tmp_path: Path) -> None:
    made = write_report(tmp_path / "target", tmp_path / "report", no_warehouse, now=NOW)
    text = unescape(made.file.read_text(encoding="utf-8"))
    assert made.build_failed
    for said in (
        "run_results.json does not exist in dbt's target folder.",
        "manifest.json does not exist in dbt's target folder.",
        "the warehouse does not answer",
    ):
        assert said in text
    assert "<svg" not in text
    assert not (tmp_path / "report" / "history").exists()


# --- dbt's artifacts ---


def artifacts(folder: Path, which: str = "build", started: str = "2026-03-09T05:58:25Z") -> Path:
    """A target folder of dbt."""
    folder.mkdir(exist_ok=True)
    results = {
        "metadata": {
            "invocation_id": f"i-{started}",
            "invocation_started_at": started,
            "generated_at": started,
        },
        "args": {"which": which},
        "results": [
            {
                "unique_id": one.unique_id,
                "status": one.status,
                "execution_time": one.seconds,
                "failures": one.failures,
                "message": one.message,
                "compiled_code": one.sql,
            }
            for one in build().outcomes
        ],
    }
    (folder / "run_results.json").write_text(json.dumps(results), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    return folder


def test_results_of_another_command_or_of_an_earlier_build_are_refused(tmp_path: Path) -> None:
    assert len(read_build(artifacts(tmp_path)).outcomes) == 7
    with pytest.raises(MedallionError, match=r"began 2026-03-09 05:58:25 UTC, before this run"):
        read_build(tmp_path, since=NOW)
    with pytest.raises(MedallionError, match="`dbt run-operation`, which builds nothing"):
        read_build(artifacts(tmp_path, "run-operation"))
    (tmp_path / "run_results.json").write_text("{", encoding="utf-8")
    with pytest.raises(MedallionError, match="is not JSON"):
        read_build(tmp_path)


def test_the_command_exits_1_for_a_build_without_results(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    given = ["report", "--to", str(tmp_path), "--artifacts", str(tmp_path)]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].endswith("index.html")
    assert "profiles.yml does not exist" in (tmp_path / "index.html").read_text(encoding="utf-8")
    done = CliRunner().invoke(app, [*given, "--check"])
    assert "the build failed or left no results" in str(done.exception)


# --- the history ---


def test_each_build_is_a_record_and_a_repeated_report_replaces_its_own(tmp_path: Path) -> None:
    for started in ("2026-03-08T05:00:00Z", "2026-03-09T05:00:00Z", "2026-03-09T05:00:00Z"):
        target = artifacts(tmp_path / "target", started=started)
        write_report(target, tmp_path, no_warehouse, now=NOW)
    found = read_history(tmp_path)
    assert [one.ended_at[:10] for one in found.records] == ["2026-03-08", "2026-03-09"]
    assert found.records[0].models["fct_streams"] == 3.0
    assert set(found.records[0].statuses) == {"pass", "warn"}
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "2 builds in the history" in text and "Seconds of each build" in text


def test_a_damaged_record_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    for one in records(3):
        write_record(tmp_path, one)
    (tmp_path / "history" / "20260101000000_x.json").write_text('{"seconds": "x"}')
    (tmp_path / "history" / "20260102000000_y.json").write_text("{")
    found = read_history(tmp_path)
    assert found.records == records(3)
    made = facts()
    made.history = found
    assert "20260101000000_x.json, 20260102000000_y.json" in text_of(made)
    assert collect(tmp_path, tmp_path, no_warehouse, now=NOW).history.damaged == found.damaged


def test_a_removed_rule_or_a_new_one_does_not_break_the_history() -> None:
    made = facts()
    made.history = replace(
        made.history,
        records=tuple(replace(one, rules={"gone.rule": 4}) for one in made.history.records),
    )
    assert "The rules keep 7 rows out of silver and gold." in text_of(made)


# --- masks ---

TAGGED = {
    "columns": {
        "user_id": {},
        "country": {},
        "user_name": {"databricks_tags": {"pii": "name"}},
    }
}
PLAIN = {"columns": {"artist_name": {}}}
ROW = {"user_id": 7, "user_name": "Ada", "country": "Chile"}


@pytest.mark.parametrize(
    ("row", "sql", "parents", "shown"),
    [
        (ROW, "select * from u", [TAGGED], ROW | {"user_name": MASK}),
        ({"USER_NAME": "Ada"}, "select * from u", [TAGGED], {"USER_NAME": MASK}),
        # the text may be a renamed name
        (
            {"value_field": "Ada", "n": 2},
            "select user_name as value_field from u",
            [TAGGED],
            {"value_field": MASK, "n": 2},
        ),
        (
            {"country": "Ada"},
            "select user_name as country from u",
            [TAGGED],
            {"country": MASK},
        ),
        # a text that no YAML lists
        ({"about": "Ada"}, "select * from u", [TAGGED], {"about": MASK}),
        ({"user_name": None}, "select * from u", [TAGGED], {"user_name": None}),
        ({"artist_name": "Ada"}, "select * from a", [PLAIN], {"artist_name": "Ada"}),
        ({"artist_name": "Ada"}, "select * from a, u", [PLAIN, TAGGED], {"artist_name": "Ada"}),
        ({"artist_name": "Ada", "n": 1}, "select 1", [], {"artist_name": MASK, "n": 1}),
    ],
)
def test_a_value_that_may_be_personal_is_masked(
    row: dict, sql: str, parents: list, shown: dict
) -> None:
    assert masked([row], sql, parents) == [shown]


def test_an_error_that_can_quote_a_name_is_cut_to_its_condition() -> None:
    message = "[CAST_INVALID_INPUT] The value 'Ada' of the type STRING cannot be cast"
    assert masked_message(message, [PLAIN]) == message
    for parents in ([TAGGED], []):
        assert masked_message(message, parents).startswith("[CAST_INVALID_INPUT]: dbt's log")
    made = facts()
    broken = replace(made.build.outcomes[-1], status="error", failures=0, message=message)
    made.build = replace(made.build, outcomes=(*made.build.outcomes[:-1], broken))
    made.failing = {}
    text = text_of(made)
    assert "unique – failed. [CAST_INVALID_INPUT]: dbt's log has the message." in text
    assert "Ada" not in text


# --- the connection ---


def test_a_profile_is_rendered_as_dbt_does(monkeypatch) -> None:
    monkeypatch.setenv("DBT_HOST", "adb-1.azuredatabricks.net")
    settings = {
        "host": "{{ env_var('DBT_HOST') }}",
        "catalog": "{{ env_var('NO_SUCH_VARIABLE', 'medallion') }}",
        "http_path": "{{ var('http_path') }}",
        "threads": 4,
    }
    assert rendered(settings, {"http_path": "/sql/1"}) == {
        "host": "adb-1.azuredatabricks.net",
        "catalog": "medallion",
        "http_path": "/sql/1",
        "threads": 4,
    }
    with pytest.raises(MedallionError, match="variable of --vars http_path, which is not set"):
        rendered(settings, {})


def test_each_sign_in_of_the_profile_is_the_connectors(monkeypatch) -> None:
    made: list[dict] = []

    class Config:
        def __init__(self, **given: object) -> None:
            made.append(given)

        def authenticate(self) -> dict[str, str]:
            return {"Authorization": "Bearer t"}

    monkeypatch.setattr("databricks.sdk.core.Config", Config)
    assert _sign_in({"host": "h", "token": "t"}) == {"access_token": "t"}
    for settings, kind in (
        ({"auth_type": "oauth", "client_id": "c", "client_secret": "s"}, "oauth-m2m"),
        ({"auth_type": "oauth"}, "external-browser"),
        ({"auth_type": "env-oidc", "client_id": "c"}, "env-oidc"),
    ):
        provider = _sign_in({"host": "https://h"} | settings)["credentials_provider"]
        assert provider()() == {"Authorization": "Bearer t"}
        assert made[-1]["auth_type"] == kind and made[-1]["host"] == "https://h"
