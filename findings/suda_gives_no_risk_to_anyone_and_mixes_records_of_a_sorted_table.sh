#!/usr/bin/env bash
# suda 0.2.2: the Special Uniques Detection Algorithm, which statistical offices use to find people who stand out in microdata. For each record it gives a score and
# "dis-suda", the chance that a match is right, in which the file's chance (dis=0.1) is shared out by score. That chance is 0 for every record below: the
# line that fills it looks at a column set to 0 just before. And the records are put together by row label and by place at once: of a table that was sorted,
# the scores go to other people, and each record that comes out has the largest value of two people's in every column, so that it holds people who were never
# in the file. The score itself counts every unique combination; by the algorithm's definition (Elliot, Manning and Ford 2002) only the minimal ones count, those
# without a smaller unique one inside. Nothing is raised. Below is the definition by brute force. What helps: reset_index(drop=True) and dropping "dis-suda".
# A file may look free of risk that is not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: suda==0.2.2 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from collections import Counter
from importlib.metadata import version
from itertools import combinations
from math import factorial

import pandas as pd
from suda import suda

print("suda", version("suda"), "pandas", version("pandas"))
COLUMNS = ["area", "sex", "age"]
GROUPS = [("N", "F", "0-64"), ("N", "F", "65+"), ("N", "M", "0-64"), ("S", "F", "0-64")]
people = pd.DataFrame([*GROUPS, *GROUPS, ("S", "M", "65+")], columns=COLUMNS)


def defined(table):
    """Minimal unique combinations of each record, scored as the algorithm says."""
    rows = [tuple(row) for row in table[COLUMNS].itertuples(index=False)]
    scores = []
    for row in rows:
        minimal = []
        for size in range(1, len(COLUMNS) + 1):
            for at in combinations(range(len(COLUMNS)), size):
                alone = sum(all(other[one] == row[one] for one in at) for other in rows) == 1
                if alone and not any(set(smaller) < set(at) for smaller in minimal):
                    minimal.append(at)
        scores.append((row, sum(factorial(len(COLUMNS) - len(at)) for at in minimal)))
    return Counter(scores)


def found(table):
    """The records that suda gives back, each with its score and its chance."""
    result = suda(table.copy(), max_msu=3)
    return Counter(zip(result[COLUMNS].astype(str).itertuples(index=False, name=None), result.suda)), result["dis-suda"].tolist()


right = {score: row for row, score in defined(people) if score}
print("  by the definition:", right)
assert right == {3: ("S", "M", "65+")}
plain, chances = found(people)
print("  suda, from the file:", {score: row for row, score in plain if score}, "chances:", set(chances))
assert {score: row for row, score in plain if score} == {4: ("S", "M", "65+")} and set(chances) == {0}
ordered = people.sort_values(COLUMNS, ascending=False)
assert defined(ordered) == defined(people)
mixed, _ = found(ordered)
real = {row for row, _ in plain}
strangers = Counter({row: count for (row, _), count in mixed.items() if row not in real})
kept = Counter(row for row, _ in mixed.elements()) & Counter(row for row, _ in plain.elements())
print(f"  suda, sorted: {len(people) - kept.total()} of {len(people)} records are others than in the file, of groups that do not exist: {dict(strangers)}")
assert kept.total() < len(people) and strangers
PY
