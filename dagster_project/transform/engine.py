"""Building facts on Apache Spark: dbt-spark in a process of .venv-engine (`make engine`), never in this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.duck import quote_literal, scratch_connection
from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.returns.area import FILE_MODE, ReturnsArea, keep_build_private, make_private_folder
from dagster_project.returns.clean_tables import load_clean_tables
from dagster_project.settings import PROJECT_ROOT
from dagster_project.transform.dbt import DBT_PROJECT, dbt_environment, ended_in_time
from dagster_project.transform.facts import READ, digest_of_inputs, engine_models, hand_over, rows_in_place

ENVIRONMENT = PROJECT_ROOT / ".venv-engine"
READY, LOCK = ENVIRONMENT / "ready", PROJECT_ROOT / "requirements-engine.lock"
"""`make engine` leaves a copy of the lock it has installed."""
LEAST_JAVA, GET_JAVA = 17, "apt-get install openjdk-17-jre-headless"
SELECT = "+tag:engine"
COMMAND = (str(ENVIRONMENT / "bin" / "python"), "-m", "dagster_project.transform.on_spark")
LOG = "spark.log"
SEEDS = ("hi_metric", "ethnic_category")
SPARK_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "HUGEINT": "decimal(38, 0)",
    "UTINYINT": "smallint",
    "USMALLINT": "int",
    "UINTEGER": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}
"""What Spark calls the types of DuckDB's Parquet."""


def why_it_cannot_run() -> str:
    """Return "" where Spark can be started, else one line."""
    if not READY.exists():
        return "there is no .venv-engine with Apache Spark (make engine)"
    if READY.read_bytes() != LOCK.read_bytes():
        return ".venv-engine was made from another requirements-engine.lock (remove .venv-engine, then make engine)"
    java = shutil.which("java")
    if java is None:
        return f"Java is not installed ({GET_JAVA})"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if found is None or int(found[1]) < LEAST_JAVA:
        return f"Java is {found[1] if found else 'of an unknown version'}, not {LEAST_JAVA} or later ({GET_JAVA})"
    return ""


def build_facts(context: dg.AssetExecutionContext, run: Run, dbt_manifest: Path) -> Mapping[str, Any]:
    """Build the models tagged `engine` on Spark and hand their rows over, unless those of the same inputs are in place.

    Gives `engine`, `rows` (of each model) and `seconds`; the run's log is told what happens, in names and numbers. Raises LakeError where
    Spark cannot be started or reached, has no worker left, or a model fails; then no manifest is left, and nothing is read.
    """
    models = engine_models(dbt_manifest)
    try:
        rows = rows_in_place(run, models)
    except LakeError as error:
        context.log.info(f"Facts are built: {error.why}.")
    else:
        context.log.info("Nothing new: the facts in place are of the same returns and models.")
        return {"engine": "", "rows": rows, "seconds": {}}
    if why := why_it_cannot_run():
        raise LakeError("Apache Spark cannot be started", why, "do what it says, or set HIW_ENGINE=duckdb")
    made_of = digest_of_inputs(run)
    with _workspace(run) as folder:
        answer = _run_job(context, run, folder, models)
        rows = hand_over(run, answer, {model: folder / "to" / model for model in models}, made_of)
    return {"engine": answer["engine"], "rows": rows, "seconds": answer["seconds"]}


@contextmanager
def _workspace(run: Run) -> Iterator[Path]:
    """A private folder of build/, gone afterwards but for what Spark and dbt said."""
    folder = run.lake.build / "engine"
    keep_build_private(run.lake)
    shutil.rmtree(folder / "work", ignore_errors=True)
    try:
        yield make_private_folder(folder / "work", within=folder)
    finally:
        shutil.rmtree(folder / "work", ignore_errors=True)


def _run_job(context: dg.AssetExecutionContext, run: Run, folder: Path, models: tuple[str, ...]) -> dict[str, Any]:
    """Start the job through Dagster Pipes and give its answer. What Spark says goes into a private file, never to Dagster."""
    job = {
        "where": run.settings.spark,
        "wait_seconds": run.settings.spark_wait_seconds,
        "scratch": str(folder / "scratch"),
        "tables": dict(_tables(run, folder)),
        "select": SELECT,
        "models": models,
        "to": str(make_private_folder(folder / "to", within=folder)),
    }
    log = folder.parent / LOG
    log.touch(FILE_MODE)
    with (
        dg.open_pipes_session(
            context,
            dg.PipesFileContextInjector(str(folder / "job.json")),
            dg.PipesFileMessageReader(str(folder / "messages")),
            extras={"job": job},
        ) as pipes,
        log.open("wb") as said,
    ):
        environment = _environment(run, folder) | dict(pipes.get_bootstrap_env_vars())
        process = subprocess.Popen(COMMAND, env=environment, stdout=said, stderr=said, cwd=DBT_PROJECT)
        with ended_in_time(process):
            process.wait()
    answer: dict[str, Any] = dict(next(iter(pipes.get_custom_messages()[-1:]), {}))
    if process.returncode or "engine" not in answer:
        ended = f"its process ended with {process.returncode} before it was done"
        raise LakeError("The facts were not built", answer.get("failed", ended), f"read build/engine/{LOG}")
    return answer


def _environment(run: Run, folder: Path) -> dict[str, str]:
    dbt = {"DBT_TARGET_PATH": str(folder.parent / "dbt"), "DBT_LOG_PATH": str(folder.parent / "dbt")}
    return os.environ | dbt_environment(run) | dbt | _of_connect(run) | {"PYTHONPATH": str(PROJECT_ROOT)}


def _of_connect(run: Run) -> dict[str, str]:
    """Where Spark Connect's client looks for the address and for the token: beside the address, so that no log, job or message holds it."""
    if not run.settings.spark.startswith("sc://"):
        return {}
    token = run.settings.secret("spark_token")
    return {"SPARK_REMOTE": run.settings.spark} | ({"SPARK_CONNECT_AUTHENTICATE_TOKEN": token} if token else {})


def _tables(run: Run, folder: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each table that dbt finds on Spark: name -> folder and columns. Seeds come as Parquet: dbt-spark's own would write the text None for NULL."""
    area, known = ReturnsArea.of(run.lake), load_clean_tables()
    for table in READ:
        columns = ", ".join(f"`{name}` {SPARK_TYPES[kind]}" for name, kind in known[table].items())
        yield f"returns.{table}", (str(area.clean(table)), columns)
    for seed in SEEDS:
        (csv,) = (DBT_PROJECT / "seeds").rglob(f"{seed}.csv")
        (folder / seed).mkdir()
        to = quote_literal(str(folder / seed / "seed.parquet"))
        with scratch_connection() as con:
            con.execute(f"copy (from read_csv({quote_literal(str(csv))}, all_varchar = true)) to {to} (format parquet)")
        yield f"seeds.{seed}", (str(folder / seed), "")
