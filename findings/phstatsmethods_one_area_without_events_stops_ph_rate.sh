#!/usr/bin/env bash
# PHStatsMethods 0.1.16: ph_rate and ph_isratio raise for a whole table when one area has 0 events, although 0 is a valid count whose upper
# exact limit is 3.69 events. exact_lower(0) is not a number, where the lower limit is 0. ph_proportion takes the same table.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check PHStatsMethods==0.1.16 pandas==2.3.3 scipy==1.17.1 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import isnan

import pandas as pd
from PHStatsMethods import ph_proportion, ph_rate
from PHStatsMethods.confidence_intervals import exact_lower, exact_upper

print("PHStatsMethods", version("PHStatsMethods"))
table = pd.DataFrame({"area": ["a", "b", "c"], "events": [0, 10, 20], "people": [1000, 1000, 1000]})
try:
    ph_rate(table, "events", "people", "area")
    raise SystemExit("ph_rate now takes an area without events")
except ValueError as error:
    print("ph_rate of three areas, one with 0 events: ValueError:", error)
shown = ph_proportion(table, "events", "people", "area")
print("ph_proportion of the same table:", shown["Value"].tolist())
assert shown["Value"].tolist() == [0.0, 0.01, 0.02]
print("exact limits of 0 events: %s to %.4f" % (exact_lower(0), exact_upper(0)))
assert isnan(exact_lower(0)) and abs(exact_upper(0) - 3.6889) < 1e-4
PY
