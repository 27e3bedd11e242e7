"""Say on the screen where a nightly run is: one line a stage, with the seconds so far and what the stage took last time."""

from __future__ import annotations

import json
import logging
import sys
import time
from contextlib import suppress
from pathlib import Path

import dagster as dg

from dagster_project.lake.files import write_atomically

NAME = "stages"
RECORD = "stages.json"
LAST = "published_marts"
STAGES = {
    "source": "reading the sources (gate 1)",
    "returns": "checking the returns of trusts",
    "engine_facts": "building the facts of returns (Apache Spark)",
    "dbt_models": "building the models (dbt)",
    "release_candidate": "making the candidate",
    "gate_2_release": "judging the candidate (gate 2)",
    LAST: "publishing: marts, report, workbook, CSV",
}
"""Step, or the first word of its name -> what a reader understands."""


class Stages(logging.Handler):
    """Prints a line when a stage begins; remembers in `folder` how long each took, for the estimate of the next run."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._record = folder / RECORD
        self._before = self._read()
        self._began: dict[str, float] = {}
        self._start = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line of Dagster's log."""
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None and event.is_step_start:
            self._note(self._stage_of(str(event.step_key)))
        elif event is not None and event.is_step_success and event.step_key == LAST:
            with suppress(OSError):  # without a record the next run has no estimate
                self._remember()

    def _stage_of(self, step: str) -> str:
        return next((stage for stage in STAGES if step == stage or step.startswith(f"{stage}_")), "")

    def _note(self, stage: str) -> None:
        if not stage or stage in self._began:
            return
        now = time.monotonic()
        self._began[stage] = now
        last = self._before.get(stage)
        estimate = f" (last time {last:.0f} s)" if last else ""
        print(f"{now - self._start:4.0f} s  {STAGES[stage]}{estimate}", file=sys.stderr, flush=True)

    def _remember(self) -> None:
        ends = [*list(self._began.values())[1:], time.monotonic()]
        took = {stage: round(end - began, 1) for (stage, began), end in zip(self._began.items(), ends, strict=True)}
        write_atomically(self._record, json.dumps(took).encode())

    def _read(self) -> dict[str, float]:
        try:
            known: dict[str, float] = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known


@dg.logger(config_schema={"folder": dg.Field(str, description="Where the times of the last run are kept.")})
def stages(context: dg.InitLoggerContext) -> logging.Logger:
    """Log the stages of a run started from a shell."""
    found = logging.Logger(NAME, level=logging.DEBUG)
    found.addHandler(Stages(Path(str(context.logger_config["folder"]))))
    return found
