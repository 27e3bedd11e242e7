#!/usr/bin/env bash
# esda 2.8.2 (PySAL), Empirical_Bayes(events, population): rates of small areas drawn towards the rate of all, as analysts do before they map or rank them.
# The variance between areas is estimated by a difference, which is below 0 whenever the areas differ no more than chance makes them (more than half of all tables
# of areas without real differences). Spatial_Empirical_Bayes of the same module then takes 0; Empirical_Bayes goes on with the negative value:
# each rate lands on the other side of the mean, so that the area with the most deaths is shown with the fewest; a large area can get a rate
# below 0 or many times the highest one seen. Nothing is raised or warned. What helps: take the rate of all areas where a smoothed rate is not between the
# area's own rate and the rate of all, or estimate by Spatial_Empirical_Bayes with all areas as neighbours (checked here).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check --only-binary :all: esda==2.8.2 libpysal==4.14.1 geopandas==1.2.0 scipy==1.17.1 pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes
from libpysal.weights import W

print("esda", version("esda"))
people = np.array([1000.0, 1000, 1000, 1000, 10_000])
everyone = W({one: [other for other in range(5) if other != one] for one in range(5)}, id_order=list(range(5)))
for deaths, expected in (([8, 22, 9, 31, 100], None), ([8, 12, 9, 11, 100], [10.8, 9.2, 10.4, 9.6, 10.0])):
    smoothed = 1000 * Empirical_Bayes(np.array(deaths), people).r.ravel()
    spatial = 1000 * Spatial_Empirical_Bayes(np.array(deaths), people, everyone).r.ravel()
    print("  deaths per 1,000        ", (1000 * np.array(deaths) / people).tolist())
    print("  Empirical_Bayes         ", smoothed.round(2).tolist())
    print("  Spatial_Empirical_Bayes ", spatial.round(2).tolist(), "with all areas as neighbours")
    assert np.allclose(smoothed, spatial if expected is None else expected)
assert np.allclose(spatial, 10)

TABLES, AREAS, RATE = 300, 40, 0.01
turned = outside = below_0 = 0
lowest, highest = 1.0, 0.0
for seed in range(TABLES):
    dice = np.random.default_rng(seed)
    people = np.exp(dice.uniform(np.log(500), np.log(50_000), AREAS)).round()
    deaths = dice.poisson(people * RATE)
    raw, smoothed, whole = deaths / people, Empirical_Bayes(deaths, people).r.ravel(), deaths.sum() / people.sum()
    turned += bool(((smoothed - whole) * (raw - whole) < 0).any())
    outside += bool(((smoothed < raw.min()) | (smoothed > raw.max())).any())
    below_0 += bool((smoothed < 0).any())
    lowest, highest = min(lowest, smoothed.min()), max(highest, smoothed.max())
print(f"  {TABLES} tables of {AREAS} areas of 500 to 50,000 people, all of the same rate of 10 per 1,000:")
print(f"    an area on the wrong side of the mean: {turned} tables; a rate outside all that were seen: {outside}; below 0: {below_0}")
print(f"    smoothed rates from {1000 * lowest:.0f} to {1000 * highest:.0f} per 1,000")
assert turned > TABLES / 3 and outside > 20 and below_0 > 5
PY
