"""The published report as a reader meets it, in a real browser: by keyboard, with a screen reader's rules, without a script, on paper."""

from __future__ import annotations

import csv
import functools
import http.server
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect, sync_playwright

from dagster_project.lake.paths import Lake
from dagster_project.operate.brief import write_brief
from dagster_project.report import build_report
from tests.end_to_end.test_ui import CHROMIUM, CHROMIUM_OPTIONS
from tests.warehouses import Warehouse

pytestmark = pytest.mark.requires_browser
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
WIDTHS = (390, 1280, 1920)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"], "preload": False}
"""Without `preload` axe does not fetch the style sheet a second time, which the policy of the pages forbids."""
CONTRAST = AXE | {"runOnly": ["color-contrast"]}
NOT_CONTRAST = AXE | {"rules": {"color-contrast": {"enabled": False}}}
"""Contrast is four fifths of axe's time, for it looks for what lies behind every word. The colours of a word follow from classes: the first
and the last of each path of classes are looked at, at one width; every other rule looks at everything, at all widths."""
SAMPLED = "[data-sampled]"
SAMPLE = """() => {
  const ends = new Map();
  for (const one of document.body.querySelectorAll("*")) {
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const path = [];
    for (let at = one; at !== document.body; at = at.parentElement)
      path.push(at.tagName, at.getAttribute("class"), at.getAttribute("fill"), at.getAttribute("style"));
    const key = path.join(" ");
    ends.has(key) ? ends.get(key)[1] = one : ends.set(key, [one, one]);
  }
  for (const one of [...ends.values()].flat()) one.dataset.sampled = "";
  return ends.size;
}"""
SMALLEST_TEXT = """() => Math.min(...[...document.body.querySelectorAll("*")].filter(
  one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && one.checkVisibility()
    && one.getBoundingClientRect().width > 1 && !["SCRIPT", "STYLE", "SUP", "SUB"].includes(one.tagName)
).map(one => parseFloat(getComputedStyle(one).fontSize) * (one.ownerSVGElement ? one.getScreenCTM().a : 1)))"""
"""In pixels of the screen: a chart shrinks with its page, and its words with it."""
ROWS = 12
"""The rows of a table come from one line of a template: axe takes a third of a minute for a thousand, even to leave them out."""
FEWER = f"document.querySelectorAll('tbody tr:nth-child(n+{ROWS + 1})').forEach(row => row.remove())"
OPEN = "document.querySelectorAll('details').forEach(element => { element.open = true; })"
FOCUSED = "(e => e.role === 'region' ? e.ariaLabel : e.textContent.trim() || e.id)(document.activeElement)"
"""A table that can be scrolled has the focus too; its words are its name, not those of its cells."""
TRUST = "R9G"
KINDS = {
    "england": "index.html",
    "trust": f"organisation-{TRUST}.html",
    "board": "organisation-Q9D.html",
    "brief": f"brief-{TRUST}.html",
    "compare": "compare.html",
    "indicator": "indicator-wlmds_over_52_weeks.html",
    "find": "find.html",
    "survey": "survey.html",
    "quality": "data-quality.html",
    "coverage": "coverage.html",
    "provenance": "provenance.html",
    "table": "table-mart_priorities.html",
    "cite": "cite.html",
    "accessibility": "accessibility.html",
}
"""One page of each kind."""


@pytest.fixture(scope="module")
def report(sample_warehouse: Warehouse) -> Path:
    return sample_warehouse.lake / "published" / "report"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield opened
        opened.close()


class Watched:
    """A browser context that writes down everything that is loaded and everything that goes wrong."""

    def __init__(self, context: BrowserContext) -> None:
        self.loaded: list[str] = []
        self.wrong: list[str] = []
        self.page = context.new_page()
        context.on("request", self._note)
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def _note(self, request: Request) -> None:
        self.loaded.append(request.url)


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport=DESKTOP, accept_downloads=True)  # type: ignore[arg-type]
    yield Watched(context)
    context.close()


