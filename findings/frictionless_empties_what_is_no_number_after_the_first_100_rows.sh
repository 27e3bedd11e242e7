#!/usr/bin/env bash
# frictionless 5.21.0: without a schema it looks at the first 100 rows to tell numbers from text. In a later row what is not a number (the age "90+", a count that
# the publisher hid as "[c]") becomes an empty cell: extract, to_pandas and write give it out without an error or a warning, all rows are there, and the written
# file has lost the marker for good. If the same marker is in the first 100 rows the whole column stays text and nothing is lost, so a sorted file (the oldest
# last, small areas last) is what suffers: the mean age falls, and hidden counts cannot be told from counts never sent. Only validate says so, and nothing asks
# for it. The right value is what the file says. What helps: give a schema, `Detector(field_type="any")`, or look at `row.errors` of every row.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: frictionless==5.21.0 pandas==2.3.3 2>/dev/null
FOLDER="$folder" "$folder/venv/bin/python" -W ignore - <<'PY'
import csv
import os
import tempfile
from importlib.metadata import version

from frictionless import Detector, Resource, extract, validate

os.chdir(tempfile.mkdtemp(dir=os.environ["FOLDER"]))
print("frictionless", version("frictionless"))
people = [{"person": f"P{number:03}", "age": str(20 + number // 3)} for number in range(208)] + [{"person": f"P{number:03}", "age": "90+"} for number in range(208, 240)]


def written(name: str, rows: list[dict[str, str]]) -> str:
    """A file of these rows."""
    with open(name, "w", newline="") as file:
        table = csv.DictWriter(file, ["person", "age"])
        table.writeheader()
        table.writerows(rows)
    return name


found = {}
for name, rows in {"oldest_last.csv": people, "oldest_first.csv": people[::-1]}.items():
    written(name, rows)
    taken = extract(name)[name.removesuffix(".csv")]
    frame = Resource(name).to_pandas()
    Resource(name).write(f"copy_of_{name}")
    with open(f"copy_of_{name}", newline="") as file:
        copy = list(csv.DictReader(file))
    said = [sum(row["age"] == "90+" for row in kept) for kept in (rows, taken, copy)] + [int((frame.age == "90+").sum())]
    empty = [sum(row["age"] in (None, "") for row in kept) for kept in (rows, taken, copy)] + [int(frame.age.isna().sum())]
    found[name] = said, empty
    print(f"  {name}: rows {len(taken)}; '90+' in the file, extract, a written copy, to_pandas: {said}; empty: {empty}")
assert found["oldest_last.csv"] == ([32, 0, 0, 0], [0, 32, 32, 32])
assert found["oldest_first.csv"] == ([32, 32, 32, 32], [0, 0, 0, 0])
errors = validate("oldest_last.csv").flatten(["rowNumber", "type"])
print("  validate, if it is asked:", len(errors), "errors of", {kind for _, kind in errors})
assert len(errors) == 32
kept = Resource("oldest_last.csv", detector=Detector(field_type="any")).to_pandas()
assert (kept.age.astype(str) == "90+").sum() == 32
PY
