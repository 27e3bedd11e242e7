#!/usr/bin/env bash
# OHID's PHStatsMethods 0.1.16, calculate_funnel_limits(statistic="proportion"): the upper control limits are cut at 100, whatever the multiplier. Per
# 1,000, a baseline of 300 has upper limits of 100, below the baseline itself, so every organisation lies above them; as a share (multiplier 1)
# a limit may stand above 1. Nothing is raised, and the lower limits are right. Whoever shows a proportion per 1,000 or per 100,000 must ask for
# multiplier 100 and scale afterwards. assign_funnel_significance, which works on shares, does not have the fault: the same table then says
# "not significant" for points outside the drawn limits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: PHStatsMethods==0.1.16 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import pandas as pd
from PHStatsMethods import assign_funnel_significance, calculate_funnel_limits

print("PHStatsMethods", version("PHStatsMethods"))
trusts = pd.DataFrame({"waiting_long": [300, 280, 320, 310, 290], "waiting": [1000] * 5})
limits = {
    multiplier: calculate_funnel_limits(trusts, "waiting_long", "proportion", multiplier, denom_col="waiting").iloc[-1]
    for multiplier in (100, 1000, 100_000)
}
for multiplier, line in limits.items():
    shown = {name: round(float(line[name]), 1) for name in ("lower_3s_limit", "baseline", "upper_2s_limit", "upper_3s_limit")}
    print(f"  per {multiplier:,}:", shown)
assert limits[100]["baseline"] < limits[100]["upper_2s_limit"] < limits[100]["upper_3s_limit"] < 100
for multiplier in (1000, 100_000):
    assert limits[multiplier]["upper_2s_limit"] == limits[multiplier]["upper_3s_limit"] == 100 < limits[multiplier]["baseline"]
marks = set(assign_funnel_significance(trusts, "waiting_long", "proportion", denom_col="waiting")["significance"])
print("  assign_funnel_significance:", marks)
assert marks == {"Not significant"}
PY