@pytest.fixture(scope="module")
def address(report: Path) -> Iterator[str]:
    """Any web server will do: Python's own."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(report)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _keep(page: Page, name: str) -> None:
    """A screenshot, where HIW_SCREENSHOTS names a folder for a person to look at."""
    folder = os.environ.get("HIW_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"report_{name}.png"), full_page=True)


def _tab_to(page: Page, words: str, presses: int = 60) -> None:
    """Press Tab until the focus is on the element with these words."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if words in focused:
            return
    raise AssertionError(f"{words} was not reached with {presses} presses of Tab")


@pytest.mark.parametrize("over", ["file", "server"])
def test_by_keyboard_alone_a_reader_finds_a_trust_its_gaps_the_indicator_and_the_table(
    over: str, report: Path, address: str, desktop: Watched, sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    page = desktop.page
    start = (report / "index.html").as_uri() if over == "file" else f"{address}/index.html"
    page.goto(start)
    excess = sample_warehouse.one(
        "select excess_count from mart_priorities where organisation_code = 'ENG' and priority_rank = 1 "
        "order by avoidable_per_1000 desc limit 1"
    )
    expect(page.locator(".inset").first).to_contain_text(f"about {excess:,.0f} fewer")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    _tab_to(page, "Organisations and indicators")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("Organisations and indicators"))
    _tab_to(page, "words")
    page.keyboard.type(TRUST.lower())
    expect(page.locator("#found")).to_have_text("1 result")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    name = sample_warehouse.one(f"select organisation_name from dim_organisation where organisation_code = '{TRUST}'")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(name), re.IGNORECASE))
    ranked = f"select count(*) from mart_priorities where organisation_code = '{TRUST}' and priority_rank is not null"
    assert sample_warehouse.one(ranked) == 0, "the trusts of the sample are too small for a clear difference"
    expect(page.locator(".inset").first).to_contain_text("No clear difference among the groups")
    _tab_to(page, "Largest avoidable gaps")
    page.keyboard.press("Enter")
    _tab_to(page, "Other groups, and why they are not ranked")
    page.keyboard.press("Enter")
    _tab_to(page, "Waiting over 52 weeks")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting over 52 weeks")
    _tab_to(page, "Download")
    page.keyboard.press("Enter")
    _tab_to(page, "Download the table")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    started.value.save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["organisation_code"] == TRUST]
    assert {"imd_quintile", "ethnic_group"} <= {row["dimension"] for row in rows}
    assert desktop.wrong == []
    assert all(url.startswith(("file:", address)) for url in desktop.loaded)


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_and_nothing_is_loaded_from_elsewhere(kind: str, report: Path, desktop: Watched) -> None:
    page = desktop.page
    page.goto((report / KINDS[kind]).as_uri())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        _keep(page, f"{kind}_{width}")
        page.evaluate(OPEN)
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"the page scrolls sideways by {too_wide}"
        assert page.evaluate(SMALLEST_TEXT) >= 12, f"{width} wide"
        page.evaluate(OPEN.replace("true", "false"))
    page.evaluate(f"{OPEN}; {FEWER}")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page, options=NOT_CONTRAST)
        assert found.response["violations"] == [], found.generate_report()
        assert len(found.response["passes"]) > 15
    assert page.evaluate(SAMPLE) > 3
    found = Axe().run(page, context=SAMPLED, options=CONTRAST)
    assert found.response["violations"] == [], found.generate_report()
    assert found.response["passes"]
    assert desktop.wrong == []
    assert desktop.loaded
    assert all(url.startswith(report.as_uri()) for url in desktop.loaded)


