"""Running dbt: its environment, its manifest, and the assets made of its models and tests.

dbt runs as a subprocess, so that its handle on the warehouse file ends with it (dbt-duckdb keeps it open in-process).
"""

# No `from __future__ import annotations` here: Dagster reads the type of `context` from the real annotation.

import datetime as dt
import hashlib
import importlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets
from packaging.version import Version
from packaging.version import parse as parse_version

from dagster_project.lake.files import LakeError, write_atomically
from dagster_project.lake.night import hold_night_lock
from dagster_project.lake.paths import Lake, Origin
from dagster_project.lake.transport import origin_of
from dagster_project.release.dbt_artifacts import RESTRICTED
from dagster_project.release.macros import MEASURE_MACROS
from dagster_project.returns.area import ReturnsArea, keep_build_private
from dagster_project.returns.calendar import write_expected
from dagster_project.returns.clean_tables import write_empty_returns
from dagster_project.settings import PROJECT_ROOT, Settings
from dagster_project.transform.indicator_table import write_indicator_table
from dagster_project.transform.source_table import write_source_table
from dagster_project.transform.withheld import LOG, GuardedInvocation

DBT_PROJECT = PROJECT_ROOT / "dbt"
POOL = "duckdb_warehouse"
NIGHT = "nightly_refresh"
PARSED = DBT_PROJECT / "target" / "parsed"
"""What dbt parsed of this checkout, by digest; every data folder begins with a copy."""
PARSE_RESULTS = ("manifest.json", "partial_parse.msgpack", MEASURE_MACROS)
PARSE = ("compile", "--no-introspect", "--no-populate-cache", "--select", Path(MEASURE_MACROS).stem)
"""Parses the project, and renders the measures of the published file, which change with nothing else."""
SEED_TESTS = "test_type:generic,path:seeds"
"""Tests of seeds and unit tests change with the project alone: they run in `make test`, not every night."""
MART_KEYS = "tag:key,path:models/marts"
"""Gate 2 asks the same of the candidate, whose bytes are published; 44 tests less. They run in `make test` and with `hiw-dbt`."""
WANTED_NEXT = (
    "dagster_project.quality.marts",
    "dagster_project.release.evidence",
    "dagster_project.release.publish",
    "dagster_project.release.report",
    "dagster_project.release.beside",
    "cyclonedx.output.json",
    "gptables",
)
"""What the steps after dbt import: a second and a half, which this process has to spare while dbt works in its own."""
KEPT_PARSES = 6
DIGEST_SHOWN = 16
CONTRACTS = dg.AssetKey("source_contracts")
RETURNS = dg.AssetKey("clean_returns")
LAYERS = {"staging": "staging", "intermediate": "intermediate", "marts": "marts", "seeds": "reference"}


def dbt_executable() -> str:
    """`hiw-dbt` of this environment: dbt in the working folder HIW_BUILD, so that paths can be the same for every data folder."""
    return str(Path(sys.executable).with_name("hiw-dbt"))


def target_folder(settings: Settings) -> Path:
    """Where dbt leaves its manifest, run results and compiled SQL."""
    return Lake(settings.data_lake).build / "dbt"


