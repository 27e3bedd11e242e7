"""What can be started: the nightly run, and the back-fill of single months. Not here: when (schedules.py) and alarms (sensors.py)."""

from __future__ import annotations

import dagster as dg

NIGHT_TAGS = {"duckdb": "warehouse"}
"""One run at a time may carry this tag (dagster.yaml): two nightly runs would audit each other's tables."""

NIGHT = "nightly_refresh"

nightly_refresh = dg.define_asset_job(
    NIGHT,
    # returns_by_period is only marked, and its partitions are not months.
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets("returns_by_period"),
    description="Fetch what is new, parse it, build the models, audit the candidate, publish it.",
    executor_def=dg.in_process_executor,
    run_tags=NIGHT_TAGS | {"dagster/max_runtime": str(3 * 60 * 60)},
)
