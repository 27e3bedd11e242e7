"""Run queries on Apache Spark; a script for the Python of .venv-engine, which has pyspark and nothing of this project.

It reads a job from standard input, {"tables": {name: folder}, "queries": [{"id", "sql", "to"}], "scratch": folder}, and answers one line
of JSON for each query: id, seconds, and either columns or the reason for which Spark refuses it. No answer holds a value of a table.
"""

import json
import logging
import re
import sys
import time

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    # The tables are small: compiling each plan to bytecode, and planning again while it runs, costs more than it saves.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.session.timeZone": "UTC",
    # What `cast(x as timestamp)` means in DuckDB: a time without a zone.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Spark stops at the first cast or division that fails, as DuckDB does at the cast.
    "spark.sql.ansi.enabled": "true",
}
IN_THE_ANALYSIS = re.compile(r"^\s*\[(?P<kind>[A-Z_.0-9]+)\] (?P<said>[^\n]*)")


def session(scratch: str) -> SparkSession:
    """A local session of two threads that writes nowhere but in `scratch`."""
    builder = SparkSession.builder.master("local[2]").appName("parity")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    made = (
        builder.config("spark.local.dir", scratch).config("spark.sql.warehouse.dir", f"{scratch}/spark").getOrCreate()
    )
    made.sparkContext.setLogLevel("OFF")
    return made


def refusal(error: Exception, analysed: bool) -> str:
    """Why Spark refuses a query: its words while it only reads the query, the class of the error alone once it reads the tables."""
    found = IN_THE_ANALYSIS.match(str(error))
    if found is None:
        return type(error).__name__
    return found["kind"] if analysed else f"{found['kind']}: {found['said'][:160]}"


def answer(spark: SparkSession, query: dict[str, str]) -> dict[str, object]:
    """Run one query and write its rows as Parquet; without "to", only have Spark analyse it."""
    begun, analysed = time.monotonic(), False
    said: dict[str, object] = {"id": query["id"]}
    try:
        frame = spark.sql(query["sql"])
        analysed = True
        if query.get("to"):
            frame.coalesce(1).write.mode("overwrite").parquet(query["to"])
    except PySparkException as error:
        said["refused"] = refusal(error, analysed)
    except Exception as error:
        said["refused"] = type(error).__name__
    return said | {"seconds": round(time.monotonic() - begun, 2)}


def main() -> None:
    """Register the tables, then answer query after query."""
    job = json.load(sys.stdin)
    # Each refusal is answered below; pyspark would write the JVM's whole stack of it into the log.
    logging.disable()
    spark = session(job["scratch"])
    for schema in sorted({name.split(".")[0] for name in job["tables"]}):
        spark.sql(f"create database if not exists `{schema}`")
    for name, folder in job["tables"].items():
        schema, table = name.split(".")
        spark.sql(f"create table `{schema}`.`{table}` using parquet location '{folder}'")
    for query in job["queries"]:
        print(json.dumps(answer(spark, query)), flush=True)


if __name__ == "__main__":
    main()
