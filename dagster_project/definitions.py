"""The whole warehouse on one page.

Each source in sources/ gives raw_<slug> and clean_<slug>; the models in dbt/ give the tables; release_candidate is the one
file made of the marts; its checks are gate 2; published_marts moves the pointer. The nightly run runs all of it at 02:00.
"""

from __future__ import annotations

import dagster as dg

from dagster_project.assets.engine import build_engine_assets
from dagster_project.assets.models import build_dbt_assets, contracts_spec
from dagster_project.assets.release import build_release_assets
from dagster_project.assets.returns import build_inbox_sensor, build_returns_assets, by_period_spec, returns_intake
from dagster_project.assets.schedules import build_nightly_schedule
from dagster_project.assets.sensors import build_failure_sensor, build_night_sensor, build_reaping_sensor
from dagster_project.assets.sources import build_backfill_jobs, build_source_assets
from dagster_project.assets.stages import NAME as STAGES
from dagster_project.assets.stages import stages
from dagster_project.contracts.source import load_sources
from dagster_project.jobs import nightly_refresh
from dagster_project.lake.run import Run
from dagster_project.settings import load_settings
from dagster_project.transform.dbt import prepare_manifest


def build_definitions(run: Run) -> dg.Definitions:
    """Everything Dagster runs on one data folder; raises ContractError or LakeError naming the file that is wrong."""
    manifest = prepare_manifest(run)
    sources = [build_source_assets(run, source) for source in load_sources().values()]
    release_assets, release_checks = build_release_assets(run, manifest)
    return dg.Definitions(
        assets=[
            *sources,
            contracts_spec(),
            build_returns_assets(run),
            by_period_spec(),
            *build_engine_assets(run, manifest),
            build_dbt_assets(run, manifest),
            *release_assets,
        ],
        asset_checks=release_checks,
        jobs=[nightly_refresh, returns_intake, *build_backfill_jobs(load_sources().values())],
        schedules=[build_nightly_schedule(run)],
        sensors=[
            build_failure_sensor(run),
            build_night_sensor(run),
            build_reaping_sensor(run),
            build_inbox_sensor(run),
        ],
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger, STAGES: stages},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster` loads."""
    return build_definitions(Run.of(load_settings()))
