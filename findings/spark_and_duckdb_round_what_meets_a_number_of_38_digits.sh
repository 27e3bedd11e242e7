#!/usr/bin/env bash
# A number of type decimal(38, 0) (in Spark a sum of decimals, in Parquet a number of a database without a scale) that meets a decimal fraction is brought to one
# type with it, and that type is decimal(38, 0) again: the fraction is rounded away without a word. In Apache Spark 4.1.4 also where the two are only compared:
# 4 is not above 3.5 and equals it, so that a threshold on a sum lets other rows through than the same SQL elsewhere. In Spark and in DuckDB 1.5.5
# in coalesce and greatest: a share that is missing and should be 0.05 is 0, the larger of 4 and 4.5 is 5. ANSI arithmetic changes nothing. One digit less, a
# whole number type (bigint; hugeint, which DuckDB's own sums have) or a fraction written as a double (3.5e0) is right, and so is addition. The right
# values are plain arithmetic. What helps: compare in whole numbers (2 * n > 7), or write the fraction as a double. Needs Java 17; pyspark is published as source
# only (450 MB).
set -euo pipefail
command -v java >/dev/null || { echo "java is needed"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==1.5.5 pyspark==4.1.4 2>/dev/null
SPARK_LOCAL_IP=127.0.0.1 "$folder/venv/bin/python" - <<'PY' 2>/dev/null
import duckdb
import pyspark
from pyspark.sql import SparkSession

FOUR, NONE = "cast(4 as decimal(38, 0))", "cast(null as decimal(38, 0))"
CASES = {
    f"{FOUR} > 3.5": (4 > 3.5, 1, 0),
    f"{FOUR} = 3.5": (4 == 3.5, 0, 1),
    f"{FOUR} between 3.6 and 3.9": (3.6 <= 4 <= 3.9, 0, 1),
    "(select sum(n) > 3.5 from (values (cast(1 as decimal(28, 0))), (cast(3 as decimal(28, 0)))) as t(n))": (1 + 3 > 3.5, 1, 0),
    f"greatest({FOUR}, 4.5)": (max(4, 4.5), 5, 5),
    f"coalesce({NONE}, 0.05)": (0.05, 0, 0),
    f"{FOUR} + 0.5": (4.5, 4.5, 4.5),
    "cast(4 as decimal(37, 0)) > 3.5": (True, 1, 1),
    "cast(4 as bigint) > 3.5": (True, 1, 1),
    f"{FOUR} > 3.5e0": (True, 1, 1),
    f"coalesce({NONE}, 5e-2)": (0.05, 0.05, 0.05),
    f"2 * {FOUR} > 7": (True, 1, 1),
}
"""SQL: what is right, what DuckDB says, what Spark says."""
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
print("duckdb", duckdb.__version__, "pyspark", pyspark.__version__)
for expression, (right, of_duckdb, of_spark) in CASES.items():
    found = float(duckdb.sql(f"select {expression}").fetchone()[0])
    said = set()
    for ansi in ("true", "false"):
        spark.conf.set("spark.sql.ansi.enabled", ansi)
        said.add(float(spark.sql(f"select {expression}").first()[0]))
    print(f"  {expression:100} right {float(right):<5g} DuckDB {found:<5g} Spark {', '.join(f'{one:g}' for one in said)}")
    assert (found, said) == (of_duckdb, {of_spark}), expression
spark.stop()
PY
