"""The warehouse after a night into whose inbox identifiers and small counts had been put; one for all workers of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.lake.paths import Lake
from tests.end_to_end.planting import NEEDLES, plant, spelt
from tests.warehouses import Warehouse, built_once


@pytest.fixture(scope="session")
def planted_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Tests read it and change nothing."""
    name = "planted_warehouse"

    def planted(folder: Path) -> dict[str, str]:
        root = folder / name / "lake"
        plant(Lake(root))
        assert {needle for needle in NEEDLES if spelt(root, needle)} == set(NEEDLES), "the search does not find them"
        return {}

    return built_once(tmp_path_factory, name, {"HIW_SOURCES": "sample"}, planted)
