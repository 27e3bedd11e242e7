#!/usr/bin/env bash
# Great Expectations 1.24.1: the same expectations on the same five rows, once as a pandas data frame, once as a table of SQLite, give opposite verdicts
# wherever a value is missing. Keys of several columns that repeat with a missing part fail in pandas and pass in SQL; A above B fails in pandas for a
# row in which one is missing and passes in SQL; a sum of a column without any value is 0 in pandas, which passes "between 0 and 1", and
# missing in SQL, which fails; a sum of several columns counts three bad rows in pandas and one in SQL. Whoever moves a gate from a data frame to the
# database, or tests on the one and runs on the other, changes what it lets through. What helps: ask for missing values first, by an expectation of its own
# for each column that the others compare.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: great-expectations==1.24.1 'sqlalchemy<2.1' pandas==2.3.3 2>/dev/null
cd "$folder"
venv/bin/python -W ignore - <<'PY' 2>/dev/null
import logging
import sqlite3

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

logging.disable(logging.CRITICAL)
rows = pd.DataFrame({"trust": ["RXX", "RXX", "RYY", None, None], "seen": [10.0, None, None, 5.0, 5.0], "people": [3.0] * 5})
rows["unknown"] = pd.Series([None] * 5, dtype="float")
with sqlite3.connect("table.db") as con:
    rows.to_sql("figures", con, index=False, dtype={"unknown": "REAL"})
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
frame = context.data_sources.add_pandas("frame").add_dataframe_asset("figures").add_batch_definition_whole_dataframe("all")
table = context.data_sources.add_sqlite("table", connection_string="sqlite:///table.db").add_table_asset("figures", table_name="figures")
batches = (frame.get_batch({"dataframe": rows}), table.add_batch_definition_whole_table("all").get_batch())
ASKED = {
    "key (trust, seen) is unique": (gxe.ExpectCompoundColumnsToBeUnique(column_list=["trust", "seen"]), (False, True)),
    "seen is above people": (gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="seen", column_B="people"), (False, True)),
    "sum of unknown is 0 to 1": (gxe.ExpectColumnSumToBeBetween(column="unknown", min_value=0, max_value=1), (True, False)),
    "greatest unknown is 0 or more": (gxe.ExpectColumnMaxToBeBetween(column="unknown", min_value=0), (False, False)),
}
print("great_expectations", gx.__version__)
for words, (expectation, expected) in ASKED.items():
    found = tuple(bool(batch.validate(expectation).success) for batch in batches)
    print(f"  {words:30} pandas {'passes' if found[0] else 'fails ':6} SQL {'passes' if found[1] else 'fails'}")
    assert found == expected, (words, found)
sums = gxe.ExpectMulticolumnSumToEqual(column_list=["seen", "people"], sum_total=8)
bad = [batch.validate(sums).result["unexpected_count"] for batch in batches]
print("  seen + people = 8: rows that are not: pandas", bad[0], "SQL", bad[1])
assert bad == [3, 1]
PY
