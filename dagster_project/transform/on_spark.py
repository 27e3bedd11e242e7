"""Build the models tagged `engine` with dbt-spark; `python -m dagster_project.transform.on_spark job.json` in .venv-engine.

The job names the tables that dbt finds there, the models that are wanted and the folder for their rows; the answer, a file that the job
names too, is written last and holds names and numbers only.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any, cast

from dbt.cli.main import dbtRunner

from dagster_project.runtime.started import STARTER
from dagster_project.transform.hiw_dbt import end_with
from dagster_project.transform.spark_session import register_table, start_session

IN_USE = "int_returns__in_use"


def main() -> None:
    """Do the job; ends with 1 where a model failed, without an answer."""
    if STARTER in os.environ:
        Thread(target=end_with, args=[int(os.environ[STARTER])], daemon=True).start()
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    session = start_session(job["master"], Path(job["scratch"]))
    for name, (folder, columns) in job["tables"].items():
        register_table(session, name, folder, columns)
    built = dbtRunner().invoke(["run", "--target", "engine", "--select", job["select"]])
    if not built.success:
        raise SystemExit(1)
    begun = time.monotonic()
    results = {one.node.name: one for one in cast(Any, built.result)}
    for model in job["models"]:
        session.table(_relation(results[model])).write.mode("error").parquet(f"{job['to']}/{model}")
    in_use = session.table(_relation(results[IN_USE])).select("submission_id").collect()
    answer: dict[str, Any] = {
        "engine": f"Apache Spark {session.version}",
        "sql": {model: hashlib.sha256(results[model].node.compiled_code.encode()).hexdigest() for model in results},
        "seconds": {model: round(results[model].execution_time, 1) for model in job["models"]},
        "seconds_to_hand_over": round(time.monotonic() - begun, 1),
        "submissions": sorted(row.submission_id for row in in_use),
    }
    Path(job["answer"]).write_text(json.dumps(answer), encoding="utf-8")
    session.stop()


def _relation(result: Any) -> str:
    return f"{result.node.schema}.{result.node.alias}"


if __name__ == "__main__":
    main()
