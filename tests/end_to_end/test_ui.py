"""The Dagster UI as an engineer sees it, in a real browser: the graph, a passed and a failed check, the schedule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from dagster_project.assets.sources import BACKFILL_PAGE
from tests.fixtures.loopback import free_port
from tests.warehouses import Warehouse

pytestmark = pytest.mark.requires_browser
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90
PAGE_MILLISECONDS = 45_000


@pytest.fixture(scope="module")
def address(sample_warehouse: Warehouse) -> Iterator[str]:
    """`hiw webserver` on the data folder of the sample estate."""
    sample_warehouse.hiw("prepare")
    port = free_port()
    server = subprocess.Popen(
        [str(Path(sys.executable).with_name("hiw")), "webserver", "--port", str(port)],
        env=sample_warehouse.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/server_info")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"{address} did not answer within {START_SECONDS} seconds")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1600, "height": 1000})
    opened.set_default_timeout(PAGE_MILLISECONDS)
    expect.set_options(timeout=PAGE_MILLISECONDS)
    yield opened
    opened.close()


def _keep(page: Page, name: str) -> None:
    """A screenshot, where HIW_SCREENSHOTS names a folder for a person to look at."""
    folder = os.environ.get("HIW_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_the_graph_shows_every_layer_from_the_publisher_to_the_marts(address: str, page: Page) -> None:
    page.goto(f"{address}/locations/dagster_project.definitions/asset-groups/release")
    expect(page.get_by_text("release_candidate").first).to_be_visible()
    expect(page.get_by_text("published_marts").first).to_be_visible()
    _keep(page, "group_release")
    page.goto(f"{address}/asset-groups")
    expect(page.get_by_text("raw", exact=False).first).to_be_visible()
    page.wait_for_timeout(3000)
    _keep(page, "asset_graph")


def test_a_passed_check_of_gate_2_is_shown_with_its_evidence(address: str, page: Page) -> None:
    page.goto(f"{address}/assets/mart_waiting_list?view=checks&checkDetail=suite")
    expect(page.get_by_text("suite", exact=True).first).to_be_visible()
    expect(page.get_by_text("Passed").first).to_be_visible()
    expect(page.get_by_text("evidence").first).to_be_visible()
    _keep(page, "check_passed")


def test_a_failed_check_says_which_file_and_how_many_cells(address: str, page: Page) -> None:
    page.goto(f"{address}/assets/clean_nhse_rtt?view=checks&checkDetail=rows_accepted")
    expect(page.get_by_text("rows_accepted").first).to_be_visible()
    expect(page.get_by_text("Failed").first).to_be_visible()
    expect(page.get_by_text("thousands marks (1 cell", exact=False).first).to_be_visible()
    _keep(page, "check_failed")


def test_the_schedule_runs_at_two_in_london(address: str, page: Page) -> None:
    page.goto(f"{address}/locations/dagster_project.definitions/schedules/nightly_refresh_at_two")
    expect(page.get_by_text("nightly_refresh_at_two").first).to_be_visible()
    expect(page.get_by_text("02:00 AM", exact=False).first).to_be_visible()
    _keep(page, "schedule")


def test_months_can_be_back_filled_one_by_one(address: str, page: Page) -> None:
    page.goto(f"{address}/assets/raw_nhse_ae?view=partitions")
    expect(page.get_by_text("2025-11-01").first).to_be_visible()
    _keep(page, "partitions")
    # what `fetch again` on a failed check leads to: two clicks more
    page.goto(f"{address}/{BACKFILL_PAGE.format(slug='nhse_ae', month='2025-11-01').removeprefix('../')}")
    page.get_by_role("button", name="Materialize").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 partition", exact=True)).to_be_visible()
    expect(dialog.get_by_role("button", name="Launch 1 run")).to_be_enabled()


OTHER_SITE = """<!doctype html><title>another site</title>
<form id=f action="{target}/graphql?query={mutation}" method=post target=answer><input name=a value=b></form>
<iframe name=answer></iframe><iframe src="{target}/"></iframe>
<img src="{target}/graphql?query={mutation}">
<script>
document.getElementById("f").submit();
const post = (type) => fetch("{target}/graphql?query={mutation}", {{method: "POST", mode: "no-cors",
  headers: {{"Content-Type": type}}, body: "x"}});
const socket = new Promise(done => {{ const s = new WebSocket("{target}/graphql".replace("http", "ws"), "graphql-ws");
  s.onopen = () => done("open"); s.onerror = () => done("refused"); }});
Promise.allSettled([post("text/plain"), post("application/x-www-form-urlencoded"), socket])
  .then(all => {{ document.title = "done: " + all[2].value; }});
</script>"""
PAUSE = "mutation{{setAutoMaterializePaused(paused:{})}}"


def _ask(address: str, query: str) -> dict[str, Any]:
    body = json.dumps({"query": query}).encode()
    asked = urllib.request.Request(f"{address}/graphql", headers={"Content-Type": "application/json"}, data=body)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return dict(json.load(answer)["data"])


def _is_paused(address: str) -> bool:
    return bool(_ask(address, "{instance{autoMaterializePaused}}")["instance"]["autoMaterializePaused"])


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_another_site_can_neither_command_nor_frame_nor_listen(
    address: str, page: Page, tmp_path: Path, host: str
) -> None:
    """From the same machine with another port (same site, another origin) and from another name: every request is refused."""
    before = _is_paused(address)
    wanted = PAUSE.format(str(not before).lower())
    (tmp_path / "index.html").write_text(OTHER_SITE.format(target=address, mutation=wanted))
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one) if one.url.startswith(address) else None)
    with _served(tmp_path) as port:
        page.goto(f"http://{host}:{port}/")
        expect(page).to_have_title("done: refused")
        page.wait_for_load_state("networkidle")
    assert len(asked) >= 5
    assert {one.response().status for one in asked if one.failure is None} <= {403, 405}  # type: ignore[union-attr]
    assert _is_paused(address) is before
    _ask(address, wanted)
    assert _is_paused(address) is not before, "the same command from the pages' own origin works"
    _ask(address, PAUSE.format(str(before).lower()))


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/server_info", {}, None, 200),
        ("/server_info", {"Host": "warehouse.example.nhs.uk"}, None, 400),
        ("/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, None, 200),
        ("/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, None, 403),
        ("/graphql?query=%7Bversion%7D", {}, None, 405),
        ("/graphql", {"Content-Type": "application/json"}, '{"query": "{version}"}', 200),
        ("/graphql", {"Content-Type": "application/json", "Origin": "null"}, '{"query": "{version}"}', 403),
        ("/graphql", {"Content-Type": "text/plain"}, '{"query": "{version}"}', 415),
    ],
)
def test_who_is_answered(address: str, path: str, headers: dict[str, str], body: str | None, status: int) -> None:
    asked = urllib.request.Request(f"{address}{path}", headers=headers, data=body.encode() if body else None)
    try:
        answer = urllib.request.urlopen(asked, timeout=20)
    except urllib.error.HTTPError as refused:
        answer = refused
    assert answer.status == status
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
