"""The report of the sample estate, built once for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.report import build_report
from tests.integration.report.report_reader import Site
from tests.warehouses import Warehouse


@pytest.fixture(scope="session")
def sample_site(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Site:
    marts = sample_warehouse.lake / "published" / "marts.duckdb"
    folder = tmp_path_factory.mktemp("report") / "site"
    names = build_report(marts, folder)
    return Site(folder, marts, tuple(names))


@pytest.fixture
def marts_copy(sample_warehouse: Warehouse, tmp_path: Path) -> Path:
    """A copy of the published file that a test may change."""
    copy = tmp_path / "marts.duckdb"
    copy.write_bytes((sample_warehouse.lake / "published" / "marts.duckdb").read_bytes())
    return copy
