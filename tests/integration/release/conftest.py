"""A fresh estate for each test of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.release.release_estate import Estate


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate.fresh(tmp_path)
