#!/usr/bin/env bash
# pyjstat 2.4.0, Dataset.read(frame).write(): a table as JSON-stat, the format in which statistical offices publish. The format holds no row: a value belongs to
# the categories that its place in the list says, the last dimension fastest. pyjstat writes the values in the order of the rows as they come, and each
# dimension's categories in the order of their first row. A table that is complete but sorted by another column than the first gets its values
# exchanged between areas; one without a row (a suppressed one, say) is written with fewer values than cells, all that follow moved up. A column
# whose name is a part of the word "value" ("a", "val", "e") is no dimension for it and left out. All three are written without a word, and the first is read
# back without one. What helps: reindex to the product of all categories in the order of the columns, as below, and longer names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyjstat==2.4.0 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
from importlib.metadata import version
from itertools import product

import pandas as pd
from pyjstat.pyjstat import Dataset

print("pyjstat", version("pyjstat"))
COLUMNS = ["area", "band", "value"]
table = pd.DataFrame([("North", "0-64", 1), ("North", "65+", 2), ("South", "0-64", 3), ("South", "65+", 4)], columns=COLUMNS)


def written(frame):
    """What pyjstat writes."""
    return json.loads(Dataset.read(frame).write())


def rows(cube):
    """The cells of a cube by the format's definition: categories by their index, the last dimension fastest."""
    axes = []
    for name in cube["id"]:
        index = cube["dimension"][name]["category"]["index"]
        axes.append(sorted(index, key=index.get))
    return dict(zip(product(*axes), cube["value"]))


given = {(area, band): value for area, band, value in table.itertuples(index=False)}
assert rows(written(table)) == given

by_band = table.sort_values(["band", "area"])
found = rows(written(by_band))
print("  sorted by area:", given)
print("  sorted by band:", found)
back = Dataset.read(json.dumps(written(by_band))).write("dataframe")
print("  read back by pyjstat:", back.values.tolist())
assert found[("North", "65+")] == 3 and found[("South", "0-64")] == 2 and sorted(found.values()) == [1, 2, 3, 4]
assert dict(((a, b), v) for a, b, v in back.itertuples(index=False)) == found

cube = written(table.drop(index=1))
print("  without North 65+: sizes", cube["size"], "values", cube["value"], "->", rows(cube))
assert cube["size"] == [2, 2] and cube["value"] == [1, 3, 4] and rows(cube)[("North", "65+")] == 3

for name in ("a", "al", "val", "e"):
    cube = written(table.rename(columns={"area": name}))
    assert cube["id"] == ["band"] and cube["size"] == [2] and len(cube["value"]) == 4, (name, cube)
print("  a column named val: dimensions", cube["id"], "sizes", cube["size"], "values", cube["value"])

every = pd.MultiIndex.from_product([sorted(table[name].unique()) for name in COLUMNS[:2]], names=COLUMNS[:2])
whole = by_band.drop(index=1).set_index(COLUMNS[:2]).reindex(every).reset_index()
assert rows(written(whole)) == {**given, ("North", "65+"): None}
PY
