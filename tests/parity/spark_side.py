"""Run queries on Apache Spark; a script for the Python of .venv-engine, which has pyspark and nothing of this project.

Each line of standard input is a job, {"tables": {name: [folder, columns]}, "queries": [{"id", "sql", "to"}]}; each query is answered by
one line of JSON: id, seconds, and where Spark refuses it the reason. No answer holds a value of a table. The argument is a folder to work in.
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


def register(spark: SparkSession, name: str, folder: str, columns: str) -> None:
    """Make the Parquet files of a folder a table; "schema.table", or "table" in the default schema."""
    schema, table = name.rpartition(".")[::2]
    place = f"`{schema or 'default'}`.`{table}`"
    spark.sql(f"create database if not exists `{schema or 'default'}`")
    spark.sql(f"drop table if exists {place}")
    spark.sql(f"create table {place} {f'({columns})' if columns else ''} using parquet location '{folder}'")


def main() -> None:
    """Answer job after job, until there are no more."""
    # Each refusal is answered; pyspark would write the JVM's whole stack of it into the log.
    logging.disable()
    spark = session(sys.argv[1])
    for line in sys.stdin:
        job = json.loads(line)
        for name, (folder, columns) in job["tables"].items():
            register(spark, name, folder, columns)
        for query in job["queries"]:
            print(json.dumps(answer(spark, query)), flush=True)


if __name__ == "__main__":
    main()
