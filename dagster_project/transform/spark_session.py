"""A session of Apache Spark that reads the project's SQL as DuckDB does. Runs in .venv-engine, which has pyspark and nothing else of the project."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread

from pyspark.sql import SparkSession

MEANING = {
    "spark.sql.session.timeZone": "UTC",
    # What `cast(x as timestamp)` means in DuckDB: a time without a zone.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Spark stops at the first cast or division that fails, as DuckDB does at the cast.
    "spark.sql.ansi.enabled": "true",
    # A name in backticks is a regular expression: every column but some, for Spark 3.5 too (macro all_but).
    "spark.sql.parser.quotedRegexColumnNames": "true",
}
"""What a figure hangs on."""
TABLES = {"spark.sql.legacy.createHiveTableByDefault": "false"}
"""Tables are of Spark's own format, as from 4.0 on: Spark 3.5 makes Hive's of them, and fails without Hive."""
DRIVER = {"spark.ui.enabled": "false", "spark.driver.memory": "2g", "spark.sql.catalogImplementation": "in-memory"}
"""Of the session that this process starts, wherever its workers are."""
LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
"""Where nobody else has to reach the driver: workers of another machine must, at the name of this one or at SPARK_LOCAL_IP."""
CONNECT = "sc://"
LOOKS_EVERY_SECONDS = 1.0
SMALL = {
    # The tables are small: compiling each plan to bytecode, and planning again while it runs, costs more than it saves.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
}
"""For `local[...]` alone: a cluster is given more than this."""


def start_session(where: str, scratch: Path, more: Mapping[str, str] | None = None) -> SparkSession:
    """Return a session on `local[2]`, on `spark://host:port` or by Spark Connect on `sc://host:port`; `more` are settings of Spark.

    The first two write nowhere but in `scratch`. Where Spark Connect finds its server is in SPARK_REMOTE too, for dbt-spark, which asks for
    the session again before each statement.
    """
    if where.startswith(CONNECT):
        session = _with_settings(MEANING | TABLES | dict(more or {})).getOrCreate()
        # A server that does not let a session set these says nothing, and keeps its own.
        if kept := [name for name, value in MEANING.items() if session.conf.get(name) != value]:
            raise ValueError(f"the server keeps its own {', '.join(kept)}")
        return session
    scratch.mkdir(parents=True, exist_ok=True)
    places = {"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": str(scratch / "tables")}
    small = SMALL if where.startswith("local") else {}
    alone = LOOPBACK if where.startswith(("local", "spark://127.0.0.1", "spark://localhost")) else {}
    settings = MEANING | TABLES | DRIVER | alone | small | places | dict(more or {})
    session = _with_settings(settings).master(where).appName("NHS health inequalities warehouse").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def _with_settings(settings: Mapping[str, str]) -> SparkSession.Builder:
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder


def register_table(session: SparkSession, name: str, folder: str, columns: str) -> None:
    """Make the Parquet files of a folder a table: `schema.table`, or `table` in the default schema; "" has Spark read the columns."""
    schema, table = name.rpartition(".")[::2]
    place = f"`{schema or 'default'}`.`{table}`"
    session.sql(f"create database if not exists `{schema or 'default'}`")
    session.sql(f"drop table if exists {place}")
    session.sql(f"create table {place} {f'({columns})' if columns else ''} using parquet location '{folder}'")


def end_when_idle(session: SparkSession, where: str, seconds: float, give_up: Callable[[], None]) -> None:
    """Call `give_up`, in a thread of its own, once a query has waited that long without a task that runs.

    Spark waits for a worker without an end: of a cluster whose workers have died it says so in its log alone.
    """
    waits = (_waits_by_connect if where.startswith(CONNECT) else _waits_in_this_process)(session)

    def watch() -> None:
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < seconds:
            time.sleep(LOOKS_EVERY_SECONDS)
            if not waits():
                idle_since = time.monotonic()
        give_up()

    Thread(target=watch, daemon=True).start()


def _waits_in_this_process(session: SparkSession) -> Callable[[], bool]:
    tracker = session.sparkContext.statusTracker()

    def waits() -> bool:
        stages = [tracker.getStageInfo(number) for number in tracker.getActiveStageIds()]
        return bool(stages) and not any(stage and stage.numActiveTasks for stage in stages)

    return waits


def _waits_by_connect(session: SparkSession) -> Callable[[], bool]:
    waiting: set[str] = set()

    def note(stages: object, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        (waiting.discard if done or inflight_tasks else waiting.add)(operation_id or "")

    session.registerProgressHandler(note)
    return lambda: bool(waiting)
