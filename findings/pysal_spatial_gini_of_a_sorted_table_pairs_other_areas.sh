#!/usr/bin/env bash
# inequality 1.1.2 (PySAL), Gini_Spatial: how much of the inequality between areas is between areas that do not touch, and whether areas alike lie together.
# libpysal's weights name the neighbours of an area by the label of its row; Gini_Spatial takes the label for the row's place. In a table that was sorted
# after its labels were given (by rate, by code) neighbours are then areas that do not touch. Nothing is raised, as every label is a place too. Of 36 areas
# in six columns, rates rising from west to east, the same areas in another order have another share and another p-value, on the other side of 0.05. Moran's
# I and other measures of PySAL use the weights' own order and agree in both tables, so the mistake is in none of the other columns of a report. The right
# value is a plain sum over the pairs that touch, by geometry, below. What helps: `reset_index(drop=True)` before the weights are built.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: inequality==1.1.2 libpysal==4.13.0 geopandas==1.1.1 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import geopandas as gpd
import numpy as np
from inequality.gini import Gini_Spatial
from libpysal.weights import Queen, lag_spatial
from shapely.geometry import box

print("inequality", version("inequality"), "libpysal", version("libpysal"))
noise = np.random.default_rng(5).normal(0, 3, 36)
cells = [(east, north) for east in range(6) for north in range(6)]
areas = gpd.GeoDataFrame(
    {"rate": [50 + 5 * east + noise[number] for number, (east, _) in enumerate(cells)]},
    geometry=[box(east, north, east + 1, north + 1) for east, north in cells],
)
areas["order"] = np.random.default_rng(6).permutation(36)


def counted(table):
    """The share of inequality between areas that do not touch, from their shapes alone."""
    rates, shapes = table.rate.tolist(), table.geometry.tolist()
    pairs = [(abs(a - b), one.touches(other)) for a, one in zip(rates, shapes) for b, other in zip(rates, shapes)]
    return sum(gap for gap, touching in pairs if not touching) / (2 * len(rates) ** 2 * np.mean(rates))


found = {}
for name, table in {"as drawn": areas, "in another order": areas.sort_values("order")}.items():
    weights = Queen.from_dataframe(table, use_index=True)
    np.random.seed(1)
    gini = Gini_Spatial(table.rate.to_numpy(), weights)
    found[name] = (round(float(gini.wcg_share), 4), float(gini.p_sim))
    lag = round(float(np.corrcoef(table.rate, lag_spatial(weights, table.rate.to_numpy()))[0, 1]), 4)
    print(f"  {name:16} Gini {gini.g:.4f}, share not touching {found[name][0]} (from the shapes {counted(table):.4f}), p {found[name][1]:.2f}; spatial lag {lag}")
    found[name] += (round(counted(table), 4), lag)
drawn, other = found.values()
assert drawn[0] == drawn[2] == other[2] and drawn[3] == other[3]
assert abs(other[0] - other[2]) > 0.003 and drawn[1] <= 0.05 < other[1]
reset = areas.sort_values("order").reset_index(drop=True)
assert round(float(Gini_Spatial(reset.rate.to_numpy(), Queen.from_dataframe(reset, use_index=True)).wcg_share), 4) == drawn[2]
PY
