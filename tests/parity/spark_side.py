"""Run queries on Apache Spark; `python -m tests.parity.spark_side` with the Python of .venv-engine, which has pyspark.

Each line of standard input is a job, {"tables": {name: [folder, columns]}, "queries": [{"id", "sql", "to"}]}; each query is answered by
one line of JSON: id, seconds, and where Spark refuses it the reason. No answer holds a value of a table. The arguments are a folder to work in,
the master and settings of Spark.
"""

import json
import logging
import re
import sys
import time
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from dagster_project.transform.spark_session import register_table, start_session

IN_THE_ANALYSIS = re.compile(r"^\s*\[(?P<kind>[A-Z_.0-9]+)\] (?P<said>[^\n]*)")


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
    """Answer job after job, until there are no more."""
    # Each refusal is answered; pyspark would write the JVM's whole stack of it into the log.
    logging.disable()
    spark = start_session(sys.argv[2], Path(sys.argv[1]), json.loads(sys.argv[3]))
    for line in sys.stdin:
        job = json.loads(line)
        for name, (folder, columns) in job["tables"].items():
            register_table(spark, name, folder, columns)
        for query in job["queries"]:
            print(json.dumps(answer(spark, query)), flush=True)


if __name__ == "__main__":
    main()
