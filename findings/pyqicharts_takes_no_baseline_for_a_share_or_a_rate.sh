#!/usr/bin/env bash
# pyqicharts 2.0.0, qic and qic_table with baseline_points (or baseline_end, freeze): the limits of a control chart are to come from the first twelve months, so that
# what changed after them shows. For charts of single values and of counts (i, c) they do. For those of a share or a rate (p, u) the
# baseline is marked in the table, "baseline_period", and then not used: limits come from all months, those after the change too. The change pulls the centre
# line half-way to itself and widens the limits around it, so a share that rose from 10 % to 12 % for a year gives no signal where each of its twelve months
# is outside. Nothing is raised, and the picture looks as it should. It hurts whoever watches a service after a change. The right limits are those of
# the p and u chart's definition, on the twelve months, below. What helps: recalculation_points (the months after the baseline as a segment of their own)
# show both levels; or limits of one's own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pyqicharts==2.0.0 pandas==2.3.3 2>/dev/null
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import sqrt

import pandas as pd
from pyqicharts import qic_table

print("pyqicharts", version("pyqicharts"))
wobble = [4, -4, 8, -8, 2, -2, 6, -6, 4, -4, 8, -8]
before, after = [500 + step for step in wobble], [610 + step for step in wobble]
months = pd.date_range("2024-01-01", periods=24, freq="MS")
SEEN = 5000
table = pd.DataFrame({"month": months, "late": before + after, "seen": SEEN})
share = sum(before) / (SEEN * 12)
right = {
    "p": share + 3 * sqrt(share * (1 - share) / SEEN),
    "u": share + 3 * sqrt(share / SEEN),
    "c": share * SEEN + 3 * sqrt(share * SEEN),
}
for chart, limit in right.items():
    denominator = "seen" if chart in "pu" else None
    plain = qic_table(table, "month", "late", chart, denominator=denominator)
    fixed = qic_table(table, "month", "late", chart, denominator=denominator, baseline_points=12)
    unit = SEEN if denominator else 1
    outside = sum(count / unit > limit for count in after)
    found = int(fixed.signal.iloc[12:].sum())
    print(f"  {chart}: upper limit {fixed.ucl.iloc[0]:.4g} (without a baseline {plain.ucl.iloc[0]:.4g}, of the twelve months {limit:.4g});", end=" ")
    print(f"months after it that signal: {found}, outside by the definition: {outside}")
    assert outside == 12 and int(fixed.baseline_period.sum()) == 12
    if denominator:
        assert abs(fixed.ucl.iloc[0] - plain.ucl.iloc[0]) < 1e-12 and fixed.ucl.iloc[0] > limit * 1.1 and found == 0
    else:
        assert abs(fixed.ucl.iloc[0] - limit) < 1e-9 and found == 12
PY
