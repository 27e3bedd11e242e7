#!/usr/bin/env bash
# sqlglot 30.30.0, read "duckdb", write "spark": these statements are translated without a warning, Apache Spark 4.1.4 takes them, and the answer is another
# than DuckDB 1.5.5's. Among them is what analyses of waiting lists are made of: a logarithm (base 10 becomes base e), rounding by a cast, months and
# years between two dates (boundaries crossed become whole months gone by), days of the week (a Sunday is 7 and becomes 2), a sample skewness.
# Whoever moves a project from one engine to the other by translation gets no error. What helps: one macro for each of these with an implementation for each
# engine, and a comparison of results, not of whether the SQL is accepted. Needs Java 17; pyspark is published as source only (450 MB).
set -euo pipefail
command -v java >/dev/null || { echo "java is needed"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==1.5.5 sqlglot==30.30.0 pyspark==4.1.4 2>/dev/null
SPARK_LOCAL_IP=127.0.0.1 "$folder/venv/bin/python" - <<'PY' 2>/dev/null
import duckdb
import pyspark
import sqlglot
from pyspark.sql import SparkSession

CASES = {
    "log(100)": (2, 4.60517),
    "cast(2.7 as integer)": (3, 2),
    "try_cast('7.6' as integer)": (8, None),
    "date_diff('month', date '2026-01-31', date '2026-02-01')": (1, 0),
    "date_diff('year', date '2025-12-31', date '2026-01-01')": (1, 0),
    "isodow(date '2026-11-29')": (7, 2),
    "dayofweek(date '2026-11-29')": (0, 1),
    "weekday(date '2026-11-29')": (0, 6),
    "left('RXX01', -2)": ("RXX", ""),
    "regexp_replace('a1b2', '[0-9]', '')": ("ab2", "ab"),
    "skewness(x)": (1.33094, 0.76842),
}
"""SQL of DuckDB: its answer, and Spark's to the translation."""
FROM = " from (values (1.0), (2.0), (9.0), (4.0)) as t(x)"
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__, "pyspark", pyspark.__version__)


def plain(value):
    """A figure to five decimals, a text as it is."""
    return value if value is None or isinstance(value, str) else round(float(value), 5)


for expression, expected in CASES.items():
    sql = f"select {expression}" + (FROM if "(x)" in expression else "")
    (translated,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    found = (plain(duckdb.sql(sql).fetchone()[0]), plain(spark.sql(translated).first()[0]))
    print(f"  {expression:58} DuckDB {found[0]!s:8} Spark {found[1]}")
    assert found == tuple(map(plain, expected)), (expression, found)
spark.stop()
PY