def test_axe_would_have_found_a_fault(report: Path, desktop: Watched) -> None:
    desktop.page.goto((report / "index.html").as_uri())
    desktop.page.evaluate("document.querySelector('svg.chart').removeAttribute('aria-label')")
    desktop.page.evaluate("document.querySelectorAll('svg.chart title, svg.chart desc').forEach(node => node.remove())")
    desktop.page.evaluate("document.querySelector('main .tile p.note').style.color = '#bbbbbb'")
    found = Axe().run(desktop.page, options=NOT_CONTRAST)
    assert [violation["id"] for violation in found.response["violations"]] == ["svg-img-alt"]
    desktop.page.evaluate(SAMPLE)
    (pale,) = Axe().run(desktop.page, context=SAMPLED, options=CONTRAST).response["violations"]
    assert (pale["id"], len(pale["nodes"])) == ("color-contrast", 1)


def test_without_a_script_every_number_and_every_list_is_there(report: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=DESKTOP)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.goto((report / "find.html").as_uri())
        expect(page.locator("#search")).to_be_hidden()
        page.get_by_role("link", name=re.compile("Eastwick", re.IGNORECASE)).click()
        assert page.url.endswith(f"organisation-{TRUST}.html")
        expect(page.locator(".inset").first).to_contain_text("No clear difference among the groups")
        folded = page.locator("main details").first
        folded.locator("summary").click()
        expect(folded.locator("table")).to_be_visible()
    finally:
        context.close()


def test_the_focus_can_always_be_seen(report: Path, desktop: Watched) -> None:
    page = desktop.page
    page.goto((report / KINDS["trust"]).as_uri())
    for _ in range(40):
        page.keyboard.press("Tab")
        shadow = page.evaluate("getComputedStyle(document.activeElement).boxShadow")
        assert shadow != "none", page.evaluate("document.activeElement.outerHTML")


def test_on_paper_folded_tables_are_open_and_menus_are_gone(report: Path, desktop: Watched) -> None:
    page = desktop.page
    page.goto((report / KINDS["indicator"]).as_uri())
    page.emulate_media(media="print")
    expect(page.locator("nav.menu")).to_be_hidden()
    expect(page.locator("#quick")).to_be_hidden()
    heights = page.evaluate(
        "[...document.querySelectorAll('details table')].map(table => table.getBoundingClientRect().height)"
    )
    assert heights and min(heights) > 20
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_first_page_prints_on_six_sides_and_an_organisation_on_three(report: Path, desktop: Watched) -> None:
    """A brief and two sides: of the organisations with most to print, and of a board."""
    longest = sorted(report.glob("organisation-*.html"), key=lambda page: -page.stat().st_size)[:3]
    for page, sides in [(report / KINDS["england"], 6), *((page, 3) for page in [*longest, report / KINDS["board"]])]:
        desktop.page.goto(page.as_uri())
        assert _pages_of(desktop.page.pdf(format="A4", prefer_css_page_size=True)) <= sides, page.name
    desktop.page.emulate_media(media="print")
    expect(desktop.page.locator(".on-paper")).to_be_visible()
    expect(desktop.page.locator("main .brief h2")).to_be_visible()
    assert desktop.page.locator("main table:visible").count() == 0


def test_the_first_screen_has_a_figure_and_a_chart(report: Path, desktop: Watched) -> None:
    for kind in ("england", "trust", "board", "indicator"):
        desktop.page.goto((report / KINDS[kind]).as_uri())
        chart = desktop.page.locator("main svg.chart").first.bounding_box()
        assert chart is not None and chart["y"] < DESKTOP["height"], (kind, chart)
    desktop.page.goto((report / KINDS["england"]).as_uri())
    figure = desktop.page.locator("main .tile [data-column]").first.bounding_box()
    assert figure is not None and figure["y"] < DESKTOP["height"] / 2