def dbt_environment(settings: Settings, origin: Origin) -> dict[str, str]:
    """What the dbt project reads from its environment; telemetry off. Paths are relative to build/, where dbt works.

    So every data folder of a checkout has the same values, and dbt parses the project once for all of them: it parses anew
    whatever reads a variable that has changed. The release is not named for the same reason; the candidate fills in `release_id`.
    """
    lake = Lake(settings.data_lake)
    return {
        "HIW_DATA_LAKE": str(lake.root),
        "HIW_BUILD": str(lake.build),
        "HIW_WAREHOUSE": lake.warehouse.name,
        "HIW_CLEAN": os.path.relpath(lake.root / "clean", lake.build),
        "HIW_RETURNS": os.path.relpath(ReturnsArea.of(lake).clean_root, lake.build),
        "HIW_ORIGIN": origin,
        "HIW_RELEASE_ID": "unreleased",
        "HIW_MEMORY_LIMIT": settings.memory_limit,
        "HIW_THREADS": str(settings.threads),
        "HIW_TEMPORARY": lake.temporary.name,
        "DBT_TARGET_PATH": str(target_folder(settings)),
        "DBT_LOG_PATH": str(lake.build / "dbt_logs"),
        # What dbt says stands in the log of the run; a file of every statement beside it costs 5 ms for each node.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def run_dbt(
    settings: Settings, origin: Origin, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run dbt on the project for this data folder to its end, outside Dagster; `environment` overrides single variables."""
    keep_build_private(Lake(settings.data_lake))
    return subprocess.run(
        [dbt_executable(), "--quiet", *arguments],
        env=os.environ | dbt_environment(settings, origin) | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def project_digest(settings: Settings, origin: Origin) -> str:
    """Changes with any file of the dbt project that dbt reads, with dbt, and with the settings that its parsing takes in."""
    versions = [importlib.metadata.version(package) for package in ("dbt-core", "dbt-duckdb")]
    known = [str(DBT_PROJECT), origin, settings.memory_limit, settings.threads, *versions]
    digest = hashlib.sha256(repr(known).encode())
    for path in sorted(DBT_PROJECT.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.relative_to(DBT_PROJECT).parts:
            digest.update(str(path.relative_to(DBT_PROJECT)).encode() + path.read_bytes())
    return digest.hexdigest()


def prepare_manifest(settings: Settings) -> Path:
    """The manifest of the dbt project as it stands, in the data folder; parsed only when a file of the project changed.

    Raises LakeError with dbt's own message when the project cannot be parsed.
    """
    target = target_folder(settings)
    manifest, stamp = target / "manifest.json", target / "manifest.digest"
    origin = origin_of(settings)
    digest = project_digest(settings, origin)
    if manifest.exists() and stamp.exists() and stamp.read_text() == digest:
        return manifest
    keep_build_private(Lake(settings.data_lake))
    kept = PARSED / digest[:DIGEST_SHOWN]
    if not (kept / "manifest.json").exists():
        _parse(settings, origin, kept)
    target.mkdir(parents=True, exist_ok=True)
    for name in PARSE_RESULTS:
        write_atomically(target / name, (kept / name).read_bytes())
    write_atomically(stamp, digest.encode())
    return manifest


def _parse(settings: Settings, origin: Origin, kept: Path) -> None:
    """Parse the whole project (9 s) into `kept`; two processes may do so at once, the first to end is kept."""
    PARSED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PARSED, prefix=".parsing-") as working:
        finished = run_dbt(settings, origin, *PARSE, DBT_TARGET_PATH=working)
        if finished.returncode:
            raise LakeError(
                "the dbt project", (finished.stdout + finished.stderr).strip(), "mend the file that dbt names"
            )
        next(Path(working).glob(f"compiled/*/analyses/{MEASURE_MACROS}")).rename(Path(working) / MEASURE_MACROS)
        with suppress(OSError):
            Path(working).rename(kept)
            Path(working).mkdir()
    for old in sorted(PARSED.glob("[!.]*"), key=lambda folder: folder.stat().st_mtime)[:-KEPT_PARSES]:
        shutil.rmtree(old, ignore_errors=True)


class Translator(DagsterDbtTranslator):
    """One name for a thing in dbt and in Dagster; a dbt source is the clean asset of its publisher."""

    def __init__(self) -> None:
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`clean_<slug>` for sources, the model's own name for everything else."""
        if dbt_resource_props["resource_type"] == "source" and dbt_resource_props["source_name"] == "meta":
            return CONTRACTS
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey("clean_" + str(dbt_resource_props["source_name"]))
        return dg.AssetKey(str(dbt_resource_props["name"]))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer, as the folder says."""
        folder = "seeds" if dbt_resource_props["resource_type"] == "seed" else str(dbt_resource_props["fqn"][1])
        return LAYERS.get(folder, "marts")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The owner in the model's meta, or the team."""
        meta = dbt_resource_props.get("config", {}).get("meta", {}) or {}
        return [str(meta.get("owner", "team:data-platform"))]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Layer and sensitivity: what stands in the restricted schema is in no release."""
        restricted = dbt_resource_props.get("schema") == RESTRICTED
        return {
            "layer": str(self.get_group_name(dbt_resource_props)),
            "sensitivity": "restricted" if restricted else "public",
        }

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The description without the compiled SQL, which the UI shows elsewhere."""
        return str(dbt_resource_props.get("description") or f"dbt {dbt_resource_props['resource_type']}")


class DbtRunner(DbtCliResource):
    """dagster-dbt's resource without the adapter that it opens in its own process: two seconds a night, and a lock."""

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None

    @property
    def _cli_version(self) -> Version:
        """The version that is installed; `dbt --version`, which dagster-dbt asks, looks up the newest one on the internet."""
        return parse_version(importlib.metadata.version("dbt-core"))


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


def build_dbt_assets(settings: Settings, manifest: Path) -> dg.AssetsDefinition:
    """All models and seeds as assets, all data and unit tests as blocking checks, in one step that is one dbt run."""
    from dagster_project.release.state import fingerprint_state, inputs_fingerprint
    from dagster_project.sources.contract import load_sources

    runner = DbtRunner(project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=dbt_executable())

    @dbt_assets(
        manifest=manifest,
        exclude=f"{SEED_TESTS} {MART_KEYS}",
        pool=POOL,
        dagster_dbt_translator=Translator(),
        name="dbt_models",
    )
    def dbt_models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        lake, origin = Lake(settings.data_lake), origin_of(settings)
        hold_night_lock(lake, settings.lock_wait_seconds)
        _prepare_returns(context, ReturnsArea.of(lake))
        fingerprint = inputs_fingerprint(lake, list(load_sources().values()), origin)
        state = fingerprint_state(lake, fingerprint)
        if context.run.job_name == NIGHT and state != "new":
            context.log.info(f"Nothing new: release {fingerprint[:12]} was made of the same inputs and is {state}.")
            return
        write_source_table(lake)
        write_indicator_table(lake)
        keep_build_private(lake)
        lake.temporary.mkdir(parents=True, exist_ok=True)
        os.environ.update(dbt_environment(settings, origin))
        _sweep_last_run(target_folder(settings))
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        Thread(target=lambda: [importlib.import_module(name) for name in WANTED_NEXT], daemon=True).start()
        try:
            invocation = runner.cli(arguments, context=context, target_path=target_folder(settings))
            yield from GuardedInvocation.of(invocation).stream()
        finally:
            keep_build_private(lake)

    return dbt_models


def _prepare_returns(context: dg.AssetExecutionContext, area: ReturnsArea) -> None:
    """What dbt reads of the returns, there even before the first one. A typing error of the operator stops no night."""
    write_empty_returns(area)
    try:
        write_expected(area, dt.datetime.now(dt.UTC))
    except LakeError as error:
        context.log.warning(f"The expected returns stay as they were. {error}")


def _sweep_last_run(target: Path) -> None:
    """Take away the results of the last run: a dbt killed half-way must not leave old passes beside new tables."""
    for name in ("run_results.json", LOG):
        (target / name).unlink(missing_ok=True)
    for folder in target.glob("dbt_models-*"):
        shutil.rmtree(folder, ignore_errors=True)
