#!/usr/bin/env bash
# spychart 1.0.0 (control charts, from an NHS trust): add_process_change_date splits a series, so that a change (a new ward, a new way to count) gets limits of
# its own. The month of the change belongs to the new part in the result, and is judged by the new limits; but its value is also in the mean and in the moving
# range of the part before it. One jump counts for much there: the limits before the change become far too wide, the mean shifts towards the new level, and a
# month that was a signal before somebody marked the change is none after it. Nothing says so: both ends of the period are taken as inside. The right limits of
# the first part are those of its own months, as the same package gives them for a table that ends a month before the change: mean and 3 times the mean moving
# range over 1.128. What helps: cut the table at the change and make one chart for each part.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps spychart==1.0.0 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version
from unittest.mock import MagicMock

import pandas as pd

# Nothing is drawn here.
sys.modules.update(dict.fromkeys(["matplotlib", "matplotlib.pyplot", "plotly", "plotly.graph_objects", "plotly.io", "seaborn"], MagicMock()))
from spychart import SPC, spc_functions

print("spychart", version("spychart"))
before = [100, 104] * 12
before[14] = 118
values = before + [160, 164] * 6
months = pd.date_range("2023-01-01", periods=len(values), freq="MS")
change = months[len(before)]


def right(part: list[int]) -> tuple[float, float, float]:
    """Lower limit, mean and upper limit of these months by hand."""
    mean = sum(part) / len(part)
    width = 3 * sum(abs(later - earlier) for earlier, later in zip(part, part[1:])) / (len(part) - 1) / 1.128
    return round(mean - width, 2), round(mean, 2), round(mean + width, 2)


def chart(numbers: list[int], marked: bool) -> pd.DataFrame:
    """The chart of the package."""
    made = SPC(data_in=pd.DataFrame({"waits": numbers}, index=months[: len(numbers)]), target_col="waits")
    if marked:
        made.add_process_change_date(change_date=str(change.date()))
    return made.calculate_spc(spc_calc_func=spc_functions.x_chart, rule_1=True)


def limits(table: pd.DataFrame, month: pd.Timestamp) -> tuple[float, float, float]:
    """Lower limit, mean and upper limit of a month."""
    return tuple(round(float(number), 2) for number in table.loc[month, ["LCL", "CL", "UCL"]])


marked, alone = chart(values, True), chart(before, False)
seen = {}
for name, table in {"marked": marked, "alone": alone}.items():
    seen[name] = limits(table, months[0]), [f"{month:%b %Y}" for month in months[:24] if table.loc[month, "Rule 1 violation"]]
print("  months before the change, by hand:         ", right(before))
print("  the package, table that ends before it:    ", seen["alone"][0], "signals:", seen["alone"][1])
print("  the package, the change marked on its date:", seen["marked"][0], "signals:", seen["marked"][1])
print("  by hand with the first month after it:     ", right(values[:25]), "limits of that month in the result:", limits(marked, change))
assert seen["alone"] == (right(before), ["Mar 2024"])
assert seen["marked"] == (right(values[:25]), [])
assert limits(marked, change) == right(values[24:])
PY
