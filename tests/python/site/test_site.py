"""The docs site in a browser; and every object of the project has a description."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from ruamel.yaml import YAML
from typer.testing import CliRunner

from medallion.cli import app
from medallion.errors import MedallionError
from medallion.page.render import html
from medallion.report.history import write_record
from medallion.report.page import page_of
from medallion.serving.contract import POOLED, served_tables
from medallion.site.build import _mkdocs
from medallion.site.column_lineage import ColumnId, Lineage, ends, read_lineage
from medallion.site.coverage import things
from medallion.site.dbt_page import copy_dbt_page
from medallion.site.home_page import home_page, measured_figures
from medallion.site.latest_results import latest_results
from medallion.site.links import copy_pages
from medallion.site.project import Project, read_project
from medallion.site.queries import Query, read_queries
from medallion.site.report_page import copy_report, latest_record
from medallion.site.screenshot import take_screenshots
from medallion.site.star_schema import drawing, relationships
from support.browser import CHROMIUM, chromium, served, visit
from support.lakehouse import PROJECT
from support.report_facts import facts

UNTRACED_AT_MOST = 0.01
RESULTS = {  # the latest results in the report: the ids are those of the project
    "test.medallion.windows_leave_no_gap": ("fail", 2),
    "test.medallion.windows_do_not_overlap": ("pass", 0),
}
BROWSER = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed (apt install chromium): no page was opened"
)
# The graph of dbt's docs, which cytoscape draws on canvases: its nodes, and its number of drawn
# pixels.
DRAWN = """() => {
    const container = [...document.querySelectorAll('*')].find((one) => one._cyreg)
    if (!container) return {names: [], pixels: 0}
    const nodes = container._cyreg.cy.nodes(':visible').toArray()
    let pixels = 0
    for (const canvas of container.querySelectorAll('canvas')) {
        if (!canvas.width || !canvas.height) continue
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        for (let i = 3; i < data.length; i += 4) if (data[i]) pixels++
    }
    return {names: nodes.map((one) => one.data('id')), pixels}
}"""
BOXES = """() => [...document.querySelectorAll('svg.star-schema g.table')].map((table) => {
    const {x, y, right, bottom} = table.querySelector('rect').getBoundingClientRect()
    const texts = [...table.querySelectorAll('text')].map((one) => one.getBoundingClientRect())
    return {name: table.dataset.table, x, y, right, bottom,
            texts: texts.map((one) => [one.x, one.y, one.right, one.bottom])}
})"""


KINDS = ("", "architecture/", "star_schema/", "lineage/", "latest_report/", "latest_report/page/")
TABLES = ("rules/", "dictionary/gold/", "dictionary/macros/", "dictionary/fct_streams/")
# The words of tables that are on more than one line. A line may end after a hyphen or a slash.
BROKEN_WORDS = """() => {
    const broken = []
    for (const cell of document.querySelectorAll('td, th')) {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT)
        while (walker.nextNode()) {
            for (const word of walker.currentNode.data.matchAll(/[^\\s\\/–-]+/g)) {
                const range = document.createRange()
                range.setStart(walker.currentNode, word.index)
                range.setEnd(walker.currentNode, word.index + word[0].length)
                const tops = [...range.getClientRects()].map((one) => Math.round(one.top))
                if (new Set(tops).size > 1) broken.push(word[0])
            }
        }
    }
    return broken
}"""
# The contrast of each text in a drawing with the shape behind it, as WCAG defines it.
CONTRASTS = """() => {
    const rgb = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number)
    const light = (color) => {
        const [r, g, b] = rgb(color).slice(0, 3).map((one) => one / 255)
            .map((one) => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const seen = (color) => color !== 'none' && rgb(color)[3] !== 0
    const found = []
    for (const text of document.querySelectorAll('.drawing svg text')) {
        text.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'})
        const {x, y, width, height} = text.getBoundingClientRect()
        if (!width) continue
        const behind = document.elementsFromPoint(x + width / 2, y + height / 2)
            .filter((one) => one !== text)
            .map((one) => one instanceof SVGElement
                ? /rect|path/.test(one.tagName) ? getComputedStyle(one).fill : 'none'
                : getComputedStyle(one).backgroundColor)
            .find(seen)
        const pair = [light(getComputedStyle(text).fill), light(behind || 'rgb(255, 255, 255)')]
        const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)
        found.push({text: text.textContent, contrast})
    }
    return found
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    report = folder.with_name("report")
    invented = facts()
    write_record(report, replace(invented.record, tests=RESULTS))
    (report / "index.html").write_text(html(page_of(invented)), encoding="utf-8")
    command = "from medallion.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "site", "--to", str(folder), "--report", str(report)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def artifacts(site: Path) -> Path:
    """The target folder of the build from which the site was made."""
    return site.with_name("site-build") / "full"


@pytest.fixture(scope="module")
def project(artifacts: Path) -> Project:
    return read_project(artifacts / "manifest.json")


@pytest.fixture(scope="module")
def queries(project: Project) -> dict[str, Query]:
    return read_queries(project)


@pytest.fixture(scope="module")
def lineage(project: Project, queries: dict[str, Query]) -> Lineage:
    return read_lineage(project, queries)


@pytest.fixture(scope="module")
def base(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def relationships_of_the_yaml() -> set[str]:
    """The relationships of the models' YAML, read without the product's code."""
    found = set()
    for file in (PROJECT / "models").rglob("*.yml"):
        for model in (YAML(typ="safe").load(file) or {}).get("models", []):
            for column in model.get("columns", []):
                for test in column.get("data_tests", []):
                    if isinstance(test, dict) and "relationships" in test:
                        reported = test["relationships"]["arguments"]
                        parent = re.fullmatch(r"ref\('(\w+)'\)", reported["to"])[1]
                        left = f"{model['name']}.{column['name']}"
                        found.add(f"{left} → {parent}.{reported['field']}")
    return found


def search(page: Page, words: str) -> None:
    """Type into the search when its index is loaded."""
    page.locator(".md-search__input").click()
    expect(page.locator(".md-search-result__meta")).to_contain_text("Type to start")
    page.locator(".md-search__input").press_sequentially(words)


# --- in the browser ---


@BROWSER
@pytest.mark.parametrize(
    ("words", "title", "path"),
    [
        ("mart_daily_listening", "mart_daily_listening", "dictionary/mart_daily_listening/"),
        ("dim_user", "dim_user", "dictionary/dim_user/"),
        ("stickiness", "mart_user_engagement.v2", "dictionary/mart_user_engagement.v2/"),
        ("backfill", "Backfill", "runbooks/backfill/"),
    ],
)
def test_search_finds_a_page_and_opens_it(
    browser: Browser, base: str, words: str, title: str, path: str
) -> None:
    with visit(browser, base) as opened:
        page = opened.go("")
        search(page, words)
        results = page.locator("a.md-search-result__link")
        found = results.filter(has=page.get_by_role("heading", name=title, exact=True)).first
        found.click()
        page.wait_for_url(f"**/{path}**")
        expect(page.locator("h1")).to_contain_text(title)
        assert opened.faults == []


@BROWSER
def test_search_finds_nothing_where_there_is_nothing(browser: Browser, base: str) -> None:
    with visit(browser, base) as opened:
        page = opened.go("")
        search(page, "zzzwombat")
        expect(page.locator(".md-search-result__meta")).to_contain_text("No matching documents")


@BROWSER
def test_dbt_docs_open_the_graph_on_the_models_only(
    browser: Browser, base: str, project: Project
) -> None:
    with visit(browser, base) as opened:
        page = opened.go("dbt/index.html#!/overview?g_v=1")
        page.wait_for_function(f"() => ({DRAWN})().names.length > 0")
        page.wait_for_function(f"() => ({DRAWN})().pixels > 10000")
        drawn = page.evaluate(DRAWN)
        assert opened.faults == []
    wanted = {
        unique_id
        for unique_id, one in project.relations.items()
        if not one.is_disabled and one.kind == "model"
    }
    assert set(drawn["names"]) == wanted


@BROWSER
def test_dbt_docs_draw_nothing_while_the_graph_is_closed(browser: Browser, base: str) -> None:
    with visit(browser, base) as opened:
        page = opened.go("dbt/index.html#!/overview")
        expect(page.locator("body")).to_contain_text("medallion", ignore_case=True)
        assert page.evaluate(DRAWN)["pixels"] < 10000


@BROWSER
def test_dbt_docs_find_a_model(browser: Browser, base: str) -> None:
    with visit(browser, base) as opened:
        page = opened.go("dbt/index.html#!/model/model.medallion.dim_user")
        expect(page.locator("body")).to_contain_text("One row per version of a user")
        page.locator("#search").fill("dau")
        found = page.get_by_role("heading", name="mart_user_engagement_v1 model")
        expect(found).to_be_visible()
        assert opened.faults == []


@BROWSER
def test_star_schema_shows_every_relationship(browser: Browser, base: str) -> None:
    wanted = relationships_of_the_yaml()
    assert "fct_streams.user_key → dim_user.user_key" in wanted
    with visit(browser, base) as opened:
        page = opened.go("star_schema/")
        lines = page.locator("svg.star-schema path.relationship")
        shown = [one.get_attribute("data-line") for one in lines.all()]
        assert sorted(shown) == sorted(wanted)
        assert all(one.bounding_box()["width"] > 20 for one in lines.all())
        boxes = page.evaluate(BOXES)
        core = {one.stem for one in (PROJECT / "models" / "silver" / "core").glob("*.sql")}
        assert {one["name"] for one in boxes} == core
        ends = page.locator("svg.star-schema text.end").all_text_contents()
        assert sorted(ends) == sorted([*["1"] * len(wanted), *["0..*"] * len(wanted)])
        page.locator("g.table[data-table=dim_user] a").click()
        page.wait_for_url("**/dictionary/dim_user/")
        assert opened.faults == []
    for one in boxes:
        for left, top, right, bottom in one["texts"]:
            assert one["x"] <= left and right <= one["right"], one["name"]
            assert one["y"] <= top and bottom <= one["bottom"], one["name"]
        for other in boxes:
            beside = one["right"] < other["x"] or other["right"] < one["x"]
            apart = one["bottom"] < other["y"] or other["bottom"] < one["y"]
            assert one is other or beside or apart, (one["name"], other["name"])


@BROWSER
def test_pages_fit_a_phone_and_break_no_word(browser: Browser, base: str) -> None:
    page = browser.new_page()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        # Every page is opened at the width of a screen by `test_no_page_has_a_fault`.
        for path in (*TABLES, *(KINDS if width < 1000 else ())):
            page.goto(base + path)
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{path} is {wide} pixels wider than {width}"
            if path in TABLES:
                assert page.evaluate(BROKEN_WORDS) == [], f"{path} at {width}"
    page.set_content("<table><td style='word-break:break-all;width:40px'>a_very_long_name</table>")
    assert page.evaluate(BROKEN_WORDS) == ["a_very_long_name"]
    page.close()


@BROWSER
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_are_readable_in_each_palette(browser: Browser, base: str, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    for path in ("", "lineage/", "star_schema/", "dictionary/mart_daily_listening/"):
        page.goto(base + path)
        page.wait_for_load_state("networkidle")
        texts = page.evaluate(CONTRASTS)
        assert len(texts) > 10, path
        assert [one for one in texts if one["contrast"] < 4.5] == [], (path, scheme)
    page.evaluate("document.body.style.setProperty('--d-ink', 'var(--d-surface)')")
    assert any(one["contrast"] < 4.5 for one in page.evaluate(CONTRASTS))
    page.close()


@BROWSER
def test_control_columns_are_folded_until_a_link_leads_to_one(browser: Browser, base: str) -> None:
    with visit(browser, base) as opened:
        page = opened.go("dictionary/fct_streams/")
        expect(page.locator("[id='stream_id']").locator("xpath=..")).to_be_visible()
        control = page.locator("[id='_loaded_through']").locator("xpath=..")
        expect(control).not_to_be_visible()
        page.evaluate("location.hash = '_loaded_through'")
        expect(control).to_be_visible()


@BROWSER
def test_the_home_page_has_its_figures_picture_and_screenshot(browser: Browser, base: str) -> None:
    with visit(browser, base) as opened:
        page = opened.go("")
        expect(page.locator("h1")).to_contain_text("lakehouse on Azure")
        assert page.locator("a.figure").count() == 3
        expect(page.locator(".drawing.wide svg.picture")).to_be_visible()
        expect(page.locator(".drawing.narrow svg.picture")).not_to_be_visible()
        shot = page.locator(".screenshot img >> visible=true")
        assert shot.evaluate("(one) => one.naturalWidth") > 1000
        page.set_viewport_size({"width": 390, "height": 844})
        expect(page.locator(".drawing.narrow svg.picture")).to_be_visible()
        assert opened.faults == []


@BROWSER
def test_the_site_leads_to_the_report(browser: Browser, base: str) -> None:
    with visit(browser, base) as opened:
        page = opened.go("latest_report/")
        page.get_by_role("link", name="Open the report").click()
        page.wait_for_url("**/latest_report/page/**")
        expect(page.locator("h1")).to_contain_text("landed rows are accounted for")
        assert opened.faults == []


@BROWSER
def test_no_page_has_a_fault(browser: Browser, base: str, site: Path) -> None:
    files = sorted(site.rglob("index.html"), key=lambda one: one.stat().st_size)
    tables = [one for one in files if one.parent.parent.name == "dictionary"]
    # The pages of single tables are similar: only the longest ones are tested.
    visited = set(files) - set(tables[:-12])
    assert len(visited) > 30
    pages = [one.parent.relative_to(site).as_posix() for one in visited]
    with visit(browser, base) as opened:
        for path in sorted(pages):
            page = opened.go("" if path == "." else f"{path}/")
            if path != "dbt":
                wide = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert wide <= 0, f"{path} is {wide} pixels wider than the window"
        assert opened.faults == []


@BROWSER
@pytest.mark.parametrize(
    ("fault", "reported"),
    [
        ("<script>console.error('oh no')</script>", "console: oh no"),
        ("<script>throw new Error('oh no')</script>", "error: oh no"),
        ("<img src='missing.png'>", "404: "),
        ("<script src='https://cdn.example.com/mermaid.js'></script>", "external: https://cdn."),
        ("<link rel='stylesheet' href='https://fonts.example.com/css'>", "external: https://fonts"),
    ],
)
def test_a_faulty_page_is_reported(
    browser: Browser, tmp_path: Path, fault: str, reported: str
) -> None:
    (tmp_path / "index.html").write_text(f"<title>faulty</title><link rel=icon href=data:,>{fault}")
    with served(tmp_path) as address, visit(browser, address) as opened:
        opened.go("")
        assert any(one.startswith(reported) for one in opened.faults), opened.faults


# --- the pages ---


class Html(HTMLParser):
    """A page's links and ids."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        reported = dict(attributes)
        self.ids.add(reported.get("id") or "")
        self.links += [reported[key] or "" for key in ("href", "src") if key in reported]


def broken_links(site: Path) -> list[str]:
    files = [one for one in site.rglob("*.html") if one.parent.name != "dbt"]
    pages = {file: Html(file) for file in files}
    broken = []
    for file, page in pages.items():
        if file.name == "404.html":
            continue  # its links begin with the published address of the site
        here = f"http://site/{file.parent.relative_to(site).as_posix()}/".replace("/./", "/")
        for link in page.links:
            to = urlsplit(urljoin(here, link))
            if to.netloc != "site":
                continue
            target = site / unquote(to.path).strip("/")
            target = target / "index.html" if target.is_dir() else target
            lost = to.fragment and target in pages and to.fragment not in pages[target].ids
            if not target.is_file() or (lost and not to.fragment.startswith("__")):
                broken.append(f"{file.relative_to(site)}: {link}")
    return broken


def test_every_link_leads_somewhere(site: Path, tmp_path: Path) -> None:
    assert broken_links(site) == []
    (tmp_path / "index.html").write_text('<a href="nowhere/">x</a><a href="#nothing">y</a>')
    assert len(broken_links(tmp_path)) == 2


def test_every_relation_and_macro_has_its_page_with_all_columns(
    site: Path, project: Project, queries: dict[str, Query]
) -> None:
    for one in project.relations.values():
        ids = Html(site / "dictionary" / one.name / "index.html").ids
        assert set(queries[one.unique_id].types) <= ids, one.name
    macros = (site / "dictionary" / "macros" / "index.html").read_text()
    assert [one["name"] for one in project.macros if f"<code>{one['name']}<" not in macros] == []


def test_every_table_page_has_navigation_to_its_layer(site: Path, project: Project) -> None:
    for one in project.relations.values():
        page = (site / "dictionary" / one.name / "index.html").read_text()
        navigation = page.partition('class="md-nav md-nav--primary')[2].partition(
            'class="md-content"'
        )[0]
        for other in project.relations.values():
            if other.layer == one.layer and other is not one:
                assert f'href="../{other.name}/"' in navigation, (one.name, other.name)
        assert f'href="../{one.layer}/"' in page, one.name


def test_the_number_of_columns_is_the_same_everywhere(
    site: Path, artifacts: Path, project: Project, lineage: Lineage
) -> None:
    def text(path: str) -> str:
        page = (site / path / "index.html").read_text("utf-8")
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())

    layers = {one.layer for one in project.relations.values()}
    counts = [re.search(r"tables? with (\d+) columns", text(f"dictionary/{one}")) for one in layers]
    _, said = described(artifacts / "manifest.json")
    listed = [int(one) for one in re.findall(r"^ +columns of \w+ +[\d,]+ +(\d+) ", said, re.M)]
    shown = {
        "home": int(re.search(r"(\d+) columns in \d+ tables", text("."))[1]),
        "lineage": int(re.search(r"The project has (\d+) columns", text("lineage"))[1]),
        "layers": sum(int(one[1]) for one in counts),
        "described": sum(listed),
    }
    assert shown == dict.fromkeys(shown, len(lineage))


def test_the_figures_of_the_home_page_are_measured(tmp_path: Path) -> None:
    runs = {"seconds": [3.0, 5.0, 40.0]}
    last = [
        {"name": "fct_streams", "step": "worst day", "wrong": 1, "missing": 2},
        {"name": "plays_by_watermark", "step": "worst day", "wrong": 30, "missing": 4},
    ]
    largest = {
        **{"plays": 2000, "measured_on": "2026-01-01", "approaches": last},
        "engines": {"sail": {"first build": runs}},
    }
    file = tmp_path / "benchmarks.json"
    file.write_text(json.dumps({"1000": {}, "2000": largest}))
    build, wrong = measured_figures(file)
    assert (build.value, wrong.value) == ("5.0 s", "3 wrong plays")
    assert "34 of 2,000" in wrong.note
    file.write_text(json.dumps({"2000": {}}))
    with pytest.raises(MedallionError, match="lacks 'engines': run `make bench`"):
        measured_figures(file)


def test_without_chromium_the_home_page_has_no_screenshot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert take_screenshots(tmp_path / "index.html", tmp_path) == "no Chromium is installed"
    docs = "# Docs\n\nIntro.\n\n## Next\n"
    (tmp_path / "latest_report.md").touch()
    page = home_page("# T\n", docs, [], tmp_path, has_screenshot=False)
    assert "report_light" not in page and "architecture.svg" not in page
    assert "(latest_report.md)" in page and "first_hour.md" not in page
    assert "# T\n\nIntro." in page and page.endswith("## Next\n")


def test_dbts_page_must_have_the_selection_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "static_index.html").write_text("another version of dbt's docs")
    with pytest.raises(MedallionError, match="another first selection"):
        copy_dbt_page(tmp_path / "static_index.html", tmp_path / "dbt.html")


def test_a_page_shows_the_facts_of_its_table(site: Path) -> None:
    page = (site / "dictionary" / "dim_user" / "index.html").read_text()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "incremental, cdc_merge" in text
    assert "Analytics engineering (modelling), analytics-engineering@example.com" in text
    assert "personal: name" in text
    assert "versions_do_not_overlap(key: user_id)" in text
    old = (site / "dictionary" / "mart_user_engagement.v1" / "index.html").read_text()
    assert "2027-06-30" in old


def test_a_page_shows_the_latest_results_of_its_tests(site: Path, project: Project) -> None:
    page = (site / "dictionary" / "ingestion_windows" / "index.html").read_text()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "From dbt build , which ended 2026-03-09 06:00 UTC" in text
    failed, passed = text.index("windows_leave_no_gap fail 2"), text.index("overlap pass")
    assert failed < passed  # what needs a look comes first
    assert re.search(r"windows_landed_again_are_the_same (?:\S+ )*?did not run", text)
    assert set(RESULTS) <= {one["unique_id"] for one in project.tests}


def test_without_a_report_the_pages_say_so(project: Project, tmp_path: Path) -> None:
    assert latest_record(tmp_path) is None
    copy_report(tmp_path, tmp_path, None)
    assert "No report was found" in (tmp_path / "latest_report.md").read_text("utf-8")
    user = project.relations["model.medallion.dim_user"]
    assert "No report was found" in "".join(latest_results(project, user, None))


def test_the_page_of_each_mart_states_its_grain_its_key_and_an_example(
    site: Path, project: Project
) -> None:
    marts = [one for one in project.relations.values() if one.layer == "gold"]
    assert len(marts) == 8
    for one in marts:
        page = (site / "dictionary" / one.name / "index.html").read_text()
        text = " ".join(re.sub(r"<[^>]+>", "", page).split())
        assert "one row" in text and "The key is" in text, one.name
        example = " ".join(one.node["config"]["meta"]["example"].split())
        assert "Example:" in text and example in unescape(text), one.name


def test_the_repository_is_left_as_it_was(site: Path) -> None:
    done = subprocess.run(
        ["git", "status", "--porcelain", "docs", "models"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert "dictionary" not in done.stdout


def test_a_link_to_a_file_of_the_repository_shows_it(tmp_path: Path) -> None:
    (tmp_path / "docs" / "howto").mkdir(parents=True)
    (tmp_path / "one.sql").write_text("select '```'")
    page = tmp_path / "docs" / "howto" / "page.md"
    page.write_text("[one](../../one.sql) and [the web](https://example.com/x)")
    copy_pages(tmp_path / "docs", tmp_path / "pages", tmp_path)
    copied = (tmp_path / "pages" / "howto" / "page.md").read_text()
    assert copied == "[one](../source/one.sql.md) and [the web](https://example.com/x)"
    assert "````sql" in (tmp_path / "pages" / "source" / "one.sql.md").read_text()
    page.write_text("[two](../../two.sql)")
    with pytest.raises(MedallionError, match=r"page\.md links to \.\./\.\./two\.sql, which is no"):
        copy_pages(tmp_path / "docs", tmp_path / "again", tmp_path)


def test_a_missing_page_in_the_navigation_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "README.md").write_text("# Start\n\n[gone](gone.md)\n")
    with pytest.raises(MedallionError, match=r"faults: .*first_hour\.md.*; .*gone\.md"):
        nothing = Project({"nodes": {}, "sources": {}, "disabled": {}}, {})
        _mkdocs(tmp_path / "pages", tmp_path / "site", nothing)


# --- star schema and lineage ---


def test_the_star_schema_follows_the_tests(project: Project) -> None:
    found = relationships(project)
    assert {str(one) for one in found} == relationships_of_the_yaml()
    manifest = json.loads(json.dumps(project.manifest))
    gone = next(key for key in manifest["nodes"] if "relationships_fct_streams_user_key" in key)
    del manifest["nodes"][gone]
    fewer = Project(manifest, {})
    drawn = drawing(fewer, relationships(fewer))
    assert "fct_streams.user_key →" not in drawn
    assert drawn.count("data-line=") == len(found) - 1


def test_the_numbers_of_a_relationship_follow_the_tests(project: Project) -> None:
    def numbers(manifest: dict) -> dict[str, tuple[str, str]]:
        return {one.key: one.numbers for one in relationships(Project(manifest, {}))}

    manifest = json.loads(json.dumps(project.manifest))
    assert numbers(manifest)["artist_key"] == ("0..*", "1")
    columns = node(manifest, "fct_streams")["columns"]
    columns["device_key"]["constraints"] = []
    assert numbers(manifest)["device_key"] == ("0..*", "0..1")
    gone = next(key for key in manifest["nodes"] if "unique_dim_artist_artist_key" in key)
    del manifest["nodes"][gone]
    assert numbers(manifest)["artist_key"] == ("0..*", "0..*")


@pytest.mark.parametrize(
    ("column", "at_the_source"),
    [
        ("mart_daily_listening.listen_seconds", {"azure_sql.FactStream.listen_duration"}),
        ("mart_daily_listening.country", {"azure_sql.DimUser.country"}),
        ("mart_top_tracks_weekly.track_name", {"azure_sql.DimTrack.track_name"}),
        ("dim_market.region", {"github.markets.region"}),
        ("dim_artist.genre", {"azure_sql.DimArtist.genre"}),
        ("dim_user.valid_from", {"azure_sql.DimUser._commit_time"}),
        ("serving__mart_daily_listening.country", {"azure_sql.DimUser.country"}),
        ("pool__dim_track.album_name", {"azure_sql.DimTrack.album_name"}),
        ("mart_user_engagement.v1.stickiness_percent", set()),
        ("mart_daily_listening.streams", set()),
    ],
)
def test_lineage_leads_to_the_source(
    project: Project, lineage: Lineage, column: str, at_the_source: set[str]
) -> None:
    ids = {f"{project.relations[one.relation].name}.{one.column}": one for one in lineage}
    names = {one: name for name, one in ids.items()}
    found = {names[one] for one in ends(lineage, ids[column])}
    assert at_the_source <= found
    assert {one.rsplit(".", 1)[0] for one in found} <= {
        *(one.rsplit(".", 1)[0] for one in at_the_source),
        "azure_sql.FactStream",
    }


def test_columns_that_a_query_computes_are_marked(lineage: Lineage) -> None:
    streams = lineage[ColumnId("model.medallion.mart_daily_listening", "streams")]
    assert (streams.columns, streams.made) == (set(), {"COUNT(*)"})
    row = lineage[ColumnId("model.medallion.stg_azure_sql__user_changes", "_landed_row")]
    assert ColumnId("model.medallion.azure_sql__dim_user", "user_name") in row.columns
    snapshot = lineage[ColumnId("snapshot.medallion.snap_markets", "dbt_valid_from")]
    assert {one.relation for one in snapshot.columns} == {"model.medallion.stg_github__markets"}


def test_few_columns_are_untraced_and_none_silently(project: Project, lineage: Lineage) -> None:
    untraced = [one for one, origin in lineage.items() if origin.untraced]
    assert len(untraced) <= UNTRACED_AT_MOST * len(lineage)
    silent = [
        column
        for column, one in lineage.items()
        if not (one.columns or one.made or one.untraced)
        and project.relations[column.relation].kind not in ("source", "seed")
    ]
    assert silent == []


def test_a_column_of_an_unknown_table_is_untraced(project: Project) -> None:
    manifest = json.loads(json.dumps(project.manifest))
    model = manifest["nodes"]["model.medallion.dim_device"]
    model["compiled_code"] = "select device_key, device_type from elsewhere.things.devices"
    changed = Project(manifest, {})
    device = changed.relations["model.medallion.dim_device"]
    found = read_lineage(changed, read_queries(changed), [device])
    assert len(found) == 2
    assert all("elsewhere" in str(one.untraced) for one in found.values())


# --- descriptions ---


def described(manifest: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["describe", "--check", "--manifest", str(manifest)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_everything_is_described(artifacts: Path) -> None:
    code, said = described(artifacts / "manifest.json")
    assert re.search(r"^ +seeds +0 +0 +–", said, re.M)
    assert (code, "100.0%" in said.splitlines()[-2]) == (0, True), said


def node(manifest: dict, name: str) -> dict:
    return manifest["nodes"][f"model.medallion.{name}"]


def _model(manifest: dict) -> None:
    node(manifest, "dim_user")["description"] = " "


def _column(manifest: dict) -> None:
    node(manifest, "stg_azure_sql__user_changes")["columns"]["country"]["description"] = ""


def _unlisted_column(manifest: dict) -> None:
    del node(manifest, "plays_in_context")["columns"]["stream_id"]


def _column_that_is_none(manifest: dict) -> None:
    columns = node(manifest, "plays_in_context")["columns"]
    columns["gone"] = {**columns["stream_id"], "name": "gone"}


def _argument(manifest: dict) -> None:
    manifest["macros"]["macro.medallion.version_key"]["arguments"][1]["description"] = ""


def _unlisted_argument(manifest: dict) -> None:
    macro = manifest["macros"]["macro.medallion.version_key"]
    macro["macro_sql"] = macro["macro_sql"].replace("(natural_key,", "(natural_key, salt,")


def _argument_that_is_none(manifest: dict) -> None:
    macro = manifest["macros"]["macro.medallion.unknown_key"]
    macro["arguments"] = [{"name": "gone", "type": "string", "description": "Gone."}]


def _macro(manifest: dict) -> None:
    manifest["macros"]["macro.medallion.landed"]["description"] = ""


def _source_column(manifest: dict) -> None:
    table = manifest["sources"]["source.medallion.azure_sql.DimUser"]
    table["columns"]["user_name"]["description"] = ""


def _source(manifest: dict) -> None:
    for table in manifest["sources"].values():
        table["source_description"] = table["source_description"].replace("Reference files", "")
        if table["source_name"] == "github":
            table["source_description"] = ""


def _exposure(manifest: dict) -> None:
    manifest["exposures"]["exposure.medallion.charts"]["description"] = ""


def _snapshot_column(manifest: dict) -> None:
    del manifest["nodes"]["snapshot.medallion.snap_markets"]["columns"]["dbt_scd_id"]


def _singular_test(manifest: dict) -> None:
    manifest["nodes"]["test.medallion.windows_leave_no_gap"]["description"] = ""


def _generic_test(manifest: dict) -> None:
    manifest["macros"]["macro.medallion.test_complete"]["description"] = ""


def _served_column(manifest: dict) -> None:
    del manifest["disabled"]["model.medallion.serving__dim_user"][0]["columns"]["country"]


def _pool_column(manifest: dict) -> None:
    del manifest["disabled"]["model.medallion.pool__fct_streams"][0]["columns"]["_slice"]


@pytest.mark.parametrize(
    ("remove", "reported"),
    [
        (_model, "models/silver/core/dim_user.yml: model dim_user has no description"),
        (_column, "column stg_azure_sql__user_changes.country has no description"),
        (_unlisted_column, "column plays_in_context.stream_id is not listed"),
        (_column_that_is_none, "column plays_in_context.gone is described, but"),
        (_argument, "argument version_key(valid_from) has no description"),
        (_unlisted_argument, "argument version_key(salt) is not listed"),
        (_argument_that_is_none, "argument unknown_key(gone) is described, but"),
        (_macro, "macros/landing/landed.sql: macro landed has no description"),
        (_source_column, "_sources.yml: column azure_sql.DimUser.user_name has no description"),
        (_source, "models/bronze/_sources.yml: source github has no description"),
        (_exposure, "models/serving/_exposures.yml: exposure charts has no description"),
        (_snapshot_column, "column snap_markets.dbt_scd_id is not listed"),
        (_singular_test, "test windows_leave_no_gap has no description"),
        (_generic_test, "macro test_complete has no description"),
        (_served_column, "column serving__dim_user.country is not listed"),
        (_pool_column, "column pool__fct_streams._slice is not listed"),
    ],
)
def test_objects_without_a_description_are_named(
    project: Project, queries: dict[str, Query], remove: Callable[[dict], None], reported: str
) -> None:
    manifest = json.loads(json.dumps(project.manifest))
    remove(manifest)
    lacking = [str(one) for one in things(Project(manifest, {}), queries) if one.lacks]
    assert len(lacking) == 1
    assert reported in lacking[0]


def test_arguments_in_another_order_are_reported(
    project: Project, queries: dict[str, Query]
) -> None:
    manifest = json.loads(json.dumps(project.manifest))
    manifest["macros"]["macro.medallion.landed"]["arguments"].reverse()
    lacking = [str(one) for one in things(Project(manifest, {}), queries) if one.lacks]
    assert len(lacking) == 2
    assert all("is listed in another order than in the macro" in one for one in lacking)


def test_the_check_fails_with_a_line_for_each(artifacts: Path, tmp_path: Path) -> None:
    manifest = json.loads((artifacts / "manifest.json").read_text())
    _model(manifest)
    _argument(manifest)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    code, said = described(tmp_path / "manifest.json")
    lines = said.splitlines()
    assert code == 1
    assert lines[0] == (
        "models/silver/core/dim_user.yml: model dim_user has no description: write one"
    )
    assert lines[1].endswith("argument version_key(valid_from) has no description: write one")
    models = re.search(r"^ +models +(\d+) +(\d+) ", said, re.M)
    assert models and int(models[2]) - int(models[1]) == 1


def test_a_new_column_of_a_query_needs_a_description(project: Project) -> None:
    manifest = json.loads(json.dumps(project.manifest))
    model = node(manifest, "users_in_context")
    model["compiled_code"] = f"select inner_.*, 1 as gained from ({model['compiled_code']}) inner_"
    changed = Project(manifest, {})
    lacking = [str(one) for one in things(changed, read_queries(changed)) if one.lacks]
    assert len(lacking) == 1
    assert "column users_in_context.gained is not listed" in lacking[0]


def test_a_manifest_without_sql_is_refused(artifacts: Path, tmp_path: Path) -> None:
    manifest = json.loads((artifacts / "manifest.json").read_text())
    node(manifest, "dim_user")["compiled_code"] = None
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    done = CliRunner().invoke(app, ["describe", "--manifest", str(tmp_path / "manifest.json")])
    assert isinstance(done.exception, MedallionError)
    assert "no compiled SQL of dim_user: run `medallion up` and `dbt compile`" in str(
        done.exception
    )
    done = CliRunner().invoke(app, ["describe", "--manifest", str(tmp_path / "none.json")])
    assert "run `medallion up` and `dbt compile`" in str(done.exception)


def test_the_pool_describes_a_column_as_its_contract_does(project: Project) -> None:
    for table in served_tables(where=POOLED):
        pool = project.relations[f"model.medallion.pool__{table.name}"]
        for column in table.columns:
            if column.name in pool.columns:
                assert pool.columns[column.name]["description"] == column.description, column
