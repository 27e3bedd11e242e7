"""The written estate and the real mirror, shared by the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.sample.estate import write_estate
from tests.warehouses import MIRROR


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    write_estate(folder)
    return folder


@pytest.fixture(scope="session")
def real_mirror() -> Path:
    return MIRROR
