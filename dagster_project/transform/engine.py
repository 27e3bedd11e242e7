"""Building facts on Apache Spark: dbt-spark in a process of .venv-engine (`make engine`), never in this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster_project.duck import quote_literal, scratch_connection
from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.returns.area import FILE_MODE, ReturnsArea, keep_build_private, make_private_folder
from dagster_project.returns.clean_tables import load_clean_tables
from dagster_project.settings import PROJECT_ROOT
from dagster_project.transform.dbt import DBT_PROJECT, dbt_environment, ended_in_time
from dagster_project.transform.facts import READ, digest_of_inputs, engine_models, hand_over, rows_in_place

ENVIRONMENT = PROJECT_ROOT / ".venv-engine"
SELECT = "+tag:engine"
SCRIPT = "dagster_project.transform.on_spark"
ANSWER = "answer.json"
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
    if not (ENVIRONMENT / "ready").exists():
        return "there is no .venv-engine with Apache Spark (make engine)"
    return "" if shutil.which("java") else "Java is not installed (apt-get install openjdk-17-jre-headless)"


def build_facts(run: Run, dbt_manifest: Path, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Build the models tagged `engine` on Spark and hand their rows over, unless those of the same inputs are in place.

    Gives `engine`, `rows` (of each model) and `seconds`; `say` is told what happens, in names and numbers. Raises LakeError where Spark
    cannot be started or a model fails.
    """
    models = engine_models(dbt_manifest)
    try:
        rows = rows_in_place(run, models)
    except LakeError as error:
        say(f"Facts are built: {error.why}.")
    else:
        say("Nothing new: the facts in place are of the same returns and models.")
        return {"engine": "", "rows": rows, "seconds": {}}
    if why := why_it_cannot_run():
        raise LakeError("Apache Spark cannot be started", why, "do what it says, or set HIW_ENGINE=duckdb")
    made_of = digest_of_inputs(run)
    with _workspace(run) as folder:
        answer = _run_job(run, folder, models)
        for model, seconds in answer["seconds"].items():
            say(f"{model} was built in {seconds} s.")
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


def _run_job(run: Run, folder: Path, models: tuple[str, ...]) -> dict[str, Any]:
    to = make_private_folder(folder / "to", within=folder)
    job = {
        "master": run.settings.spark,
        "scratch": str(folder / "scratch"),
        "tables": dict(_tables(run, folder)),
        "select": SELECT,
        "models": models,
        "to": str(to),
        "answer": str(to / ANSWER),
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    log = folder.parent / LOG
    log.touch(FILE_MODE)
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", SCRIPT, str(folder / "job.json")]
    with log.open("wb") as said:
        process = subprocess.Popen(command, env=_environment(run, folder), stdout=said, stderr=said, cwd=DBT_PROJECT)
        with ended_in_time(process):
            process.wait()
    try:
        return dict(json.loads((to / ANSWER).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise LakeError(
            "The facts were not built", f"Apache Spark ended with {process.returncode}", f"read build/engine/{LOG}"
        ) from error


def _environment(run: Run, folder: Path) -> dict[str, str]:
    dbt = {"DBT_TARGET_PATH": str(folder.parent / "dbt"), "DBT_LOG_PATH": str(folder.parent / "dbt")}
    return os.environ | dbt_environment(run) | dbt | {"PYTHONPATH": str(PROJECT_ROOT)}


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
