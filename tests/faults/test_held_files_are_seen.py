"""A file that is held shows where an engineer looks first: in the list of runs and in the calendar of months. The run itself is green."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.assets.run_tags import HELD
from dagster_project.assets.sources import MONTHS, build_source_assets
from dagster_project.contracts.source import load_sources
from dagster_project.lake.run import Run
from dagster_project.operate.webserver import MODULE
from dagster_project.settings import Settings
from tests.fixtures.ae_site import AeLake, csv_bytes, month_lines

RAW, CLEAN = dg.AssetKey("raw_nhse_ae"), dg.AssetKey("clean_nhse_ae")
MONTH, BEFORE = "2026-01", "2025-12"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def ae(tmp_path: Path) -> AeLake:
    """A site with December 2025 and January 2026, of which nothing was fetched yet."""
    lake = AeLake.begin(tmp_path)
    for period in (BEFORE, MONTH):
        lake.site.publish(period, csv_bytes(month_lines(period)))
    return lake


def break_january(ae: AeLake) -> None:
    """A revised file whose total is not that of its rows."""
    broken = [*month_lines(MONTH, raised_by=900)[:-1], month_lines(MONTH)[-1]]
    ae.site.publish(MONTH, csv_bytes(broken), tail="revised", uploaded="2026/04")


def run(ae: AeLake, instance: dg.DagsterInstance, **asked: Any) -> dg.DagsterRun:
    """The step of the source, as a nightly run or for one month; the run as the list of runs has it."""
    of_the_site = Run.of(Settings(data_lake=ae.lake.root, sources="mirror", mirror=ae.site.root))
    assets = build_source_assets(of_the_site, load_sources()["nhse_ae"])
    result = dg.materialize([assets], instance=instance, **asked)
    assert result.success
    found = instance.get_run_by_id(result.run_id)
    assert found is not None
    return found


def months(instance: dg.DagsterInstance, key: dg.AssetKey) -> set[str]:
    """The months that the pages show as materialised."""
    return {month for month in instance.get_materialized_partitions(key) if month}


def test_months_are_those_that_the_publisher_has_issued(ae: AeLake, instance: dg.DagsterInstance) -> None:
    run(ae, instance)
    issued = {f"{BEFORE}-01", f"{MONTH}-01"}
    assert set(instance.get_dynamic_partitions(str(MONTHS.name))) == issued
    assert months(instance, RAW) == months(instance, CLEAN) == issued


def test_a_month_whose_file_is_held_is_tagged_and_not_materialised(ae: AeLake, instance: dg.DagsterInstance) -> None:
    break_january(ae)
    night = run(ae, instance)
    assert night.tags[HELD] == f"nhse_ae {MONTH}"
    assert f"{MONTH}-01" in instance.get_dynamic_partitions(str(MONTHS.name)), "issued, and not taken"


def test_a_back_fill_of_one_month_materialises_it_unless_its_file_is_held(
    ae: AeLake, instance: dg.DagsterInstance
) -> None:
    instance.add_dynamic_partitions(str(MONTHS.name), [f"{BEFORE}-01", f"{MONTH}-01"])
    good = run(ae, instance, partition_key=f"{BEFORE}-01")
    assert HELD not in good.tags
    assert months(instance, CLEAN) == {f"{BEFORE}-01"}
    break_january(ae)
    held = run(ae, instance, partition_key=f"{MONTH}-01")
    assert held.tags[HELD] == f"nhse_ae {MONTH}"
    assert months(instance, CLEAN) == {f"{BEFORE}-01"}
    newest = instance.get_latest_materialization_event(CLEAN)
    assert newest is not None and newest.run_id == held.run_id, "the pages show the checks of this run alone"
    told = instance.all_logs(held.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = {
        data.check_name: data
        for event in told
        if event.dagster_event and isinstance(data := event.dagster_event.event_specific_data, dg.AssetCheckEvaluation)
    }
    failed = checks["parsed_whole"]
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert f"monthly {MONTH} (" in str(checks["landing_suite"].description), "the pages open this one first"
    assert f"monthly {MONTH} (" in str(failed.description), "file and reason are what is read first"
    assert failed.metadata[f"fetch again {MONTH}"] == dg.MetadataValue.url(
        f"../locations/{MODULE}/jobs/backfill_nhse_ae?partition={MONTH}-01"
    )