def _pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_a_brief_is_one_side_of_a4_in_the_browser_and_from_the_command(
    report: Path, desktop: Watched, sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    longest = sorted(report.glob("brief-*.html"), key=lambda page: -len(page.read_text()))[:4]
    for page in longest:
        desktop.page.goto(page.as_uri())
        assert _pages_of(desktop.page.pdf(prefer_css_page_size=True)) == 1, page.name
    written = write_brief(Lake(sample_warehouse.lake), TRUST, tmp_path, pdf=True)
    assert written.name == f"brief-{TRUST}.pdf"
    assert _pages_of(written.read_bytes()) == 1
    alone = write_brief(Lake(sample_warehouse.lake), TRUST.lower(), tmp_path)
    assert not re.findall(r"href=|src=|@import", alone.read_text())
    desktop.page.goto(alone.as_uri())
    expect(desktop.page.locator(".brief")).to_have_css("break-inside", "auto")
    assert desktop.page.evaluate("getComputedStyle(document.body).margin") == "0px", "the policy lets its own style in"
    assert desktop.wrong == []


def test_a_brief_with_the_longest_names_and_figures_is_still_one_side(
    sample_warehouse: Warehouse, desktop: Watched, tmp_path: Path
) -> None:
    """Names longer than any of the ODS and of the catalogue, three gaps of millions, every series a concern."""
    copy = tmp_path / "marts.duckdb"
    copy.write_bytes((sample_warehouse.lake / "published" / "marts.duckdb").read_bytes())
    with duckdb.connect(str(copy)) as con:
        con.execute(
            "update dim_organisation set organisation_name = repeat('Associated Northern University Hospitals ', 4)"
        )
        con.execute("update dim_indicator set indicator_name = repeat('Emergency admissions, ', 6) || indicator_id")
        con.execute(
            "update mart_priorities set priority_rank = 1, avoidable_per_1000 = 5, adverse_events = 9e6, "
            "excess_count = 8e6, excess_count_ci_lower_95 = 7e6, "
            "excess_count_ci_upper_95 = 9e6"
        )
        con.execute(
            "update mart_control_chart set variation_icon = 'special_cause_concern', assurance_icon = 'consistent_fail'"
        )
    build_report(copy, tmp_path / "site")
    desktop.page.goto((tmp_path / "site" / f"brief-{TRUST}.html").as_uri())
    expect(desktop.page.locator(".part li").first).to_contain_text("9,000,000")
    assert _pages_of(desktop.page.pdf(prefer_css_page_size=True)) == 1


def test_by_keyboard_alone_the_search_box_of_any_page_leads_to_an_indicator(report: Path, desktop: Watched) -> None:
    page = desktop.page
    page.goto((report / KINDS["trust"]).as_uri())
    _tab_to(page, "sought")
    page.keyboard.type("OVER 52 weeks group")
    expect(page.locator("#hits")).to_have_text("1 result")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(KINDS["indicator"]))
    page.locator("#sought").focus()
    page.keyboard.type("no such words")
    expect(page.locator("#results")).to_contain_text("Nothing has these words")
    page.keyboard.press("Escape")
    expect(page.locator("#results")).to_be_hidden()
    assert desktop.wrong == []
    assert all(url.startswith(report.as_uri()) for url in desktop.loaded)


def _is_drawn_in_order(row: Locator) -> None:
    """The marks of a measure lie from left to right as its figures do from low to high."""
    marks = row.locator("td:has(svg.strip circle)")
    places = [
        (
            float(cell.locator("strong").inner_text().rstrip("%")),
            float(cell.locator("circle").get_attribute("cx") or ""),
        )
        for cell in marks.all()
    ]
    assert len(places) > 1
    assert [place for _, place in sorted(places)] == sorted(place for _, place in places)


