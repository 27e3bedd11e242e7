"""The asset engine_facts: what Apache Spark builds of the returns, between intake and the models (HIW_ENGINE=spark)."""

# No `from __future__ import annotations` here: Dagster reads the type of `context` from the real annotation.

from pathlib import Path

import dagster as dg

from dagster_project.assets.models import prepare_returns
from dagster_project.lake.run import Run
from dagster_project.runtime.orphans import hold_for_run
from dagster_project.transform.dbt import RETURNS
from dagster_project.transform.engine import build_facts
from dagster_project.transform.translator import ENGINE_FACTS


def build_engine_assets(run: Run, manifest: Path) -> list[dg.AssetsDefinition]:
    """Return the asset engine_facts; none where DuckDB builds everything."""
    if run.settings.engine == "duckdb":
        return []

    @dg.asset(
        key=ENGINE_FACTS,
        deps=[RETURNS],
        description="Numerators and denominators of the returns, built by dbt on Apache Spark in a process of its own and handed over as "
        "Parquet with a manifest; true counts.",
        group_name="intermediate",
        owners=["team:data-platform"],
        kinds={"spark", "parquet"},
        tags={"layer": "intermediate", "sensitivity": "restricted"},
    )
    def engine_facts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        hold_for_run(context, run)
        prepare_returns(context, run)
        built = build_facts(context, run, manifest)
        rows = {f"rows of {model}": count for model, count in built["rows"].items()}
        seconds = {f"seconds of {model}": seconds for model, seconds in built["seconds"].items()}
        named = {"engine": built["engine"]} if built["engine"] else {}
        return dg.MaterializeResult(
            metadata={"dagster/row_count": sum(built["rows"].values())} | rows | seconds | named
        )

    return [engine_facts]
