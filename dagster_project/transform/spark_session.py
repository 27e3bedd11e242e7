"""A session of Apache Spark that reads the project's SQL as DuckDB does. Runs in .venv-engine, which has pyspark and nothing else of the project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

MEANING = {
    "spark.sql.session.timeZone": "UTC",
    # What `cast(x as timestamp)` means in DuckDB: a time without a zone.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Spark stops at the first cast or division that fails, as DuckDB does at the cast.
    "spark.sql.ansi.enabled": "true",
}
"""What a figure hangs on."""
ON_THIS_MACHINE = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.catalogImplementation": "in-memory",
}
SMALL = {
    # The tables are small: compiling each plan to bytecode, and planning again while it runs, costs more than it saves.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
}
"""For `local[...]` alone: a cluster is given more than this."""


def start_session(master: str, scratch: Path, more: Mapping[str, str] | None = None) -> SparkSession:
    """Return a session on `local[2]` or on `spark://host:port`, which writes nowhere but in `scratch`; `more` are settings of Spark."""
    scratch.mkdir(parents=True, exist_ok=True)
    places = {"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": str(scratch / "tables")}
    settings = MEANING | ON_THIS_MACHINE | (SMALL if master.startswith("local") else {}) | places | dict(more or {})
    builder = SparkSession.builder.master(master).appName("NHS health inequalities warehouse")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def register_table(session: SparkSession, name: str, folder: str, columns: str) -> None:
    """Make the Parquet files of a folder a table: `schema.table`, or `table` in the default schema; "" has Spark read the columns."""
    schema, table = name.rpartition(".")[::2]
    place = f"`{schema or 'default'}`.`{table}`"
    session.sql(f"create database if not exists `{schema or 'default'}`")
    session.sql(f"drop table if exists {place}")
    session.sql(f"create table {place} {f'({columns})' if columns else ''} using parquet location '{folder}'")
