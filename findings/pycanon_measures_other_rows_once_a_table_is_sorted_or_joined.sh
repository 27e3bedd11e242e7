#!/usr/bin/env bash
# pycanon 1.3.6: k-anonymity, l-diversity, t-closeness and their kin of a pandas table, to show that a release is safe. Groups are found by the labels of the
# rows, and then taken by their POSITION. The two are the same only in a table fresh from a file. In one that was sorted, or filtered and sorted, each group is
# measured on rows of other groups: a table in which everyone of a group has the same diagnosis (l = 1) is l = 3, t falls, alpha falls. In one that is two
# hospitals' tables put together (labels 0..n twice) the second hospital's rows are never looked at, and count as the first's. k is right: it is a
# count of labels. Nothing is raised. What is published as safe is not. The right values come from a plain count of different diagnoses in each
# group, below. What helps: `reset_index(drop=True)` before each call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pycanon==1.3.6 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from collections import Counter, defaultdict
from importlib.metadata import version

import pandas as pd
from pycanon.anonymity import alpha_k_anonymity, k_anonymity, l_diversity, t_closeness

print("pycanon", version("pycanon"), "pandas", version("pandas"))
QUASI, SENSITIVE = ["area", "band"], ["diagnosis"]
# in each group of nine all have one diagnosis
unsafe = pd.DataFrame(
    [(area, band, diagnosis) for number in range(9) for area, band, diagnosis in (("North", "0-64", "A"), ("North", "65+", "B"), ("South", "0-64", "C"))],
    columns=[*QUASI, *SENSITIVE],
)
safe = unsafe.assign(diagnosis=["ABC"[(number // 3) % 3] for number in range(len(unsafe))])


def counted(table):
    """k, l and the largest share of one diagnosis, by a plain count."""
    groups = defaultdict(Counter)
    for area, band, diagnosis in table.itertuples(index=False):
        groups[area, band][diagnosis] += 1
    shares = [max(group.values()) / group.total() for group in groups.values()]
    return min(group.total() for group in groups.values()), min(map(len, groups.values())), max(shares)


def measured(table):
    """The same as pycanon has them."""
    alpha, _ = alpha_k_anonymity(table, QUASI, SENSITIVE)
    return k_anonymity(table, QUASI), l_diversity(table, QUASI, SENSITIVE), alpha


tables = {
    "from the file": unsafe,
    "sorted by group": unsafe.sort_values([*QUASI, *SENSITIVE], kind="stable"),
    "safe, then unsafe hospital": pd.concat([safe, unsafe.assign(area=unsafe.area + " 2")]),
}
for name, table in tables.items():
    right, found, reset = counted(table), measured(table), measured(table.reset_index(drop=True))
    closeness = [round(float(t_closeness(each, QUASI, SENSITIVE)), 2) for each in (table, table.reset_index(drop=True))]
    print(f"  {name:27} k, l, alpha by a count {right}, pycanon {found}; t {closeness[0]}, after reset_index {closeness[1]}")
    assert reset == right and right[1:] == (1, 1.0)
    if name != "from the file":
        assert found[0] == right[0] and found[1] == 3 and found[2] < 0.5 and closeness[0] < closeness[1]
assert measured(unsafe) == counted(unsafe)
PY
