#!/usr/bin/env bash
# pyqicharts 2.0.0, qic(chart="i", improvement="high is good"): trends are looked for in the order of the table's rows, not of the months. A table with the newest month
# first, as many publishers give it, has each rise reported as a fall: the chart is drawn by date and rises, its points are coloured as "concern" and called so
# in the table, the report and the file for Power BI. Centre and limits are the same both ways, so the picture gives nothing away. In a table in no
# order (months as they were loaded) the limits are others as well, because they are taken from the differences of neighbours in the table, and signals are lost.
# qicharts2 for R, which it follows, sorts by the x axis first. The right answer does not depend on the order of rows. What helps: sort_values by month before the call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pyqicharts==2.0.0 pandas==2.3.3 2>/dev/null
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import pandas as pd
from pyqicharts import qic_table

print("pyqicharts", version("pyqicharts"))
share = [50, 52, 49, 51, 48, 50.5, 51, 49.5, 46.5, 47.5, 48.5, 49.5, 50.5, 51.5, 52.5, 49, 51, 50, 48, 52, 50, 49, 51, 50]
table = pd.DataFrame({"month": pd.date_range("2024-01-01", periods=24, freq="MS"), "share": share})
rise = share[8:15]
assert rise == sorted(rise) and len(rise) == 7
orders = {"oldest first": table, "newest first": table.iloc[::-1], "in no order": table.sample(frac=1, random_state=1)}
found = {}
for name, rows in orders.items():
    chart = qic_table(rows, "month", "share", "i", improvement="high is good").sort_values("month")
    signals = chart[chart.signal]
    found[name] = signals.month.dt.strftime("%Y-%m").tolist(), set(signals.special_cause_type), round(float(chart.ucl.iloc[0]), 2)
    print(f"  {name}: {len(signals)} months of a trend, {found[name][1] or 'none'}; upper limit {found[name][2]}")
oldest, newest, none = found.values()
assert oldest[0] == newest[0] and len(oldest[0]) == 7 and oldest[2] == newest[2] != none[2]
assert oldest[1] == {"improvement"} and newest[1] == {"concern"} and none[0] != oldest[0]
PY
