"""The Dagster instance of a data folder: its home, its configuration, telemetry off."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from dagster_project.lake.files import write_atomically
from dagster_project.lake.run import Run
from dagster_project.settings import PROJECT_ROOT

SHIPPED = PROJECT_ROOT / "dagster_project" / "dagster.yaml"


def prepare_home(run: Run) -> Path:
    """Prepare DAGSTER_HOME inside the data folder, with the shipped dagster.yaml, set in the environment of this process."""
    home = run.lake.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    own = home / "dagster.yaml"
    marker = "# own configuration"
    if not own.exists() or (own.read_bytes() != SHIPPED.read_bytes() and marker not in own.read_text(encoding="utf-8")):
        write_atomically(own, SHIPPED.read_bytes())
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "true"
    # What a run plans is stored in one batch (EventLog.store_event_batch).
    os.environ["DAGSTER_EVENT_BATCH_SIZE"] = "1000"
    os.environ["HIW_DATA_LAKE"] = str(run.lake.root)
    return home


def open_instance(run: Run) -> dg.DagsterInstance:
    """Return the instance; its event log is what `hiw status` and the UI read."""
    prepare_home(run)
    return dg.DagsterInstance.get()
