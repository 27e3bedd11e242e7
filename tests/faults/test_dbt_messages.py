"""Fault D1 (tests/README.md) in dbt: a model and a test over a return fail on a planted cell, which DuckDB quotes in its message, in a real night of dbt.

Only build/ (private) may hold it: not Dagster's storage and logs, the alerts, the screen, the evidence. Of a table of published data
the message stays whole.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project import definitions
from dagster_project.assets import models as dbt_assets
from dagster_project.assets.sensors import build_failure_sensor
from dagster_project.assets.stages import NAME, stages
from dagster_project.cli import app
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.operate import refresh
from dagster_project.quality.marts import audit_dbt
from dagster_project.release.project import ReleaseProject
from dagster_project.runtime.instance import open_instance
from dagster_project.settings import Settings
from dagster_project.transform import dbt
from tests.integration.release.release_estate import TINY_DBT

CELL, PUBLISHED_CELL = "943 476 5919", "5.2 million"
MODELS = {
    "dbt_project.yml": """
name: tiny
version: 0.1.0
config-version: 2
profile: tiny
model-paths: [models]
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": "tiny: {target: night, outputs: {night: {type: duckdb, path: \"{{ env_var('HIW_WAREHOUSE') }}\", threads: 1}}}",
    "models/staging/_staging.yml": """
sources:
  - {name: returns, schema: main, tables: [{name: answers}]}
  - {name: nhse_ae, schema: main, tables: [{name: monthly}]}
models:
  - {name: stg_returns__cast, config: {schema: restricted}}
  - name: int_of_returns
    columns: [{name: cell, data_tests: [{is_a_number: {name: cells_are_numbers}}, {not_null: {name: cells_are_there}}]}]
""",
    "models/staging/stg_returns__cast.sql": """
{{ config(materialized='table') }}
select cast(cell as integer) as cell_count from {{ source('returns', 'answers') }}
""",
    "models/staging/int_of_returns.sql": """
{{ config(materialized='table', pre_hook="{{ log('a line of a macro', info=true) }}") }}
select cell from {{ source('returns', 'answers') }}
""",
    "models/staging/stg_nhse_ae__cast.sql": """
{{ config(materialized='table') }}
select cast(cell as integer) as attendance_count from {{ source('nhse_ae', 'monthly') }}
""",
    "models/staging/int_nhse_ae__months.sql": """
{{ config(materialized='table') }}
select 'RXX' as organisation_code, date '2026-01-31' as month_end, 98765 as attendance_count from range(2)
""",
    "models/staging/_months.yml": """
models:
  - name: int_nhse_ae__months
    config: {meta: {key: [organisation_code, month_end]}}
    data_tests: [{a_row_a_month: {name: months_are_rows}}]
""",
    "macros/a_row_a_month.sql": """
{% test a_row_a_month(model) %}
select organisation_code, month_end, count(*) as found, sum(attendance_count) as attendance_count from {{ model }}
group by all having count(*) > 1
{% endtest %}
""",
    "macros/is_a_number.sql": """
{% test is_a_number(model, column_name) %} select 1 from {{ model }} where cast({{ column_name }} as integer) > 0 {% endtest %}
""",
}


@dataclass(frozen=True)
class FailedNight:
    """What a night left that failed in dbt, started once as `hiw refresh` and once more with --verbose."""

    run: Run
    told: tuple[dict[str, Any], ...]
    """What was alerted: by the file that the shell's night left, by that of the daemon's sensor, and to the webhook by both."""
    screen: str
    step_error: str
    events: str

    @property
    def lake(self) -> Lake:
        return self.run.lake


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FailedNight]:
    root = tmp_path_factory.mktemp("failed_night")
    project = _write_project(root / "dbt")
    run = Run.of(Settings(data_lake=root / "lake", sources="sample"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dbt, "DBT_PROJECT", project)
        for name, value in dbt.dbt_environment(run).items():
            patched.setenv(name, value)
        for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY"):
            patched.setenv(name, "")
        _plant(run.lake)
        parsed = dbt.run_dbt(run, "parse")
        assert parsed.returncode == 0, parsed.stdout + parsed.stderr
        for module in (refresh, dbt_assets):
            patched.setattr(module, "start_judge", lambda: None)
        patched.setattr(definitions, "build_definitions", _only_dbt)
        yield _fail(run)


def _write_project(folder: Path) -> Path:
    shutil.copytree(TINY_DBT, folder)
    for name, content in MODELS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def _plant(lake: Lake) -> None:
    lake.build.mkdir(parents=True)
    with duckdb.connect(str(lake.warehouse)) as con:
        for table, cell in (("answers", CELL), ("monthly", PUBLISHED_CELL)):
            con.execute(f"create table {table} as select '{cell}' as cell union all select null")


def _only_dbt(run: Run) -> dg.Definitions:
    assets = dbt_assets.build_dbt_assets(run, run.lake.dbt_target / "manifest.json")
    job = dg.define_asset_job("nightly_refresh", executor_def=dg.in_process_executor)
    return dg.Definitions(
        assets=[assets, dbt_assets.contracts_spec()],
        jobs=[job],
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger, NAME: stages},
    )


def _fail(run: Run) -> FailedNight:
    quiet, loud = (CliRunner().invoke(app, ["refresh", *more]) for more in ([], ["--verbose"]))
    assert (quiet.exit_code, loud.exit_code) == (1, 1), quiet.output
    with open_instance(run) as instance:
        records = instance.all_logs(instance.get_runs()[0].run_id)
        (failed,) = [
            entry.dagster_event for entry in records if entry.dagster_event and entry.dagster_event.is_run_failure
        ]
        alerts = run.lake.alerts
        told = [json.loads(path.read_text(encoding="utf-8")) for path in alerts.glob("*.json")]
        shutil.rmtree(alerts)
        (run.lake.dagster_home / "nights.json").unlink()
        alarm = dg.build_run_status_sensor_context("alert_on_failure", failed, instance, instance.get_runs()[0])
        build_failure_sensor(run)(alarm.for_run_failure())
        steps = [
            entry.dagster_event for entry in records if entry.dagster_event and entry.dagster_event.is_step_failure
        ]
    step_error = str(steps[0].step_failure_data.error)
    told += [json.loads(path.read_text(encoding="utf-8")) for path in alerts.glob("*.json")]
    return FailedNight(run, tuple(told), quiet.output + loud.output, step_error, "\n".join(map(str, records)))


def _files_with(lake: Lake, needle: str) -> set[str]:
    files = [path for path in lake.root.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(lake.root)) for path in files if needle.encode() in path.read_bytes()}


