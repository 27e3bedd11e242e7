"""The report of the sample estate as its night published it; tests read it and change nothing."""

from __future__ import annotations

import pytest

from tests.integration.report.report_reader import Site
from tests.warehouses import Warehouse


@pytest.fixture(scope="session")
def sample_site(sample_warehouse: Warehouse) -> Site:
    published = sample_warehouse.lake / "published"
    folder = published / "report"
    return Site(folder, published / "marts.duckdb", tuple(sorted(path.name for path in folder.iterdir())))
