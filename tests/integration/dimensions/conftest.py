"""The sample and the real files, each built once with real dbt for all tests of this folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dagster_project.lake.paths import Lake
from dagster_project.settings import PROJECT_ROOT
from tests.integration.dimensions.dimensions_lake import Dimensions, build_dimensions, fill_lake


@pytest.fixture(scope="session")
def sample(sample_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> Dimensions:
    """The dimensions of the sample estate; copy the warehouse before spoiling it."""
    folder = tmp_path_factory.mktemp("sample_dimensions")
    lake = Lake(folder / "lake")
    fill_lake(lake, sample_estate, "synthetic")
    return build_dimensions(lake, "synthetic", sources="sample")


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Dimensions:
    """The dimensions of the real published files; for tests marked requires_mirror."""
    mirror = Path(os.environ.get("HIW_MIRROR") or PROJECT_ROOT.parent / "shared" / "mirror")
    folder = tmp_path_factory.mktemp("real_dimensions")
    lake = Lake(folder / "lake")
    fill_lake(lake, mirror, "published")
    return build_dimensions(lake, "published", sources="mirror", mirror=mirror)
