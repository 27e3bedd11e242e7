#!/usr/bin/env bash
# In SQL an apostrophe within a text is written twice: 'ST GEORGE''S'. Apache Spark 3.5 reads two texts there, 'ST GEORGE' and 'S', puts them together and says
# nothing: the apostrophe is gone. A condition on the name of a children's or women's hospital finds no row, a CASE falls to its ELSE, a join with a list that was
# written as SQL loses those trusts, and a text that is printed has another spelling. Spark 4.1 reads the apostrophe, so that the same query gives other rows on a
# cluster of each. The right answer is that of the standard, which DuckDB gives. What helps on both: a parameter (spark.sql(query, args=...)), or a table of the
# names. Needs Java 17; pyspark is published as source only.
set -euo pipefail
command -v java >/dev/null || { echo "java is needed"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/asked.py" <<'PY'
import sys

import duckdb
import pyspark
from pyspark.sql import SparkSession

NAMES = ["ST GEORGE'S HOSPITAL", "BIRMINGHAM CHILDREN'S HOSPITAL", "KINGSTON HOSPITAL"]
TEXT = "'BIRMINGHAM CHILDREN''S HOSPITAL'"
QUERIES = {
    "the text itself": f"select {TEXT}",
    "trusts of that name": f"select count(*) from trusts where name = {TEXT}",
    "and its group": f"select max(case when name = {TEXT} then 'children' else 'other' end) from trusts where name like 'BIRMINGHAM%'",
}
folder = sys.argv[1]
con = duckdb.connect()
con.execute("create table trusts as select unnest($1) as name", [NAMES])
con.execute(f"copy trusts to '{folder}/trusts.parquet'")
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.read.parquet(f"{folder}/trusts.parquet").createOrReplaceTempView("trusts")
print("duckdb", duckdb.__version__, "pyspark", pyspark.__version__)
is_old = pyspark.__version__.startswith("3.5")
wrong = {"the text itself": "BIRMINGHAM CHILDRENS HOSPITAL", "trusts of that name": 0, "and its group": "other"}
for what, query in QUERIES.items():
    right, found = con.execute(query).fetchone()[0], spark.sql(query).first()[0]
    print(f"  {what:20} DuckDB {right!s:32} Spark {found}")
    assert found == (wrong[what] if is_old else right), what
asked = spark.sql("select count(*) from trusts where name = :name", args={"name": NAMES[1]}).first()[0]
print(f"  {'by parameter':20} Spark {asked}")
assert asked == 1
spark.stop()
PY
for version in 3.5.9 4.1.4; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check duckdb==1.5.5 "pyspark==$version" 2>/dev/null
    SPARK_LOCAL_IP=127.0.0.1 "$folder/$version/bin/python" "$folder/asked.py" "$folder" 2>/dev/null
done
