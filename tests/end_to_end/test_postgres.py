"""A whole night with Dagster's records in PostgreSQL, over TLS, with the configuration as shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures import postgres
from tests.warehouses import Warehouse, mirror_night

pytestmark = pytest.mark.requires_postgres


@pytest.mark.requires_mirror
def test_the_night_of_the_real_files_keeps_its_records_in_postgresql(
    mirror_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    night = mirror_night(tmp_path_factory)
    assert night["outcome"] == "published"
    assert night["records"]["runs"] == 1
    assert night["records"]["events"] > 1000
    assert list((mirror_warehouse.lake / "dagster").rglob("*.db")) == []


def test_a_server_that_another_authority_vouches_for_is_not_believed(tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    postgres.trustme.CA().cert_pem.write_to_path(str(other))
    with postgres.running_server() as server:
        settings = postgres.shipped(tmp_path / "lake", server, other)
        done = Warehouse(tmp_path / "lake", {"HIW_SOURCES": "sample"} | settings).hiw("refresh")
    assert done.returncode != 0
    assert "certificate verify failed" in done.stdout + done.stderr
