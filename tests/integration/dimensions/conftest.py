"""The sample and the real files after a night, as the tests of this folder read them."""

from __future__ import annotations

import pytest

from dagster_project.lake.paths import Lake
from tests.integration.dimensions.dimensions_lake import Dimensions
from tests.warehouses import Warehouse


@pytest.fixture(scope="session")
def sample(sample_warehouse: Warehouse) -> Dimensions:
    """The dimensions of the sample estate; copy the warehouse before spoiling it."""
    return Dimensions(Lake(sample_warehouse.lake).build)


@pytest.fixture(scope="session")
def real(mirror_warehouse: Warehouse) -> Dimensions:
    """The dimensions of the real published files; for tests marked requires_mirror."""
    return Dimensions(Lake(mirror_warehouse.lake).build)
