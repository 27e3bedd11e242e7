"""A whole night with Dagster's records in PostgreSQL, over TLS, with the configuration as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT
from tests.fixtures import postgres
from tests.warehouses import Warehouse

pytestmark = pytest.mark.requires_postgres
SHIPPED = PROJECT_ROOT / "dagster_project" / "deployment" / "dagster.postgres.yaml"


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.running_server() as running:
        yield running


def _warehouse(lake: Path, server: postgres.Server, authority: Path) -> Warehouse:
    (lake / "dagster").mkdir(parents=True)
    (lake / "dagster" / "dagster.yaml").write_text(SHIPPED.read_text().replace("port: 5432", f"port: {server.port}"))
    settings = {
        "HIW_SOURCES": "sample",
        "HIW_PG_HOST": "localhost",
        "HIW_PG_USER": postgres.USER,
        "HIW_PG_PASSWORD": postgres.PASSWORD,
        "PGSSLROOTCERT": str(authority),
        "PYTHONPATH": str(postgres.PACKAGES),
    }
    return Warehouse(lake, settings)


def test_a_night_keeps_its_records_in_postgresql(server: postgres.Server, tmp_path: Path) -> None:
    warehouse = _warehouse(tmp_path / "lake", server, server.authority)
    night = warehouse.refresh()
    assert (night["exit_code"], night["outcome"]) == (0, "published"), night
    assert server.query("select count(*) from runs where status = 'SUCCESS'") == "1"
    assert int(server.query("select count(*) from event_logs")) > 1000
    assert list((tmp_path / "lake" / "dagster").rglob("*.db")) == []
    assert warehouse.hiw("status").returncode == 0


def test_a_server_that_another_authority_vouches_for_is_not_believed(server: postgres.Server, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    postgres.trustme.CA().cert_pem.write_to_path(str(other))
    done = _warehouse(tmp_path / "lake", server, other).hiw("refresh")
    assert done.returncode != 0
    assert "certificate verify failed" in done.stdout + done.stderr
