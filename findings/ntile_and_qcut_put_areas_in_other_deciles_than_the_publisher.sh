#!/usr/bin/env bash
# The English Indices of Deprivation give each small area a rank and a decile: decile = ceil(10 x rank / areas), so that the deciles of 33,755 areas (2025)
# hold 3,375 and 3,376 in turn. DuckDB 1.5.5's ntile(10) gives the larger groups to the first deciles, pandas 2.3.3's qcut interpolates between ranks, and
# OHID's own rule (ph_quantile of PHStatsMethods 0.1.16) rounds from the other end: 15, 3 and 5 areas (2019: 16, 4 and 8) land in another decile than in
# the published file, each at a boundary, one or two of them by ntile between Core20 and the rest. Whoever ranks areas again from scores must
# use the publisher's rule, or take the deciles as published. The last ranks of the deciles below are those of the published files 7.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: duckdb==1.5.5 pandas==2.3.3 PHStatsMethods==0.1.16 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import duckdb
import numpy as np
import pandas as pd
from PHStatsMethods import ph_quantile

LAST_RANKS = {
    2025: [3375, 6751, 10126, 13502, 16877, 20253, 23628, 27004, 30379, 33755],
    2019: [3284, 6568, 9853, 13137, 16422, 19706, 22990, 26275, 29559, 32844],
}
EXPECTED = {2025: (15, 3, 5, 0), 2019: (16, 4, 8, 0)}
for name in ("duckdb", "pandas", "PHStatsMethods"):
    print(name, version(name), end="; ")
print()
for edition, last in LAST_RANKS.items():
    areas = pd.DataFrame({"area_rank": np.arange(1, last[-1] + 1)})
    published = np.searchsorted(last, areas["area_rank"]) + 1
    ntile = duckdb.sql("select ntile(10) over (order by area_rank) as decile from areas order by area_rank").df()["decile"]
    qcut = pd.qcut(areas["area_rank"], 10, labels=False) + 1
    ohid = ph_quantile(areas, "area_rank", nquantiles=10, invert=False)["quantile"]
    rule = np.ceil(10 * areas["area_rank"] / len(areas))
    differ = tuple(int((found.to_numpy() != published).sum()) for found in (ntile, qcut, ohid, rule))
    core20 = int(((ntile <= 2).to_numpy() != (published <= 2)).sum())
    print(f"  {edition}: {len(areas):,} areas; other decile: ntile {differ[0]}, qcut {differ[1]}, ph_quantile {differ[2]}, ceil(10 rank / n) {differ[3]};")
    print(f"        Core20 by ntile differs for {core20}")
    assert differ == EXPECTED[edition] and core20 > 0, (differ, core20)
PY
