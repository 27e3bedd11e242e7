#!/usr/bin/env bash
# abspc 1.1.0 (charts of NHS Making Data Count), calculate_control_limits with chart_type "u": events per unit, as falls per bed day. Whether the column holds counts
# or rates it tells by its type: whole numbers are counts. One month that was not reported makes the column one of floats in pandas, and the same counts are taken
# for rates: the mean is 20 falls per bed day where it was 0.021, the limits (for a thousand bed days a month) are three hundredths of what the
# scatter of counts asks for, and most of the other months become special causes; detect_special_causes and the chart go on with that. With chart_type
# "p" counts stay counts, but the denominator of the missing month stays in the mean too, as if it had had no event: three of 16 months missing draw the
# mean, and both limits, down by nearly a fifth. Nothing is raised or warned; a chart of all months is right. What helps: drop the rows without a value
# first, and give rates or whole numbers on purpose (checked here: then all agrees with the formula).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: abspc==1.1.0 pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
import pandas as pd
from abspc import calculate_control_limits, detect_special_causes

print("abspc", version("abspc"))
falls = [20, 22, 19, 24, 21, 18, 23, 20, 22, 21, 19, 20, 24, 22, 21, 20]
whole = pd.DataFrame({"value": falls, "subgroup_size": 1000})


def without(*months):
    """The months, some of them not reported."""
    table = whole.copy()
    table.loc[list(months), "value"] = None
    return table


def formula(kind, table):
    """Mean and limits of the months with a count: the sum of events over the sum of units, and three standard errors."""
    known = table.dropna()
    mean = known["value"].sum() / known["subgroup_size"].sum()
    error = np.sqrt(mean * (1 - mean if kind == "p" else 1) / 1000)
    return np.array([mean, mean - 3 * error, mean + 3 * error])


def found(kind, table):
    """The same and the number of special causes, by the package."""
    limits = calculate_control_limits(table, chart_type=kind)
    causes = detect_special_causes(limits)["special_cause"].sum()
    return limits[["mean", "lcl", "ucl"]].iloc[-1].to_numpy(dtype=float), int(causes)


for kind in ("u", "p"):
    for what, table in (("all months", whole), ("one missing", without(5)), ("three missing", without(5, 9, 12))):
        (package, causes), right = found(kind, table), formula(kind, table)
        print(f"  {kind} {what:14} mean and limits {package.round(4).tolist()}, formula {right.round(4).tolist()}, special causes {causes}")
        dropped = table.dropna().astype({"value": int}).reset_index(drop=True)
        assert np.allclose(found(kind, dropped)[0], right) and found(kind, dropped)[1] == 0
        if what == "all months":
            assert np.allclose(package, right) and causes == 0
        elif kind == "u":
            assert 800 < package[0] / right[0] < 1000 and causes > 10
        else:
            missing = table["value"].isna().sum()
            assert np.isclose(package[0], right[0] * (16 - missing) / 16)
PY
