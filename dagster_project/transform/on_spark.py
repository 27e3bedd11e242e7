"""Build the models tagged `engine` with dbt-spark; `python -m dagster_project.transform.on_spark` in .venv-engine, started by Dagster Pipes.

The job comes as an extra of Pipes: the tables that dbt finds there, the models that are wanted and the folder for their rows. What
happens goes back as lines of the run's log, and last, once every file is written, one message with the answer: names and numbers only.
A job that fails says why in a message of its own, in our words: Spark's may hold a value of a return and stay in the private log.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
import traceback
from pathlib import Path
from threading import Thread
from typing import Any, cast

from dagster_pipes import PipesContext, open_dagster_pipes
from dbt.cli.main import dbtRunner

from dagster_project.runtime.started import STARTER
from dagster_project.transform.hiw_dbt import end_with
from dagster_project.transform.spark_session import CONNECT, end_when_idle, register_table, start_session

IN_USE = "int_returns__in_use"


class Failed(Exception):
    """The job cannot end well; the text names no value."""


def main(pipes: PipesContext) -> bool:
    """Do the job of this session of Pipes; False where it failed, which the session has been told."""
    try:
        pipes.report_custom_message(_build(pipes, dict(pipes.extras["job"])))
    except Failed as error:
        _tell_failure(pipes, str(error))
    except Exception:
        traceback.print_exc()
        _tell_failure(pipes, "Apache Spark ended with an error")
    else:
        return True
    return False


def _tell_failure(pipes: PipesContext, why: str) -> None:
    pipes.report_custom_message({"failed": why})


def _build(pipes: PipesContext, job: dict[str, Any]) -> dict[str, Any]:
    try:
        session = start_session(job["where"], Path(job["scratch"]))
        for name, (folder, columns) in job["tables"].items():
            register_table(session, name, folder, columns)
    except Exception as error:
        traceback.print_exc()
        raise Failed("Apache Spark could not be reached, or it cannot read the data folder") from error

    def give_up() -> None:
        _tell_failure(pipes, f"Apache Spark had no worker for the job for {job['wait_seconds']:g} seconds")
        pipes.close()
        os._exit(1)

    end_when_idle(session, job["where"], job["wait_seconds"], give_up)
    pipes.log.info(f"Apache Spark {session.version} is there.")
    built = dbtRunner(callbacks=[lambda event: _tell(pipes, event)]).invoke(
        ["run", "--target", "engine", "--select", job["select"]]
    )
    results = {one.node.name: one for one in cast(Any, built.result) or ()}
    if not built.success:
        failed = ", ".join(name for name, one in results.items() if str(one.status) == "error")
        raise Failed(f"dbt could not build {failed or 'the models'} on Apache Spark")
    begun = time.monotonic()
    for model in job["models"]:
        session.table(_relation(results[model])).write.mode("error").parquet(f"{job['to']}/{model}")
    in_use = session.table(_relation(results[IN_USE])).select("submission_id").collect()
    answer: dict[str, Any] = {
        "engine": f"Apache Spark {session.version}",
        "sql": {model: hashlib.sha256(results[model].node.compiled_code.encode()).hexdigest() for model in results},
        "rows": {model: session.read.parquet(f"{job['to']}/{model}").count() for model in job["models"]},
        "seconds": {model: round(results[model].execution_time, 1) for model in job["models"]},
        "seconds_to_hand_over": round(time.monotonic() - begun, 1),
        "submissions": sorted(row.submission_id for row in in_use),
    }
    if job["where"].startswith(CONNECT):
        _leave_nothing(session, job["tables"], results)
    session.stop()
    return answer


def _tell(pipes: PipesContext, event: Any) -> None:
    """A line for each model that is done."""
    if event.info.name == "NodeFinished":
        node, ran = event.data.node_info, event.data.run_result
        pipes.log.info(f"{node.node_name}: {node.node_status} after {ran.execution_time:.1f} s.")


def _leave_nothing(session: Any, tables: dict[str, Any], results: dict[str, Any]) -> None:
    """A server outlives the job: what was made there of true counts goes."""
    for result in results.values():
        kind = "view" if result.node.config.materialized == "view" else "table"
        session.sql(f"drop {kind} if exists {_relation(result)}")
    for name in tables:
        session.sql(f"drop table if exists {name}")


def _relation(result: Any) -> str:
    return f"{result.node.schema}.{result.node.alias}"


if __name__ == "__main__":
    if STARTER in os.environ:
        Thread(target=end_with, args=[int(os.environ[STARTER])], daemon=True).start()
    with open_dagster_pipes() as opened:
        succeeded = main(opened)
    sys.exit(not succeeded)
