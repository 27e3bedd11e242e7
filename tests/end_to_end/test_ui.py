"""The Dagster UI as an engineer sees it, in a real browser: the graph, a passed and a failed check, the schedule."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def address(sample_warehouse: Warehouse) -> Iterator[str]:
    """The webserver on the data folder of the sample estate."""
    home = sample_warehouse.hiw("prepare").stdout.strip()
    port = _free_port()
    command = [str(Path(sys.executable).with_name("dagster-webserver")), "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "-m", "dagster_project.definitions"],
        env=sample_warehouse.environment | {"DAGSTER_HOME": home},
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
    page.goto(f"{address}/assets/release_candidate?view=checks&checkDetail=suite_mart_waiting_list")
    expect(page.get_by_text("suite_mart_waiting_list").first).to_be_visible()
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
