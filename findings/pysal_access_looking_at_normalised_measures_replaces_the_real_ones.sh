#!/usr/bin/env bash
# access 1.1.10.post3 (PySAL): access_df holds the measures (doctors per person), norm_access_df the same divided by their mean, so that measures can be
# compared. It reads like a view; in truth each look at it divides the columns of access_df themselves, and keeps them so. A table that is printed after somebody
# looked at norm_access_df, or after `score` was called, shows 0.87 doctors per person where there are 0.0013; a measure that is made later stands beside it
# in its real unit, and every sum over places is another. The measure itself gives the right value: it is copied before the look, and doctors per person times
# people must give the number of doctors. What helps: keep what each method returns, or copy access_df before norm_access_df or `score` is used.
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
minutes = [5, 40, 9, 14, 48, 6, 8, 9]
travel = pd.DataFrame([(place, surgery) for place in "ABCD" for surgery in "xy"], columns=["place", "surgery"]).assign(minutes=minutes)


def measured() -> Access:
    """A new object with one measure: doctors per person within 30 minutes."""
    measure = Access(
        demand_df=places, demand_index="place", demand_value="people", supply_df=surgeries, supply_index="surgery", supply_value="doctors",
        cost_df=travel, cost_origin="place", cost_dest="surgery", cost_name="minutes",
    )
    measure.two_stage_fca(name="near", max_cost=30)
    return measure


def in_all(measure: Access) -> float:
    """Doctors per person times people: the number of doctors."""
    return round(float((measure.access_df.near_doctors * measure.access_df.people).sum()), 6)


looked, scored = measured(), measured()
before, doctors = looked.access_df.copy(), in_all(looked)
looked.norm_access_df
scored.score({"near_doctors": 1.0})
print("  doctors per person:                            ", before.near_doctors.round(5).tolist(), "in all", doctors)
print("  the same column after a look at norm_access_df:", looked.access_df.near_doctors.round(5).tolist(), "in all", in_all(looked))
print("  the same column after score:                   ", scored.access_df.near_doctors.round(5).tolist(), "in all", in_all(scored))
assert doctors == 8 == surgeries.doctors.sum()
assert in_all(looked) == in_all(scored) == places.people.sum()
looked.two_stage_fca(name="far", max_cost=60)
print("  beside a measure that is made later:", looked.access_df[["near_doctors", "far_doctors"]].mean().round(4).to_dict())
assert looked.access_df.near_doctors.min() > 100 * looked.access_df.far_doctors.max()
PY