def test_by_keyboard_alone_two_organisations_stand_side_by_side(
    report: Path, desktop: Watched, sample_warehouse: Warehouse
) -> None:
    """From a trust's page; the figures are the funnel's, in the digits of the page."""
    page = desktop.page
    page.goto((report / KINDS["trust"]).as_uri())
    _tab_to(page, "Choose peers", 200)
    page.keyboard.press("Enter")
    expect(page.locator("#beside th[scope=col]")).to_have_count(2)
    _tab_to(page, "Add its peers", 40)
    page.keyboard.press("Enter")
    peers = sample_warehouse.query(
        "select o.organisation_code from dim_organisation as o join dim_organisation as own using (icb_code, organisation_level) "
        f"where own.organisation_code = '{TRUST}' and o.is_current"
    )
    assert len(peers) > 1
    expect(page.locator("#beside th[scope=col]")).to_have_count(1 + len(peers))
    value = sample_warehouse.one(
        f"select value from mart_funnel where organisation_code = '{TRUST}' and indicator_id = 'rtt_over_52_weeks' "
        "and dimension = 'all' order by period_end desc limit 1"
    )
    row = page.locator("#beside tbody tr", has_text="Waiting over 52 weeks (RTT)")
    expect(row.locator("td strong").first).to_have_text(re.compile(rf"^{value * 100:.2f}%$"))
    _is_drawn_in_order(row)
    _keep(page, "compare_chosen")
    chosen = page.url
    page.goto((report / "cite.html").as_uri())
    page.goto(chosen)
    expect(page.locator("#beside th[scope=col]")).to_have_count(1 + len(peers))
    assert desktop.wrong == []


def test_tables_and_charts_can_be_sorted_filtered_and_taken_along(
    report: Path, desktop: Watched, tmp_path: Path
) -> None:
    page = desktop.page
    page.goto((report / KINDS["indicator"]).as_uri())
    page.evaluate(OPEN)
    table = page.locator("table", has_text="Trusts in the funnel").first
    values = table.locator("tbody tr td:nth-child(3)")
    table.get_by_role("button", name="Value").click()
    table.get_by_role("button", name="Value").click()
    expect(table.locator("thead th[aria-sort=descending]")).to_have_text("Value")
    shown = [float(text.rstrip("%")) for text in values.all_inner_texts() if text[0].isdigit() and " to " not in text]
    assert shown == sorted(shown, reverse=True) and len(shown) > 3
    tools = page.locator(".scroll:has(table) + .tools").filter(has_text="Trusts in the funnel").first
    tools.get_by_role("searchbox").fill("eastwick")
    kept = table.locator("tbody tr:visible").count()
    with page.expect_download() as started:
        tools.get_by_role("button", name="Table (CSV)").click()
    started.value.save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        heads, *rows = csv.reader(file)
    assert heads[:3] == ["Organisation", "Of", "Value"]
    assert len(rows) == kept > 0 and all("Eastwick" in row[0] for row in rows)
    chart = page.locator("figure:has(svg.chart)").first
    for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as started:
            chart.get_by_role("button", name=f"Picture ({kind})").click()
        started.value.save_as(tmp_path / kind)
        content = (tmp_path / kind).read_bytes()
        assert content.startswith(begins) and len(content) > 2000
    assert chart.locator("h3").inner_text().split(":")[0] in (tmp_path / "SVG").read_text()
    page.goto(f"{(report / KINDS['england']).as_uri()}")
    page.locator(".share a").first.click()
    assert page.locator(f"figure#{page.url.partition('#')[2]}").count() == 1
    assert desktop.wrong == []


def test_the_policy_of_the_page_stops_a_script_that_was_slipped_in(
    report: Path, desktop: Watched, tmp_path: Path
) -> None:
    planted = (report / "index.html").read_text().replace("</main>", "<script>document.title = 'taken'</script></main>")
    (tmp_path / "report.css").write_bytes((report / "report.css").read_bytes())
    (tmp_path / "index.html").write_text(planted)
    desktop.page.goto((tmp_path / "index.html").as_uri())
    assert "taken" not in desktop.page.title()
    assert any("Content Security Policy" in line for line in desktop.wrong)
