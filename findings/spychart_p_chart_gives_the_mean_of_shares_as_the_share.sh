#!/usr/bin/env bash
# spychart 1.0.0 (control charts, from an NHS trust): p_chart draws the limits of a share from how many people stand behind each month, as it must, but its centre
# line is the plain mean of the monthly shares, in which a month of 20 people weighs as much as one of 400. The centre of a p-chart is all events over all people.
# Two small months (a ward that opens, a strike, a month that is half sent) move the centre and both limits of every other month: here ten quiet months of 20% all
# become signals, below the lower limit; small months on the other side hide true signals. The right value is computed by hand: events over people, and 3 standard
# errors around it. The docstring speaks of limits that vary with the size and says nothing about the centre. What helps: write a function for `spc_calc_func`
# with the sum of events over the sum of people as its centre; the package takes one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps spychart==1.0.0 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version
from math import sqrt
from unittest.mock import MagicMock

import pandas as pd

# Nothing is drawn here.
sys.modules.update(dict.fromkeys(["matplotlib", "matplotlib.pyplot", "plotly", "plotly.graph_objects", "plotly.io", "seaborn"], MagicMock()))
from spychart import SPC, spc_functions

print("spychart", version("spychart"))
people = [20, 20] + [400] * 10
events = [14, 14] + [80, 79, 81, 80, 78, 80, 79, 80, 80, 79]
shares = [event / number for event, number in zip(events, people)]
table = pd.DataFrame({"share": shares, "sample_size": people}, index=pd.date_range("2025-04-01", periods=12, freq="MS"))
result = SPC(data_in=table, target_col="share").calculate_spc(spc_calc_func=spc_functions.p_chart, rule_1=True)


def signals(centre: float) -> list[bool]:
    """Months outside 3 standard errors around this centre."""
    return [abs(share - centre) > 3 * sqrt(centre * (1 - centre) / number) for share, number in zip(shares, people)]


right, plain = sum(events) / sum(people), sum(shares) / len(shares)
found, flags = float(result.CL.iloc[0]), [bool(flag) for flag in result["Rule 1 violation"]]
print(f"  events over people: {right:.4f}, signals in months {[number + 1 for number, flag in enumerate(signals(right)) if flag]}")
print(f"  the package:        {found:.4f}, signals in months {[number + 1 for number, flag in enumerate(flags) if flag]}")
assert round(right, 4) == 0.2040 and signals(right) == [True] * 2 + [False] * 10
assert abs(found - plain) < 1e-12 and round(found, 3) == 0.282 and flags == signals(plain)
assert sum(flags[2:]) == 10
PY
