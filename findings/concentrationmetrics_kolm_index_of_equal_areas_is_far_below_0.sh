#!/usr/bin/env bash
# concentrationMetrics 0.6.0 (inequality indices): `kolm` is the Kolm index, a measure of absolute inequality (in weeks of waiting, in deaths), which compares
# each area with the mean of all. The package subtracts the mean of the data from the SHARE of each area, which is about 1 over the number of areas. So the result
# is near minus the mean wait, whatever the inequality: areas that all wait 18 weeks have an index of -17.7 instead of 0, an unequal and an equal region differ in
# the fifth figure, and a longer wait for everyone looks like less inequality, though the index must not change then. The right value is computed by hand from the
# definition: the log of the mean of exp(a * (mean - x)), over a. What helps: no option; compute it so. The Hoover index of the package is right for the same
# numbers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps concentrationMetrics==0.6.0 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import exp, log

import numpy as np
from concentrationMetrics import Index

print("concentrationMetrics", version("concentrationMetrics"))
AVERSION = 0.5


def kolm(waits: list[float]) -> float:
    """The Kolm index by its definition."""
    mean = sum(waits) / len(waits)
    return log(sum(exp(AVERSION * (mean - wait)) for wait in waits) / len(waits)) / AVERSION


def hoover(waits: list[float]) -> float:
    """The Hoover index by its definition."""
    mean = sum(waits) / len(waits)
    return sum(abs(wait - mean) for wait in waits) / 2 / sum(waits)


regions = {"all wait 18 weeks": [18.0, 18.0, 18.0], "unequal": [10.0, 18.0, 26.0], "unequal, all 20 weeks longer": [30.0, 38.0, 46.0]}
found, right = {}, {}
for name, waits in regions.items():
    found[name], right[name] = round(float(Index().kolm(np.array(waits), AVERSION)), 3), round(kolm(waits), 3)
    print(f"  {name}: the package {found[name]}, by hand {right[name]}")
    assert abs(float(Index().hoover(np.array(waits))) - hoover(waits)) < 1e-12
assert list(right.values()) == [0, 5.84, 5.84]
assert list(found.values()) == [round(1 / 3 - 18, 3), -17.663, -37.666]
PY