def test_a_cell_of_a_return_that_dbt_quotes_stays_in_build(night: FailedNight) -> None:
    found = _files_with(night.lake, CELL)
    assert "build/dbt/run_results.json" in found, "nothing failed on the planted cell"
    assert {name for name in found if not name.startswith("build/")} == set()
    assert night.lake.build.stat().st_mode & 0o777 == 0o700
    assert CELL not in night.screen + night.step_error + night.events


def test_no_evidence_holds_a_cell_of_a_return_that_dbt_quotes(night: FailedNight) -> None:
    results = audit_dbt(ReleaseProject.load(night.run))
    assert CELL not in str(results)


def test_of_a_table_of_returns_the_kind_the_node_and_the_private_place_are_told(night: FailedNight) -> None:
    for node in ("stg_returns__cast", "cells_are_numbers"):
        assert f"{node}: Runtime Error, Conversion Error; withheld" in night.step_error
    assert "withheld.log" in night.step_error
    private = (night.run.lake.dbt_target / "withheld.log").read_text(encoding="utf-8")
    assert private.count(f"Could not convert string '{CELL}'") == 2


def test_a_count_of_failing_rows_holds_no_cell_and_is_told(night: FailedNight) -> None:
    assert "Got 1 result, configured to fail if != 0" in night.step_error


def test_the_message_of_a_published_table_stays_whole(night: FailedNight) -> None:
    assert f"Could not convert string '{PUBLISHED_CELL}' to INT32" in night.step_error
    assert PUBLISHED_CELL in (night.lake.dagster_home / "last_night.log").read_text(encoding="utf-8")


# -- what is told of a failure -----------------------------------------------------------------------------------------

TOLD = {
    "stg_nhse_ae__cast": (
        "models/staging/stg_nhse_ae__cast.sql",
        f"Could not convert string '{PUBLISHED_CELL}' to INT32",
    ),
    "stg_returns__cast": ("models/staging/stg_returns__cast.sql", "Conversion Error; withheld"),
    "test cells_are_there of the model int_of_returns": ("models/staging/_staging.yml", "1 row does not fit"),
    "test months_are_rows of the model int_nhse_ae__months": (
        "models/staging/_months.yml",
        "1 row does not fit, such as organisation_code, month_end = RXX / 2026-01-31",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_terminal_and_alert_name_model_test_file_reason_and_keys(name: str, night: FailedNight) -> None:
    path, reason = TOLD[name]
    assert len(night.told) == 3  # two nights of the shell, one of the daemon
    for sentences in (night.screen.splitlines(), *([p["sentence"] for p in alert["problems"]] for alert in night.told)):
        (said,) = {line for line in sentences if name in line and path in line and reason in line}
        assert ". Next: " in said


def test_the_screen_says_which_stage_began_and_when(night: FailedNight) -> None:
    assert re.search(r"^ +\d+ s  building the models \(dbt\)$", night.screen, re.MULTILINE)


def test_no_count_no_class_and_no_command_line_is_told(night: FailedNight) -> None:
    quiet = night.screen.split("Running dbt command")[0]  # what `--verbose` says from there on is dbt itself
    for text in (quiet, json.dumps(night.told)):
        for never in (
            "98765",
            "DagsterDbtCliRuntimeError",
            "The dbt CLI process",
            "hiw-dbt build",
            "Traceback",
            "LINE 1",
        ):
            assert never not in text, never


def test_status_says_that_the_last_night_failed(night: FailedNight) -> None:
    found = CliRunner().invoke(app, ["status", "--json"], env={"HIW_DATA_LAKE": str(night.lake.root)})
    assert found.exit_code == 1
    assert any("stg_nhse_ae__cast" in problem for problem in json.loads(found.output)["problems"])
