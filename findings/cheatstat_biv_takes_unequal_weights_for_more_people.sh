#!/usr/bin/env bash
# cheatstat 4.1.2 (statistics for social surveys with weights): biV(..., "nominal", weight=...) gives "Chi² (DEFF-korr.)", chi-squared corrected for weights. It
# divides by the efficiency of the weights, (sum of weights)^2 / (n * sum of squared weights), which is 1 over the design effect, so it multiplies where it must
# divide: the more unequal the weights, the surer the result. 400 answers with weights of 0.2 and 1.8 tell as much as 244 of equal weight; a gap in smoking
# between deprived and others with p = 0.054 without weights has p = 0.13 then, and the package gives 0.014. A survey that was weighted up a lot (a panel, a poor
# response in deprived areas) finds differences that are not there. With equal weights it is right. The right value is by hand: chi-squared of the weighted table
# over Kish's n * sum of squared weights / (sum of weights)^2. What helps: chi-squared is given uncorrected beside it; divide that by the design effect.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps cheatstat==4.1.2 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import erfc, sqrt

import pandas as pd
from cheatstat import biV

print("cheatstat", version("cheatstat"))
# Answers: (deprived, smokes) with 1 for yes; half of each cell has a small weight and half a large one.
COUNTS = {(1, 1): 62, (1, 0): 138, (0, 1): 44, (0, 0): 156}
survey = pd.DataFrame([(*cell, number % 2) for cell, count in COUNTS.items() for number in range(count)], columns=["deprived", "smokes", "half"])
total = len(survey)
squared = 0.0
for (deprived, smokes), count in COUNTS.items():
    row = sum(number for (one, _), number in COUNTS.items() if one == deprived)
    column = sum(number for (_, one), number in COUNTS.items() if one == smokes)
    squared += (abs(count - row * column / total) - 0.5) ** 2 / (row * column / total)


def chance(value: float) -> float:
    """The p-value of chi-squared with one degree of freedom."""
    return round(erfc(sqrt(value / 2)), 5)


seen = {}
for small in (1.0, 0.6, 0.2):
    weights = survey.half.map({0: small, 1: 2 - small})
    effect = total * float((weights**2).sum()) / float(weights.sum()) ** 2
    line = biV(survey.assign(weight=weights), "deprived", "smokes", "nominal", weight="weight", notable=True).stat.iloc[0]
    assert abs(float(line["Wert"]) - squared) < 0.001
    seen[small] = float(line["p-Wert"]), chance(squared / effect), chance(squared * effect)
    worth = f"design effect {effect:.2f}, worth {total / effect:.0f} people of equal weight"
    print(f"  weights {small} and {2 - small}: {worth}; corrected p {seen[small][0]}, by hand {seen[small][1]}")
assert round(squared, 2) == 3.71 and seen[1.0][0] == seen[1.0][1] == chance(squared) > 0.05
assert all(abs(found - turned) < 2e-5 for found, _, turned in seen.values())
assert seen[0.2][0] < 0.02 and seen[0.2][1] > 0.1 and seen[0.2][0] < seen[0.6][0] < seen[1.0][0]
PY
