#!/usr/bin/env bash
# access 1.1.10.post3 (PySAL), weighted_catchment: how many doctors a place can reach within so many minutes. A table of travel can hold several times, by car
# and by bus, and supply_cost says which to use. The name is checked, then the first column of the table is used whatever was asked. A report of what
# can be reached by bus in 30 minutes shows what can be reached by car, under the name that was given to it; nothing is raised. The two-stage method of
# the same object does use the time asked, so the two columns of one report rest on different journeys. Places without cars are hurt: they are shown to
# have all that drivers have. The right value is a plain sum over the rows of the table, below. What helps: set `default_cost` before each call, or give
# one object to each means of travel.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: access==1.1.10.post3 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import pandas as pd
from access import Access

print("access", version("access"))
places = pd.DataFrame({"place": list("ABCD"), "people": [1000, 2000, 1500, 800]})
surgeries = pd.DataFrame({"surgery": ["x", "y"], "doctors": [5, 3]})
travel = pd.DataFrame([(place, surgery) for place in "ABCD" for surgery in "xy"], columns=["place", "surgery"])
travel["car"] = [5, 12, 9, 14, 18, 6, 8, 9]
travel["bus"] = [20, 50, 35, 65, 70, 25, 31, 28]
measure = Access(
    demand_df=places, demand_index="place", demand_value="people", supply_df=surgeries, supply_index="surgery", supply_value="doctors",
    cost_df=travel, cost_origin="place", cost_dest="surgery", cost_name=["car", "bus"],
)
doctors = dict(surgeries.itertuples(index=False))


def summed(by: str) -> list:
    """The doctors within 30 minutes of each place, added up row by row."""
    near = travel[travel[by] <= 30]
    return [int(near.surgery[near.place == place].map(doctors).sum()) for place in "ABCD"]


found = {}
for by in ("car", "bus"):
    found[by] = measure.weighted_catchment(name=f"by_{by}", supply_cost=by, max_cost=30).iloc[:, 0].fillna(0).astype(int).tolist()
    print(f"  doctors within 30 minutes by {by}: {found[by]}; added up row by row: {summed(by)}")
assert found["car"] == summed("car") == [8, 8, 8, 8]
assert found["bus"] == found["car"] != summed("bus") == [5, 0, 3, 3]
two_stage = measure.two_stage_fca(name="two_stage", cost="bus", max_cost=30).iloc[:, 0]
print("  two_stage_fca, by bus, doctors per person:", two_stage.round(5).tolist())
assert two_stage.isna().tolist() == [False, True, False, False]
measure.default_cost = "bus"
set_before = measure.weighted_catchment(name="set_before", max_cost=30).iloc[:, 0].fillna(0).astype(int).tolist()
print("  with default_cost set to bus:", set_before)
assert set_before == summed("bus")
PY
