"""What all tests share: an environment that cannot touch the checkout, seeds that are printed, and the lake's fixtures.

Tests of real files, reference vectors and the browser are skipped, with the reason, where these are not at hand.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from dagster_project.garbage import collect_seldom

ROOT = Path(__file__).resolve().parent.parent
SEED = int(os.environ.get("HIW_TEST_SEED", "20261122"))
_OWN_FOLDER = Path(tempfile.mkdtemp(prefix="hiw-tests-"))
_OF_THE_OPERATOR = {
    "HIW_DAMAGE",
    "HIW_ENDURANCE",
    "HIW_FUZZ",
    "HIW_MIRROR",
    "HIW_VECTORS",
    "HIW_TEST_SEED",
    "HIW_SCREENSHOTS",
    "HIW_SIMULATIONS",
    "HIW_WRITE_README",
}


pytest_plugins = ["tests.warehouses"]


def _isolate_environment() -> None:
    """Before anything is imported: no path of the shell leads a test into the checkout or into somebody's lake."""
    for name in [name for name in os.environ if name.startswith("HIW_") and name not in _OF_THE_OPERATOR]:
        del os.environ[name]
    os.environ.update(
        HIW_DATA_LAKE=str(_OWN_FOLDER / "data_lake"),
        DAGSTER_HOME=str(_OWN_FOLDER / "dagster_home"),
        HYPOTHESIS_STORAGE_DIRECTORY=str(_OWN_FOLDER / "hypothesis"),
        DAGSTER_DISABLE_TELEMETRY="true",
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
        GX_ANALYTICS_ENABLED="false",
        DO_NOT_TRACK="1",
    )
    for name in ("DBT_TARGET_PATH", "DBT_LOG_PATH", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR"):
        os.environ.pop(name, None)
    # A TZ of the shell is kept, so that the suite can be run as if elsewhere; without one it is the same everywhere.
    os.environ.setdefault("TZ", "UTC")
    time.tzset()
    (_OWN_FOLDER / "dagster_home").mkdir()


_isolate_environment()
collect_seldom()
hypothesis_settings.register_profile("warehouse", derandomize=True, database=None, deadline=None, print_blob=True)
hypothesis_settings.load_profile("warehouse")


def _reasons_to_skip() -> dict[str, str]:
    """Marker -> why its tests cannot run here."""
    from tests.warehouses import MIRROR

    vectors = Path(os.environ.get("HIW_VECTORS") or ROOT.parent / "shared" / "vectors")
    reasons = {}
    if not MIRROR.is_dir():
        reasons["requires_mirror"] = f"the real published files are not at {MIRROR}; set HIW_MIRROR to their folder"
    if not vectors.is_dir():
        reasons["requires_vectors"] = f"the reference vectors are not at {vectors}; set HIW_VECTORS to their folder"
    if shutil.which("chromium") is None:
        reasons["requires_browser"] = "chromium is not installed (apt-get install chromium)"
    if os.geteuid() or not (shutil.which("nginx") and shutil.which("caddy")):
        reasons["requires_proxies"] = (
            "nginx or caddy is not installed (apt-get install nginx-light caddy), or this is not root"
        )
    return reasons


def _sandbox_reason(items: list[pytest.Item]) -> dict[str, str]:
    """What is installed when first needed is asked about only where a test of this run needs it."""
    from dagster_project.transform import engine
    from tests.fixtures import cml_schemas, databases, mesh_sandbox, postgres

    found = {}
    for marker, package in (
        ("requires_mesh_sandbox", mesh_sandbox),
        ("requires_cml_schemas", cml_schemas),
        ("requires_postgres", postgres),
        ("requires_databases", databases),
        ("requires_engine", engine),
    ):
        needed = any(item.get_closest_marker(marker) for item in items)
        reason = package.why_it_cannot_run() if needed else ""
        found.update({marker: reason} if reason else {})
    return found


WAREHOUSES = ("story", "mirror_warehouse", "sample_warehouse")
"""Fixtures that run whole nights once for all workers: the two that are built first, by one worker each, and what they bring."""


def _put_in_order(items: list[pytest.Item]) -> None:
    """Whole files: two that build a warehouse, then those that need none, then those that read one; so no worker waits for another."""
    needs: dict[Path, set[str]] = {}
    for item in items:
        needs.setdefault(item.path, set()).update(getattr(item, "fixturenames", ()))
    builders = [next((path for path in needs if name in needs[path]), None) for name in WAREHOUSES[:2]]

    def turn(item: pytest.Item) -> int:
        if item.path in builders:
            return builders.index(item.path)
        return len(WAREHOUSES) + (not needs[item.path].isdisjoint(WAREHOUSES))

    items.sort(key=turn)


WHOLE_NIGHTS = 3600
"""Seconds for a test that may be the first to need whole nights: beside other work the night of the real files took more than the usual 600."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot run here, saying why."""
    _put_in_order(items)
    for item in items:
        if not set(WAREHOUSES).isdisjoint(getattr(item, "fixturenames", ())) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(WHOLE_NIGHTS))
    for marker, reason in (_reasons_to_skip() | _sandbox_reason(items)).items():
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_report_header() -> str:
    """The seed and the time zone of this run, so that it can be repeated."""
    return f"seed: {SEED} (HIW_TEST_SEED), time zone: {os.environ['TZ']}, temporary: {_OWN_FOLDER}"


def pytest_unconfigure() -> None:
    """Take the folder of this run away."""
    shutil.rmtree(_OWN_FOLDER, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the workers share what one of them made."""
    from tests.warehouses import SHARED, shared_folder

    os.environ[SHARED] = str(shared_folder(tmp_path_factory))


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """What a test (or prepare_home) sets in the environment ends with the test."""
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of every random choice; printed in the header."""
    return SEED


@pytest.fixture(scope="session")
def sample_estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A written sample estate with its marker, as a mirror; never change it, copy it."""
    from dagster_project.lake.paths import SYNTHETIC_MARKER
    from dagster_project.sample.estate import write_estate

    folder = tmp_path_factory.mktemp("sample_estate")
    write_estate(folder)
    assert (folder / SYNTHETIC_MARKER).is_file(), "the estate does not say that it is synthetic"
    return folder


@pytest.fixture
def lake(tmp_path: Path) -> Any:
    """An empty data folder."""
    from dagster_project.lake.paths import Lake

    return Lake(tmp_path / "data_lake")


@pytest.fixture(scope="session")
def run_for() -> Callable[..., Any]:
    """`run_for(lake, mirror=folder, ...)`: the run that a command makes for that data folder; without a mirror the sample estate."""
    from dagster_project.lake.run import Run
    from dagster_project.settings import Settings

    def make(lake: Any, *, mirror: Path | None = None, **others: Any) -> Run:
        where: dict[str, Any] = {"sources": "mirror", "mirror": mirror} if mirror else {"sources": "sample"}
        return Run.of(Settings(data_lake=lake.root, **(where | others)))

    return make
