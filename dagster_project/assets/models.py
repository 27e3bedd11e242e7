"""The assets and checks made of dbt's models and tests: one step, which is one run of dbt."""

# No `from __future__ import annotations` here: Dagster reads the type of `context` from the real annotation.

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from dagster_project.assets.run_tags import FULL
from dagster_project.jobs import NIGHT
from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.lake.warehouse import ducklake_data
from dagster_project.quality.judge import start_judge
from dagster_project.returns.area import ReturnsArea, keep_build_private
from dagster_project.returns.calendar import write_expected
from dagster_project.returns.clean_tables import write_empty_returns
from dagster_project.runtime.orphans import hold_for_run
from dagster_project.transform.dbt import (
    NIGHT_TESTS,
    POOL,
    dbt_environment,
    dbt_runner,
    drop_damaged_warehouse,
    ended_in_time,
)
from dagster_project.transform.facts import engine_models, forget_facts, rows_in_place
from dagster_project.transform.indicator_table import write_indicator_tables
from dagster_project.transform.source_table import write_source_table
from dagster_project.transform.standing import WHOLE, Standing
from dagster_project.transform.translator import CONTRACTS, Translator
from dagster_project.transform.withheld import LOG, guard

WANTED_NEXT = (
    "dagster_project.quality.marts",
    "dagster_project.publish.evidence",
    "dagster_project.publish.publish",
    "dagster_project.report",
    "dagster_project.publish.beside",
    "cyclonedx.output.json",
    "gptables",
)
"""What the steps after dbt import: a second and a half, which this process has to spare while dbt works in its own."""


def contracts_spec() -> dg.AssetSpec:
    """Contracts and catalogue as tables, which dim_source and dim_indicator read; written from their YAML before dbt runs."""
    return dg.AssetSpec(
        CONTRACTS,
        description="Title, publisher, licence and attribution of every source (source.yml), and every indicator (dbt/indicators).",
        group_name="reference",
        owners=["team:data-platform"],
        kinds={"yaml", "parquet"},
        tags={"layer": "reference", "sensitivity": "public"},
    )


def build_dbt_assets(run: Run, manifest: Path) -> dg.AssetsDefinition:
    """Return all models and seeds as assets, all data and unit tests as blocking checks, in one step that is one dbt run."""
    from dagster_project.contracts.source import load_sources
    from dagster_project.release.state import fingerprint_state, inputs_fingerprint, project_fingerprint

    runner = dbt_runner()

    @dbt_assets(
        manifest=manifest,
        exclude=NIGHT_TESTS,
        pool=POOL,
        dagster_dbt_translator=Translator(engine=run.settings.engine),
        name="dbt_models",
    )
    def dbt_models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        lake, origin = run.lake, run.origin
        hold_for_run(context, run)
        _prepare_facts(context, run, manifest)
        sources, is_night = list(load_sources().values()), context.run.job_name == NIGHT and not context.is_subset
        project = project_fingerprint(sources, origin)
        fingerprint = inputs_fingerprint(lake, sources, origin, project=project)
        state = fingerprint_state(lake, fingerprint)
        standing, is_full = Standing(lake, project), is_night and FULL in context.run.tags
        if is_full:
            standing.forget()
        if is_night and state != "new" and not (is_full and state == "current"):
            context.log.info(f"Nothing new: release {fingerprint[:12]} was made of the same inputs and is {state}.")
            return
        start_judge()  # gate 2 asks it when dbt has ended
        write_source_table(lake)
        write_indicator_tables(lake)
        keep_build_private(lake)
        lake.temporary.mkdir(parents=True, exist_ok=True)
        if run.settings.ducklake:
            Path(ducklake_data(run)).mkdir(mode=0o700, parents=True, exist_ok=True)
        if damage := drop_damaged_warehouse(run):
            context.log.warning(f"The warehouse file could not be opened and is made again: {damage}")
        _sweep_last_run(lake.dbt_target)
        # facts of an engine come whole: no part of an earlier build stays beside them; a catalogue has other writers
        is_kept = is_night and run.settings.engine == "duckdb" and not run.settings.ducklake
        arguments, environment = standing.plan() if is_kept else WHOLE
        os.environ.update(dbt_environment(run) | environment)
        standing.forget()
        invocation = runner.cli(list(arguments), context=context, target_path=lake.dbt_target)
        Thread(target=lambda: [importlib.import_module(name) for name in WANTED_NEXT], daemon=True).start()
        try:
            with ended_in_time(invocation.process):
                yield from guard(invocation).stream()
        finally:
            keep_build_private(lake)
        # A file of the project that was changed while dbt ran may or may not have been read: nothing stands then, nor after an engine.
        if is_kept and project_fingerprint(sources, origin) == project:
            standing.remember()

    return dbt_models


def _prepare_facts(context: dg.AssetExecutionContext, run: Run, manifest: Path) -> None:
    """Facts of an engine are looked at again before they are read; those of an earlier setting go."""
    models = engine_models(manifest)
    if run.settings.engine == "duckdb":
        forget_facts(ReturnsArea.of(run.lake), models)
        prepare_returns(context, run)
    else:
        rows_in_place(run, models)


def prepare_returns(context: dg.AssetExecutionContext, run: Run) -> None:
    """What dbt reads of the returns, there even before the first one. A typing error of the operator stops no nightly run."""
    area = ReturnsArea.of(run.lake)
    write_empty_returns(area)
    try:
        write_expected(area, run.clock())
    except LakeError as error:
        context.log.warning(f"The expected returns stay as they were. {error}")


def _sweep_last_run(target: Path) -> None:
    """Take away the results of the last run: a dbt killed half-way must not leave old passes beside new tables."""
    for name in ("run_results.json", LOG):
        (target / name).unlink(missing_ok=True)
    for folder in target.glob("dbt_models-*"):
        shutil.rmtree(folder, ignore_errors=True)
