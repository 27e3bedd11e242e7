#!/usr/bin/env bash
# access 1.1.10.post3 (PySAL), raam: the cost of care when people choose between a near, crowded surgery and a far, empty one. It starts with everyone at the
# nearest and moves a fifth of each area at most in a step, cut to a whole number. Of fewer than 5 people a fifth is 0: such areas never move, the nearest
# surgery stays as crowded as at the start, and that is given as the result. Crowding is taken relative to the mean of people per doctor, so the same people
# in another unit (thousands, or patients of one rare disease instead of residents) must give the same cost. With 4 people per area the cost is 2.08, with
# 4,000 it is 1.12. The right value is where no one gains by moving, found by a search over the share that goes to the far site, below. Hurt: counts of rare patients by small area, populations in thousands. What helps: multiply the demand by 1,000, which changes nothing else.
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
AREAS, NEAR, FAR, TAU = range(16), 5, 10, 60
travel = pd.DataFrame([(area, site, NEAR if site == "near" else FAR) for area in AREAS for site in ("near", "far")], columns=["area", "site", "minutes"])
sites = pd.DataFrame({"site": ["near", "far"], "doctors": [1.0, 1.0]})


def cost(people: int) -> float:
    """The mean cost if each area has so many people."""
    areas = pd.DataFrame({"area": AREAS, "people": people})
    measure = Access(
        demand_df=areas, demand_index="area", demand_value="people", supply_df=sites, supply_index="site", supply_value="doctors",
        cost_df=travel, cost_origin="area", cost_dest="site", cost_name="minutes",
    )
    return round(float(measure.raam(tau=TAU).iloc[:, 0].mean()), 4)


def balanced() -> float:
    """The cost where the last person gains nothing by going to the other site: mean crowding is 1, both sites have the same doctors."""
    shares = [number / 100_000 for number in range(100_001)]
    gaps = [abs(2 * share + NEAR / TAU - 2 * (1 - share) - FAR / TAU) for share in shares]
    share = shares[gaps.index(min(gaps))]
    return round(share * (2 * share + NEAR / TAU) + (1 - share) * (2 * (1 - share) + FAR / TAU), 4)


found = {people: cost(people) for people in (1, 4, 40, 4_000)}
for people, value in found.items():
    print(f"  {people:>5,} people in each of {len(AREAS)} areas: cost {value}; where no one gains by moving {balanced()}")
assert found[1] == found[4] == round(2 + NEAR / TAU, 4)
assert abs(found[40] - balanced()) < 0.01 and abs(found[4_000] - balanced()) < 0.01
PY
